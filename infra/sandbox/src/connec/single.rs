//! Calls that come one by one.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::answer::Reply;
use super::door;
use super::operation::Operation;
use super::refusal::Refusal;
use crate::app::{App, Shared};

/// `/{mp}/api/v2/{group}/{resource}`
pub(crate) async fn collection(
    State(app): State<Shared>,
    Path((key, group, resource)): Path<(String, String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let operation = operation(method, [group, resource], None, query, &headers);
    answer(&app, &key, operation, &headers, body).await
}

/// `/{mp}/api/v2/{group}/{resource}/{id}`
pub(crate) async fn record(
    State(app): State<Shared>,
    Path((key, group, resource, id)): Path<(String, String, String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let operation = operation(method, [group, resource], Some(id), query, &headers);
    answer(&app, &key, operation, &headers, body).await
}

/// For a path that takes other methods only.
pub(crate) async fn no_such_method() -> Response {
    Refusal::Method.into_response()
}

fn operation(
    method: Method,
    [group, resource]: [String; 2],
    id: Option<String>,
    query: Option<String>,
    headers: &HeaderMap,
) -> Operation {
    let (query, external_ids) = (query.unwrap_or_default(), door::wants_external_ids(headers));
    Operation { method, group, resource, id, query, body: Value::Null, external_ids }
}

async fn answer(app: &App, key: &str, operation: Operation, headers: &HeaderMap, body: Body) -> Response {
    reply(app, key, operation, headers, body).await.unwrap_or_else(Reply::from).into_response()
}

async fn reply(
    app: &App,
    key: &str,
    mut operation: Operation,
    headers: &HeaderMap,
    body: Body,
) -> Result<Reply, Refusal> {
    let marketplace = door::enter(app, key, headers)?;
    if matches!(operation.method, Method::POST | Method::PUT) {
        operation.body = door::read(headers, body).await?;
    }
    Ok(operation.carry_out(app, &marketplace))
}
