//! Where the app lives, and the way back to the seed.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::error::ControlError;
use crate::app::Shared;
use crate::options::clean_host;

/// `POST /control/reset`: people, groups, sessions, settings and faults as at start. Keys and credentials stay.
pub(super) async fn reset(State(app): State<Shared>) -> Json<Value> {
    app.reset();
    app.events.record(None, "control.reset", "Everything is back to the seed.");
    Json(json!({ "reset": true }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    host: String,
}

/// `PUT /control/app`: registers another base URL of the app, everywhere.
pub(super) async fn register(
    State(app): State<Shared>,
    JsonBody(registration): JsonBody<Registration>,
) -> Result<Json<Value>, ControlError> {
    let host = app_host(&registration.host)?;
    let mut world = app.world();
    world.app_host.clone_from(&host);
    for marketplace in &mut world.marketplaces {
        marketplace.app_host = None;
    }
    drop(world);
    app.events.record(None, "control.app_registered", format!("The app now lives at {host}."));
    Ok(Json(json!({ "host": host })))
}

/// A base URL without its trailing slash.
pub(super) fn app_host(host: &str) -> Result<String, ControlError> {
    clean_host(host).ok_or_else(|| ControlError::Invalid(format!("{host:?} is not the http(s) base URL of an app")))
}
