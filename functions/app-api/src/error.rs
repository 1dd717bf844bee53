//! Every way a call can end badly, as a problem document and as the log tells it.

use std::error::Error;

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::{
    configuration::NotConfigured,
    http::{self as answers, Problem, Reference},
    recheck::HeldError,
    rotating::SecretLost,
    store::StoreError,
    telemetry::causes,
};

/// One variant for each outcome a caller can see.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("key is missing or wrong")]
    Unauthorized,
    #[error("no such route")]
    NotFound,
    #[error("method not allowed")]
    MethodNotAllowed { allowed: &'static str },
    #[error("body is not application/json")]
    MediaType,
    #[error("body is too large")]
    BodyTooLarge,
    #[error("body is not the expected JSON")]
    Body,
    #[error("code is unknown, used or expired")]
    Code,
    #[error("header names no session of ours")]
    SessionToken,
    #[error("session has ended")]
    SessionEnded,
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<StoreError> for RouteError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<NotConfigured> for RouteError {
    fn from(error: NotConfigured) -> Self {
        Self::Internal(error.into())
    }
}

impl From<HeldError> for RouteError {
    fn from(error: HeldError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<SecretLost> for RouteError {
    fn from(error: SecretLost) -> Self {
        Self::Internal(error.into())
    }
}

impl RouteError {
    /// The answer. This is the one place that logs.
    pub(crate) fn into_response(self, reference: &Reference) -> Response<Body> {
        match &self {
            Self::Internal(_) => tracing::error!(%reference, causes = causes(&self), "{self}"),
            // It is how every session ends.
            Self::SessionEnded => tracing::debug!(%reference, "{self}"),
            _ => tracing::warn!(%reference, "{self}"),
        }
        let mut response = answers::problem(self.problem(), reference);
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized | Self::SessionEnded => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::MethodNotAllowed { allowed } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
            }
            Self::Internal(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }

    fn problem(&self) -> Problem {
        let (kind, title, status) = match self {
            Self::Unauthorized => ("unauthorized", "The app's API key is missing or wrong", StatusCode::UNAUTHORIZED),
            Self::NotFound => ("not-found", "There is no such route", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed { .. } => {
                ("method-not-allowed", "The route does not take this method", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::MediaType => ("media-type", "The body must be application/json", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::BodyTooLarge => ("too-large", "The body is too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Body => ("malformed", "The body is not the expected JSON", StatusCode::BAD_REQUEST),
            Self::Code => ("invalid-code", "The code is unknown, used or expired", StatusCode::BAD_REQUEST),
            Self::SessionToken => {
                ("malformed", "Stallholder-Session is missing, or no token of this service", StatusCode::BAD_REQUEST)
            }
            Self::SessionEnded => ("session-ended", "The session has ended", StatusCode::UNAUTHORIZED),
            Self::Internal(_) => ("unavailable", "Something went wrong on our side", StatusCode::SERVICE_UNAVAILABLE),
        };
        Problem { kind, title, status }
    }
}
