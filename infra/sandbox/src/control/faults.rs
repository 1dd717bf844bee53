//! Setting and removing faults.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::error::ControlError;
use crate::app::{App, Shared};
use crate::connec::{BatchDamage, LARGEST_BATCH};
use crate::faults::{Fault, FaultKind, LONGEST_DELAY};
use crate::routes::RouteName;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultBody {
    route: String,
    #[serde(default)]
    marketplace: Option<String>,
    kind: String,
    #[serde(default = "default_status")]
    status: u16,
    #[serde(default)]
    retry_after_s: Option<u32>,
    #[serde(default = "default_delay_ms")]
    delay_ms: u64,
    #[serde(default)]
    item: Option<usize>,
    #[serde(default)]
    times: Option<u32>,
}

fn default_status() -> u16 {
    503
}

fn default_delay_ms() -> u64 {
    2_000
}

/// `GET /control/faults`
pub(super) async fn list(State(app): State<Shared>) -> Json<Value> {
    Json(json!({ "faults": app.faults.list() }))
}

/// `POST /control/faults`
pub(super) async fn add(
    State(app): State<Shared>,
    JsonBody(body): JsonBody<FaultBody>,
) -> Result<(StatusCode, Json<Fault>), ControlError> {
    let fault = app.faults.add(validated(&app, body)?);
    let told = format!("Fault {} is set: {} on {}.", fault.id, fault.kind.as_str(), fault.route.as_str());
    app.events.record(fault.marketplace.as_deref(), "fault.added", told);
    Ok((StatusCode::CREATED, Json(fault)))
}

/// `DELETE /control/faults/{id}`
pub(super) async fn remove(State(app): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, ControlError> {
    let removed = id.parse().is_ok_and(|number| app.faults.remove(number));
    if !removed {
        return Err(ControlError::not_found("fault", id));
    }
    app.events.record(None, "fault.removed", format!("Fault {id} is gone."));
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /control/faults`
pub(super) async fn clear(State(app): State<Shared>) -> StatusCode {
    app.faults.clear();
    app.events.record(None, "fault.removed", "All faults are gone.");
    StatusCode::NO_CONTENT
}

fn validated(app: &App, body: FaultBody) -> Result<Fault, ControlError> {
    let route = RouteName::from_name(&body.route)
        .ok_or_else(|| unknown("route", &body.route, RouteName::ALL.map(RouteName::as_str).as_slice()))?;
    let kind = FaultKind::from_name(&body.kind)
        .ok_or_else(|| unknown("kind", &body.kind, &FaultKind::all().map(FaultKind::as_str).collect::<Vec<_>>()))?;
    if let Some(only) = kind.only_on().filter(|only| *only != route) {
        let text = format!("kind {:?} is for route {:?} only", kind.as_str(), only.as_str());
        return Err(ControlError::Invalid(text));
    }
    check_extras(kind, &body)?;
    if let Some(key) = &body.marketplace {
        check_marketplace(app, route, key)?;
    }
    if !(400..=599).contains(&body.status) {
        return Err(ControlError::Invalid("status must be between 400 and 599".to_owned()));
    }
    if u128::from(body.delay_ms) > LONGEST_DELAY.as_millis() {
        return Err(ControlError::Invalid("delay_ms must not exceed 60000".to_owned()));
    }
    if body.times == Some(0) {
        return Err(ControlError::Invalid("times must be at least 1, or null for always".to_owned()));
    }
    Ok(Fault {
        id: 0,
        route,
        marketplace: body.marketplace,
        kind,
        status: body.status,
        retry_after_s: body.retry_after_s,
        delay_ms: body.delay_ms,
        item: body.item,
        times: body.times,
    })
}

/// What only one kind of fault has.
fn check_extras(kind: FaultKind, body: &FaultBody) -> Result<(), ControlError> {
    let invalid = |text: String| Err(ControlError::Invalid(text));
    if body.retry_after_s.is_some() && kind != FaultKind::Status {
        return invalid("retry_after_s is for kind \"status\" only".to_owned());
    }
    let is_of_an_item = kind == FaultKind::Batch(BatchDamage::ItemStatus);
    match body.item {
        Some(_) if !is_of_an_item => invalid("item is for kind \"item_status\" only".to_owned()),
        Some(item) if !(1..=LARGEST_BATCH).contains(&item) => {
            invalid(format!("item must be from 1 to {LARGEST_BATCH}"))
        }
        None if is_of_an_item => invalid("kind \"item_status\" needs item, counted from 1".to_owned()),
        _ => Ok(()),
    }
}

fn check_marketplace(app: &App, route: RouteName, key: &str) -> Result<(), ControlError> {
    if !route.belongs_to_marketplace() {
        let text = format!("route {:?} serves all marketplaces at once; leave marketplace null", route.as_str());
        return Err(ControlError::Invalid(text));
    }
    let world = app.world();
    if world.marketplace(key).is_none() {
        let keys: Vec<&str> = world.marketplaces.iter().map(|marketplace| marketplace.key.as_str()).collect();
        return Err(unknown("marketplace", key, &keys));
    }
    Ok(())
}

fn unknown(what: &str, given: &str, known: &[&str]) -> ControlError {
    ControlError::Invalid(format!("unknown {what} {given:?}; there are: {}", known.join(", ")))
}
