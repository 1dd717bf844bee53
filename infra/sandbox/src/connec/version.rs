//! `GET /{mp}/version`: what build answers here. Anybody may ask.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::refusal::Refusal;
use crate::app::Shared;

pub(crate) async fn version(State(app): State<Shared>, Path(key): Path<String>) -> Response {
    if !app.connec.contains_key(&key) {
        return Refusal::NotFound.into_response();
    }
    Json(json!({ "ci_build_number": "812", "ci_branch": "v1.1.30", "ci_commit": "0f3c2aa" })).into_response()
}
