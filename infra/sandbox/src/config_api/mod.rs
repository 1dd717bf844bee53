//! The developer platform: one document with the configuration of every marketplace (protocol §1.2).

mod damage;
mod document;
mod paths;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde_json::json;

use crate::app::Shared;
use crate::basic;

pub(crate) use damage::Damage;
use document::document;
pub(crate) use paths::Paths;

/// `GET /api/config/v1/marketplaces`, damaged if a fault says so.
pub(crate) async fn marketplaces(
    State(app): State<Shared>,
    damage: Option<Extension<Damage>>,
    headers: HeaderMap,
) -> Response {
    if !basic::presents(&headers, &app.environment.key, &app.environment.secret) {
        app.events.record(None, "config.refused", "The app asked for its configuration with wrong credentials.");
        return unauthorized();
    }
    app.events.record(None, "config.served", "The app fetched its configuration.");
    let document = document(&app);
    match damage {
        Some(Extension(damage)) => damage.served(&document),
        None => Json(document).into_response(),
    }
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"developer platform\"")];
    let body = Json(json!({"error": "Invalid environment credentials"}));
    (StatusCode::UNAUTHORIZED, challenge, body).into_response()
}
