//! Whether the app's id and key are good.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::door::{Done, enter};
use super::envelope;
use crate::app::Shared;

/// `GET /{mp}/api/v1/ping`
pub(crate) async fn ping(State(app): State<Shared>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let done = Done { kind: "account.pinged", told: "pinged the account API" };
    enter(&app, &key, &headers, &done, |_| {
        envelope::success(&json!({ "msg": "Ping successful! (API Authentication successful)" }))
    })
}
