//! Every way a request can end badly, as a problem document and as the log tells it.

use std::error::Error;

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::{
    configuration::{ConfigurationError, NotConfigured},
    http::{self as answers, Problem, Reference},
    marketplace::AuthenticationError,
    store::StoreError,
    telemetry::causes,
};

/// One variant for each outcome a caller can see.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("no such route")]
    NotFound,
    #[error("credentials are not this marketplace's")]
    Unauthorized,
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<ConfigurationError<AuthenticationError>> for RouteError {
    fn from(error: ConfigurationError<AuthenticationError>) -> Self {
        match error {
            ConfigurationError::Marketplace(_) => Self::Unauthorized,
            ConfigurationError::NotConfigured(error @ NotConfigured) => Self::Internal(error.into()),
        }
    }
}

impl From<StoreError> for RouteError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl RouteError {
    /// The answer. This is the one place that logs.
    pub(crate) fn into_response(self, reference: &Reference) -> Response<Body> {
        match &self {
            Self::Internal(_) => tracing::error!(%reference, causes = causes(&self), "{self}"),
            _ => tracing::warn!(%reference, "{self}"),
        }
        // What hubs are used to (protocol.md §5).
        let for_hub = matches!(self, Self::Unauthorized).then_some("Invalid credentials");
        let mut response = answers::problem_for_hub(self.problem(), for_hub, reference);
        let header = match self {
            Self::Unauthorized => Some((header::WWW_AUTHENTICATE, answers::BASIC_CHALLENGE)),
            Self::MethodNotAllowed => Some((header::ALLOW, "DELETE")),
            Self::Internal(_) => Some((header::RETRY_AFTER, "5")),
            Self::NotFound => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn problem(&self) -> Problem {
        let (kind, title, status) = match self {
            Self::NotFound => ("not-found", "There is no such route", StatusCode::NOT_FOUND),
            Self::Unauthorized => ("unauthorized", "The credentials are missing or wrong", StatusCode::UNAUTHORIZED),
            Self::MethodNotAllowed => {
                ("method-not-allowed", "The route does not take this method", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::Internal(_) => ("unavailable", "Something went wrong on our side", StatusCode::SERVICE_UNAVAILABLE),
        };
        Problem { kind, title, status }
    }
}
