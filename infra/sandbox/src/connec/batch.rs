//! Many calls in one (protocol §7.6): each is carried out as if it came by itself, one after the other.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::answer::Reply;
use super::door;
use super::operation::Operation;
use super::refusal::Refusal;
use crate::app::{App, Shared};
use crate::faults::{Fault, FaultKind};
use crate::state::Marketplace;

/// How many calls one batch may have.
pub(crate) const LARGEST_BATCH: usize = 100;

/// What is wrong with a batch's answer.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BatchDamage {
    /// One call is not carried out and answered with an error status; the others are.
    ItemStatus,
    /// Everything is carried out and the last result is missing.
    ShortResults,
}

impl BatchDamage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ItemStatus => "item_status",
            Self::ShortResults => "short_results",
        }
    }
}

/// `POST /{mp}/batch`
pub(crate) async fn batch(
    State(app): State<Shared>,
    Path(key): Path<String>,
    fault: Option<Extension<Fault>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let fault = fault.map(|Extension(fault)| fault);
    reply(&app, &key, fault.as_ref(), &headers, body).await.unwrap_or_else(Reply::from).into_response()
}

async fn reply(app: &App, key: &str, fault: Option<&Fault>, headers: &HeaderMap, body: Body) -> Result<Reply, Refusal> {
    let marketplace = door::enter(app, key, headers)?;
    let body = door::read(headers, body).await?;
    let operations = operations(&body)?;
    if let Some(memory) = app.connec.get(key) {
        memory.calls.batch(operations.len());
    }
    let external_ids = door::wants_external_ids(headers);
    let numbered = operations.iter().zip(1..);
    let mut results: Vec<Value> = numbered
        .map(|(operation, number)| match told_to_fail(fault, number) {
            Some(refusal) => Reply::from(refusal).into_result(),
            None => one(app, &marketplace, operation, external_ids).into_result(),
        })
        .collect();
    if fault.is_some_and(|fault| fault.kind == FaultKind::Batch(BatchDamage::ShortResults)) {
        results.pop();
    }
    Ok(Reply::ok(json!({ "results": results })))
}

fn operations(body: &Value) -> Result<&[Value], Refusal> {
    let operations = body.get("ops").and_then(Value::as_array);
    let operations =
        operations.ok_or_else(|| Refusal::Body("the body must be an object with a list of ops".to_owned()))?;
    if operations.len() > LARGEST_BATCH {
        let detail = format!("a batch has at most {LARGEST_BATCH} ops, not {}", operations.len());
        return Err(Refusal::Body(detail));
    }
    Ok(operations)
}

fn told_to_fail(fault: Option<&Fault>, number: usize) -> Option<Refusal> {
    let fault = fault.filter(|fault| fault.kind == FaultKind::Batch(BatchDamage::ItemStatus))?;
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (fault.item == Some(number)).then_some(Refusal::OnDemand(status))
}

fn one(app: &App, marketplace: &Marketplace, operation: &Value, external_ids: bool) -> Reply {
    match read(operation, external_ids) {
        Ok(operation) => operation.carry_out(app, marketplace),
        Err(refusal) => refusal.into(),
    }
}

fn read(operation: &Value, external_ids: bool) -> Result<Operation, Refusal> {
    let text = |name: &str| {
        let value = operation.get(name).and_then(Value::as_str);
        value.ok_or_else(|| Refusal::Body(format!("an op needs {name:?}, a text")))
    };
    let method: Method = text("method")?.to_ascii_uppercase().parse().map_err(|_| Refusal::Method)?;
    let (path, query) = text("url")?.split_once('?').unwrap_or((text("url")?, ""));
    let place = path.strip_prefix("/api/v2/").ok_or(Refusal::NotFound)?;
    let parts: Vec<&str> = place.strip_suffix('/').unwrap_or(place).split('/').collect();
    let (group, resource, id) = match *parts.as_slice() {
        [group, resource] => (group, resource, None),
        [group, resource, id] => (group, resource, Some(id)),
        _ => return Err(Refusal::NotFound),
    };
    let parameters = operation.get("params").unwrap_or(&Value::Null);
    let query = if Operation::is_read(&method) { with_parameters(query, parameters) } else { query.to_owned() };
    Ok(Operation {
        method,
        group: group.to_owned(),
        resource: resource.to_owned(),
        id: id.map(str::to_owned),
        query,
        body: parameters.clone(),
        external_ids,
    })
}

/// The parameters of a read stand in its URL or beside it.
fn with_parameters(query: &str, parameters: &Value) -> String {
    let mut all = Serializer::new(query.to_owned());
    for (name, value) in parameters.as_object().into_iter().flatten() {
        all.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
    }
    all.finish()
}
