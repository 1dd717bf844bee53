//! The account API: so far only its ping (protocol §6.1).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::app::Shared;
use crate::basic;
use crate::pages::notices;

/// `GET /{mp}/api/v1/ping`: whether the app's id and key are good.
pub(crate) async fn ping(State(app): State<Shared>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let Some(marketplace) = app.marketplace(&key) else {
        return notices::unknown_marketplace(&key);
    };
    if !basic::presents(&headers, &marketplace.api_id, &marketplace.api_key) {
        app.events.record(Some(&key), "account.refused", "The app pinged the account API with wrong credentials.");
        return unauthorized();
    }
    app.events.record(Some(&key), "account.pinged", "The app pinged the account API.");
    let data = json!({ "msg": "Ping successful! (API Authentication successful)" });
    Json(json!({ "success": true, "errors": {}, "data": data })).into_response()
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"account API\"")];
    let errors = json!({ "authentication": ["Invalid API token"] });
    let body = Json(json!({ "success": false, "errors": errors, "data": {} }));
    (StatusCode::UNAUTHORIZED, challenge, body).into_response()
}
