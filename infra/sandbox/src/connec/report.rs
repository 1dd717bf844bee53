//! `GET /{mp}/api/reports/{group}/{report}`: reports of a company without accounts.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::answer::Reply;
use super::door;
use super::refusal::Refusal;
use crate::app::{App, Shared};
use crate::time;

/// The reports clients were seen to ask for.
const REPORTS: [&str; 2] = ["accounts_summary", "profit_and_loss"];

type Parameters = BTreeMap<String, String>;

pub(crate) async fn report(
    State(app): State<Shared>,
    Path((key, group, report)): Path<(String, String, String)>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    reply(&app, &key, &group, &report, &parameters, &headers).unwrap_or_else(Reply::from).into_response()
}

fn reply(
    app: &App,
    key: &str,
    group: &str,
    report: &str,
    parameters: &Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Refusal> {
    let marketplace = door::enter(app, key, headers)?;
    door::group(&marketplace, group)?;
    if !REPORTS.contains(&report) {
        return Err(Refusal::UnknownReport);
    }
    let to = parameters.get("to").cloned().unwrap_or_else(|| time::now().strftime("%Y-%m-%d").to_string());
    let period = parameters.get("period").map_or("MONTHLY", String::as_str);
    Ok(Reply::ok(json!({ "to": to, "period": period, "accounts": [] })))
}
