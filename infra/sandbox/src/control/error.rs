//! What the control API answers when it cannot do as asked.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("changes need Content-Type: application/json")]
    NotDeclaredJson,
    #[error("the control API answers only to localhost and 127.0.0.1")]
    ForeignHost,
    #[error("the body is not the JSON expected here: {0}")]
    Body(String),
    #[error("there is no such path in the control API")]
    NoSuchPath,
    #[error("this path does not take this method")]
    MethodNotAllowed,
    #[error("there is no {kind} {name:?}")]
    NotFound { kind: &'static str, name: String },
    #[error("{0}")]
    Invalid(String),
    #[error("there is no HTTP client to tell the app with: {0}")]
    Client(#[source] reqwest::Error),
}

impl ControlError {
    pub(crate) fn not_found(kind: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound { kind, name: name.into() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotDeclaredJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::NoSuchPath | Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Client(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({"error": self.to_string()}))).into_response()
    }
}

pub(super) async fn no_such_path() -> ControlError {
    ControlError::NoSuchPath
}

pub(super) async fn method_not_allowed() -> ControlError {
    ControlError::MethodNotAllowed
}
