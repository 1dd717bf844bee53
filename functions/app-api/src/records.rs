//! `PUT /app/v1/records/{class}/{id}` and `POST /app/v1/records`: the app hands in records that it changed.

use std::collections::HashSet;

use futures::{StreamExt as _, stream};
use http::StatusCode;
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    domain::{LocalRecord, Version},
    http::{self as answers, Reference},
    sharing::{Change, MAX_DOCUMENT_LEN, MAX_RECORDS},
    store::Target,
};

use crate::{App, body, error::RouteError};

/// A document, and what stands around it.
const MAX_CHANGE_LEN: usize = MAX_DOCUMENT_LEN + 64 * 1024;
/// What a function can be sent, less what the gateway adds.
const MAX_CHANGES_LEN: usize = 5 * 1024 * 1024;
/// How many are taken at once.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    records: Vec<Value>,
}

#[derive(Serialize)]
struct Accepted<'a> {
    class: &'a str,
    id: &'a str,
    #[serde(flatten)]
    version: Version,
    /// Whom it goes to.
    groups: Vec<Target>,
}

/// Takes a change of one record.
pub(crate) async fn submit(app: &App, request: &Request, record: LocalRecord) -> Result<Response<Body>, RouteError> {
    let change = Change::read(Some(record), body::json(request, MAX_CHANGE_LEN)?)?;
    Ok(answers::json(StatusCode::ACCEPTED, &take(app, &change).await?))
}

/// Takes changes of several records, and answers for each of them by itself.
pub(crate) async fn submit_all(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let Changes { records } = body::json(request, MAX_CHANGES_LEN)?;
    if !(1..=MAX_RECORDS).contains(&records.len()) {
        return Err(RouteError::invalid("records", "has not 1 to 100 entries"));
    }
    let changes: Vec<_> = records.into_iter().map(|record| Change::read(None, record)).collect();
    let mut seen = HashSet::new();
    let names = changes.iter().flatten().map(|change| change.stored().record.clone());
    // Versions of one record are taken in the order in which they stand here.
    let at_once = if names.into_iter().all(|name| seen.insert(name)) { AT_ONCE } else { 1 };
    let results = stream::iter(changes).map(async |change| {
        let taken = match change {
            Ok(change) => take(app, &change).await,
            Err(invalid) => Err(invalid.into()),
        };
        match taken {
            Ok(accepted) => with_status(StatusCode::ACCEPTED, accepted),
            Err(error) => error.into_document(&Reference::generate()),
        }
    });
    let results: Vec<Value> = results.buffered(at_once).collect().await;
    Ok(answers::json(StatusCode::OK, &json!({ "results": results })))
}

async fn take(app: &App, change: &Change) -> Result<Value, RouteError> {
    let submitted = app.desk.submit(change, app.clock.now()).await?;
    let stored = change.stored();
    let accepted = Accepted {
        class: &stored.record.class_name,
        id: &stored.record.id,
        version: stored.version,
        groups: submitted.targets,
    };
    serde_json::to_value(accepted).map_err(|error| RouteError::Internal(error.into()))
}

fn with_status(status: StatusCode, mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.insert("status".to_owned(), status.as_u16().into());
    }
    document
}
