//! What the app called of Connec!.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::error::ControlError;
use crate::app::{App, Shared};
use crate::connec::{Memory, RecentCalls};

/// `GET /control/marketplaces/{mp}/connec/calls`
pub(super) async fn list(
    State(app): State<Shared>,
    Path(key): Path<String>,
) -> Result<Json<RecentCalls>, ControlError> {
    Ok(Json(find(&app, &key)?.calls.recent()))
}

/// `DELETE /control/marketplaces/{mp}/connec/calls`: counting starts anew.
pub(super) async fn clear(State(app): State<Shared>, Path(key): Path<String>) -> Result<StatusCode, ControlError> {
    find(&app, &key)?.calls.clear();
    Ok(StatusCode::NO_CONTENT)
}

fn find<'a>(app: &'a App, key: &str) -> Result<&'a Memory, ControlError> {
    app.connec.get(key).ok_or_else(|| ControlError::not_found("marketplace", key))
}
