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
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| ControlError::Body(rejection.body_text()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| ControlError::Body(error.to_string()))
    }
}

/// Tells `null` from absent: for fields where null means "fall back".
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
