//! Every way a call can end badly, as a problem document and as the log tells it.

use std::error::Error;

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde_json::{Map, Value, json};
use shared::{
    configuration::NotConfigured,
    domain::{LocalRecord, Version},
    http::{self as answers, Problem, Reference},
    recheck::HeldError,
    rotating::SecretLost,
    sharing::{InvalidChange, SubmitError},
    store::{StoreError, id_map::LinkError},
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
    #[error("{field} {problem}")]
    Invalid { field: String, problem: &'static str },
    #[error("{field} is not served")]
    NotServed { field: String },
    #[error("version is not later than the stored one")]
    StaleVersion { stored: Version },
    #[error("record is linked to another one there")]
    RecordTaken { connec_id: String },
    #[error("connec_id is linked to another record")]
    RemoteTaken { record: LocalRecord },
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

impl From<InvalidChange> for RouteError {
    fn from(InvalidChange { field, problem }: InvalidChange) -> Self {
        Self::Invalid { field, problem }
    }
}

impl From<SubmitError> for RouteError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::NotServed { at } => Self::NotServed { field: format!("groups/{at}") },
            SubmitError::Stale { stored } => Self::StaleVersion { stored },
            error => Self::Internal(error.into()),
        }
    }
}

impl From<LinkError> for RouteError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::RecordTaken { rid } => Self::RecordTaken { connec_id: rid },
            LinkError::RemoteTaken { record } => Self::RemoteTaken { record },
            LinkError::Store(error) => error.into(),
        }
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
    pub(crate) fn invalid(field: &str, problem: &'static str) -> Self {
        Self::Invalid { field: field.to_owned(), problem }
    }

    /// The document, where the answer is about several things.
    pub(crate) fn into_document(self, reference: &Reference) -> Value {
        self.log(reference);
        answers::problem_document(self.problem(), self.members(), reference)
    }

    /// The answer.
    pub(crate) fn into_response(self, reference: &Reference) -> Response<Body> {
        self.log(reference);
        let mut response = answers::problem_with(self.problem(), self.members(), reference);
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

    /// This is the one place that logs.
    fn log(&self, reference: &Reference) {
        match self {
            Self::Internal(_) => tracing::error!(%reference, causes = causes(self), "{self}"),
            // It is how every session ends.
            Self::SessionEnded => tracing::debug!(%reference, "{self}"),
            // The member at fault is the caller's to name.
            Self::Invalid { problem, .. } => tracing::warn!(%reference, problem, "request is malformed"),
            _ => tracing::warn!(%reference, "{self}"),
        }
    }

    /// What else it says.
    fn members(&self) -> Map<String, Value> {
        let members = match self {
            Self::Invalid { field, problem } => {
                json!({ "field": field, "detail": format!("{field} {problem}").trim() })
            }
            Self::NotServed { field } => json!({ "field": field }),
            Self::StaleVersion { stored } => json!({ "stored": stored }),
            Self::RecordTaken { connec_id } => json!({ "connec_id": connec_id }),
            Self::RemoteTaken { record } => json!({ "record": { "class": record.class_name, "id": record.id } }),
            _ => Value::Null,
        };
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
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
            Self::Invalid { .. } => ("invalid", "A part of the request cannot be taken", StatusCode::BAD_REQUEST),
            Self::NotServed { .. } => {
                ("group-not-served", "There is no such group, or it is not served any more", StatusCode::CONFLICT)
            }
            Self::StaleVersion { .. } => (
                "stale-version",
                "A later version of the record is stored, or another of the same",
                StatusCode::CONFLICT,
            ),
            Self::RecordTaken { .. } | Self::RemoteTaken { .. } => {
                ("linked-elsewhere", "One of the two is linked to another record", StatusCode::CONFLICT)
            }
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
