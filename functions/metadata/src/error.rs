//! Every way a request can end badly, as a problem document and as the log tells it.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::{
    configuration::{ConfigurationError, NotConfigured},
    http::{self as answers, Problem, Reference},
    marketplace::AuthenticationError,
};

/// One variant for each outcome a caller can see.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("no such route")]
    NotFound,
    #[error("credentials are not this marketplace's")]
    Unauthorized,
    #[error("marketplace is disabled")]
    Disabled,
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("there is no such version of the document")]
    Version,
    #[error(transparent)]
    NotConfigured(NotConfigured),
}

impl From<ConfigurationError<AuthenticationError>> for RouteError {
    fn from(error: ConfigurationError<AuthenticationError>) -> Self {
        match error {
            ConfigurationError::Marketplace(AuthenticationError::Credentials) => Self::Unauthorized,
            ConfigurationError::Marketplace(AuthenticationError::Disabled) => Self::Disabled,
            ConfigurationError::NotConfigured(error) => Self::NotConfigured(error),
        }
    }
}

impl RouteError {
    /// The answer. This is the one place that logs.
    pub(crate) fn into_response(self, reference: &Reference) -> Response<Body> {
        match &self {
            Self::NotConfigured(_) => tracing::error!(%reference, "{self}"),
            _ => tracing::warn!(%reference, "{self}"),
        }
        let mut response = answers::problem(self.problem(), reference);
        let header = match self {
            Self::Unauthorized => Some((header::WWW_AUTHENTICATE, answers::BASIC_CHALLENGE)),
            Self::MethodNotAllowed => Some((header::ALLOW, "GET, HEAD")),
            Self::NotConfigured(_) => Some((header::RETRY_AFTER, "5")),
            _ => None,
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
            Self::Disabled => ("disabled", "This marketplace is switched off here", StatusCode::FORBIDDEN),
            Self::MethodNotAllowed => {
                ("method-not-allowed", "The route does not take this method", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::Version => ("malformed", "There is no such version of the document", StatusCode::BAD_REQUEST),
            Self::NotConfigured(_) => {
                ("unavailable", "Something went wrong on our side", StatusCode::SERVICE_UNAVAILABLE)
            }
        };
        Problem { kind, title, status }
    }
}
