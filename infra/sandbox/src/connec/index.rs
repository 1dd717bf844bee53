//! `GET /{mp}/api/v2/{group}`: where a group's resources are.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::answer::Reply;
use super::door;
use super::refusal::Refusal;
use super::resource::Resource;
use crate::app::{App, Shared};

pub(crate) async fn index(
    State(app): State<Shared>,
    Path((key, group)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    reply(&app, &key, &group, &headers).unwrap_or_else(Reply::from).into_response()
}

fn reply(app: &App, key: &str, group: &str, headers: &HeaderMap) -> Result<Reply, Refusal> {
    let marketplace = door::enter(app, key, headers)?;
    door::group(&marketplace, group)?;
    let url = |resource: Resource| format!("{}/api/v2/{group}/{}", app.host(key), resource.as_str());
    let links: Vec<Value> = Resource::all().map(|resource| json!({ resource.as_str(): url(resource) })).collect();
    Ok(Reply::ok(json!({ "_links": links })))
}
