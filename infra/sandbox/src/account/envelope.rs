//! The envelope around every answer: `success`, `errors` and `data`.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

pub(super) fn success(data: &Value) -> Response {
    Json(json!({ "success": true, "errors": {}, "data": data })).into_response()
}

/// The historical sandbox answers 200 here as well: clients must look at `success`.
pub(super) fn not_found() -> Response {
    failure(StatusCode::OK, &json!({ "id": ["does not exist"] }))
}

pub(super) fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"account API\"")];
    let errors = json!({ "authentication": ["Invalid API token"] });
    (challenge, failure(StatusCode::UNAUTHORIZED, &errors)).into_response()
}

fn failure(status: StatusCode, errors: &Value) -> Response {
    (status, Json(json!({ "success": false, "errors": errors, "data": {} }))).into_response()
}
