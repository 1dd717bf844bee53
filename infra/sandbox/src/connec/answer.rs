//! What a call ends with, as a message of HTTP or as one result of a batch.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refusal::Refusal;

/// The type every document is declared as, though none of them is a JSON:API document.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.api+json";

pub(super) struct Reply {
    status: StatusCode,
    body: Value,
    location: Option<String>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, location: None }
    }

    pub(super) fn created(body: Value, location: String) -> Self {
        Self { status: StatusCode::CREATED, body, location: Some(location) }
    }

    /// `page` is the place in the API's documentation that the error document points to.
    pub(super) fn refused(refusal: &Refusal, page: Option<&str>) -> Self {
        Self { status: refusal.status(), body: refusal.document(page), location: None }
    }

    /// One of a batch's results.
    pub(super) fn into_result(self) -> Value {
        json!({ "status": self.status.as_u16(), "body": self.body })
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::refused(&refusal, None)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Connec!\""));
        }
        if let Some(location) = self.location.and_then(|location| location.parse().ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Reply::from(self).into_response()
    }
}
