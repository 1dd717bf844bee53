//! What the developer platform says of one marketplace, whatever is true of it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::body::JsonBody;
use super::directory::change;
use super::error::ControlError;
use crate::app::Shared;
use crate::merge_patch::MergePatch;

/// `GET /control/marketplaces/{mp}/configuration`: the patch in force, `{}` when there is none.
pub(super) async fn get(State(app): State<Shared>, Path(key): Path<String>) -> Result<Json<MergePatch>, ControlError> {
    let marketplace = app.marketplace(&key);
    marketplace
        .map(|marketplace| Json(marketplace.configuration_patch))
        .ok_or_else(|| ControlError::not_found("marketplace", key))
}

/// `PUT /control/marketplaces/{mp}/configuration`: the body is laid over the entry each time it is served.
pub(super) async fn put(
    State(app): State<Shared>,
    Path(key): Path<String>,
    JsonBody(patch): JsonBody<MergePatch>,
) -> Result<Json<MergePatch>, ControlError> {
    let told = if patch.is_null() {
        "The developer platform no longer lists this marketplace."
    } else {
        "The developer platform now serves this marketplace's entry with a patch."
    };
    change(&app, &key, "control.configuration_patched", told.to_owned(), |marketplace| {
        marketplace.configuration_patch = patch.clone();
        Ok(Json(patch))
    })
}

/// `DELETE /control/marketplaces/{mp}/configuration`: back to the plain entry, also when it was plain already.
pub(super) async fn delete(State(app): State<Shared>, Path(key): Path<String>) -> Result<StatusCode, ControlError> {
    let told = "The developer platform serves this marketplace's plain entry again.";
    change(&app, &key, "control.configuration_restored", told.to_owned(), |marketplace| {
        marketplace.configuration_patch = MergePatch::default();
        Ok(StatusCode::NO_CONTENT)
    })
}
