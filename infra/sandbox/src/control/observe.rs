//! Reading: the whole state, and what happened lately.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::Shared;

/// `GET /control/state`: everything but the private keys.
pub(super) async fn state(State(app): State<Shared>) -> Json<Value> {
    let world = app.world().clone();
    Json(json!({
        "base_url": app.base_url,
        "app_host": world.app_host,
        "environment": { "key": app.environment.key, "secret": app.environment.secret },
        "marketplaces": world.marketplaces,
        "faults": app.faults.list(),
    }))
}

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

/// `GET /control/events?after=N`
pub(super) async fn events(State(app): State<Shared>, Query(After { after }): Query<After>) -> Json<Value> {
    Json(json!({ "events": app.events.after(after) }))
}
