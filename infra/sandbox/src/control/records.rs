//! Looking at and changing what Connec! holds, past the app.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::JsonBody;
use super::error::ControlError;
use crate::app::{App, Shared};
use crate::connec::{self, Draft, ExternalId, Memory, Record, Refusal, Resource, Scope, Store, View, Written};
use crate::directory::Group;

type Fields = JsonBody<Map<String, Value>>;

/// A record with all that is known of it.
#[derive(Serialize)]
pub(super) struct Whole {
    connec_id: String,
    /// Without Connec!'s own.
    external_ids: Vec<ExternalId>,
    /// How often it was written.
    revision: u64,
    /// As the API answers it with external ids.
    record: Value,
}

impl Whole {
    fn of(store: &Store, scope: Scope<'_>, record: &Record) -> Self {
        Self {
            connec_id: record.connec_id.clone(),
            external_ids: record.external_ids.clone(),
            revision: record.revision,
            record: View { store, scope, external_ids: true }.record(record),
        }
    }
}

/// `GET /control/marketplaces/{mp}/groups/{gid}/records`: how many there are of each resource that has any.
pub(super) async fn counts(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
) -> Result<Json<Map<String, Value>>, ControlError> {
    let (memory, group) = find(&app, &key, &uid)?;
    let store = memory.store();
    let counts = store.shelves(&group.uid).map(|(resource, shelf)| (resource.as_str(), shelf.records().len()));
    Ok(Json(counts.map(|(name, count)| (name.to_owned(), count.into())).collect()))
}

/// `DELETE /control/marketplaces/{mp}/groups/{gid}/records`: all of them.
pub(super) async fn clear(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
) -> Result<StatusCode, ControlError> {
    let (memory, group) = find(&app, &key, &uid)?;
    memory.store().clear(&group.uid);
    app.events.record(Some(&key), "control.records_cleared", format!("The records of {uid} are gone."));
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /control/marketplaces/{mp}/groups/{gid}/records/{resource}`
pub(super) async fn list(
    State(app): State<Shared>,
    Path((key, uid, name)): Path<(String, String, String)>,
) -> Result<Json<Vec<Whole>>, ControlError> {
    let (memory, group) = find(&app, &key, &uid)?;
    let scope = Scope { group: &group.uid, resource: known_resource(name)? };
    let store = memory.store();
    Ok(Json(store.records(&scope).iter().map(|record| Whole::of(&store, scope, record)).collect()))
}

/// `POST /control/marketplaces/{mp}/groups/{gid}/records/{resource}`: as if the app had posted these fields.
pub(super) async fn create(
    State(app): State<Shared>,
    Path((key, uid, name)): Path<(String, String, String)>,
    JsonBody(fields): Fields,
) -> Result<(StatusCode, Json<Whole>), ControlError> {
    let (memory, group) = find(&app, &key, &uid)?;
    let scope = Scope { group: &group.uid, resource: known_resource(name)? };
    let mut store = memory.store();
    let written = Draft::read(scope.resource, fields).and_then(|draft| {
        if scope.resource.is_singular() {
            return connec::write_company(&mut store, &group, draft);
        }
        store.post(&scope, draft)
    });
    let written = written.map_err(|refusal| refused(&refusal))?;
    let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, finished(&app, &key, &store, scope, &written)?))
}

/// `PUT /control/marketplaces/{mp}/groups/{gid}/records/{resource}/{connec_id}`: what is not named stays.
pub(super) async fn change(
    State(app): State<Shared>,
    Path((key, uid, name, connec_id)): Path<(String, String, String, String)>,
    JsonBody(fields): Fields,
) -> Result<Json<Whole>, ControlError> {
    let (memory, group) = find(&app, &key, &uid)?;
    let scope = Scope { group: &group.uid, resource: known_resource(name)? };
    let mut store = memory.store();
    let written = Draft::read(scope.resource, fields).and_then(|draft| store.put(&scope, &connec_id, draft));
    let written = written.map_err(|refusal| match refusal {
        Refusal::NotFound => ControlError::not_found("record", connec_id),
        other => refused(&other),
    })?;
    finished(&app, &key, &store, scope, &written)
}

/// Any group the marketplace knows, also a cancelled one.
fn find<'a>(app: &'a App, key: &str, uid: &str) -> Result<(&'a Memory, Group), ControlError> {
    let unknown = || ControlError::not_found("marketplace", key);
    let marketplace = app.marketplace(key).ok_or_else(unknown)?;
    let group = marketplace.directory.group(uid).ok_or_else(|| ControlError::not_found("group", uid))?;
    Ok((app.connec.get(key).ok_or_else(unknown)?, group.clone()))
}

fn known_resource(name: String) -> Result<Resource, ControlError> {
    Resource::from_name(&name).ok_or_else(|| ControlError::not_found("resource", name))
}

fn refused(refusal: &Refusal) -> ControlError {
    ControlError::Invalid(refusal.detail())
}

/// Tells of the write and shows what has become of the record.
fn finished(
    app: &App,
    key: &str,
    store: &Store,
    scope: Scope<'_>,
    written: &Written,
) -> Result<Json<Whole>, ControlError> {
    let id = &written.connec_id;
    let told = format!("Record {id} of {} in {} was written.", scope.resource.as_str(), scope.group);
    app.events.record(Some(key), "control.record_written", told);
    let record = store.shelf(&scope).and_then(|shelf| shelf.record(id));
    let record = record.ok_or_else(|| ControlError::not_found("record", id))?;
    Ok(Json(Whole::of(store, scope, record)))
}
