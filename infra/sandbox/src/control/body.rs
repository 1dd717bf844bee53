//! A JSON body that is refused in the control API's own words.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::{Deserialize, Deserializer};

use super::error::ControlError;

pub(super) struct JsonBody<T>(pub(super) T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: for<'de> Deserialize<'de>,
{
    type Rejection = ControlError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        parse(&bytes(request, state).await?).map(Self)
    }
}

/// The same where no body at all means the default.
pub(super) struct OptionalJsonBody<T>(pub(super) T);

impl<S, T> FromRequest<S> for OptionalJsonBody<T>
where
    S: Send + Sync,
    T: Default + for<'de> Deserialize<'de>,
{
    type Rejection = ControlError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let bytes = bytes(request, state).await?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ControlError> {
    Bytes::from_request(request, state).await.map_err(|rejection| ControlError::Body(rejection.body_text()))
}

fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(bytes).map_err(|error| ControlError::Body(error.to_string()))
}

/// Tells `null` from absent: for fields where null means "fall back".
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
