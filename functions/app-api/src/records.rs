//! `PUT /app/v1/records/{class}/{id}` and `POST /app/v1/records`: the app hands in records that it changed.

use http::StatusCode;
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    domain::{LocalRecord, Version},
    http::{self as answers, Reference},
    sharing::{Change, MAX_DOCUMENT_LEN, MAX_RECORDS, Submitted},
    store::{StoredRecord, Target},
};

use crate::{App, body, error::RouteError};

/// A document, and what stands around it.
const MAX_CHANGE_LEN: usize = MAX_DOCUMENT_LEN + 64 * 1024;
/// What a function can be sent, less what the gateway adds.
const MAX_CHANGES_LEN: usize = 5 * 1024 * 1024;

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
    let submitted = app.desk.submit(&[&change], app.clock.now()).await.pop();
    let submitted = submitted.ok_or_else(|| RouteError::Internal("a change without an outcome".into()))??;
    Ok(answers::json(StatusCode::ACCEPTED, &Accepted::of(&change, submitted)))
}

/// Takes changes of several records, and answers for each of them by itself.
pub(crate) async fn submit_all(app: &App, request: &Request) -> Result<Response<Body>, RouteError> {
    let Changes { records } = body::json(request, MAX_CHANGES_LEN)?;
    if !(1..=MAX_RECORDS).contains(&records.len()) {
        return Err(RouteError::invalid("records", "has not 1 to 100 entries"));
    }
    let changes: Vec<_> = records.into_iter().map(|record| Change::read(None, record)).collect();
    let readable: Vec<&Change> = changes.iter().flatten().collect();
    let mut submitted = app.desk.submit(&readable, app.clock.now()).await.into_iter();
    let results = changes.iter().map(|change| match change {
        Err(invalid) => Err(invalid.clone().into()),
        Ok(change) => match submitted.next() {
            Some(Ok(submitted)) => Ok(with_status(&Accepted::of(change, submitted))),
            Some(Err(error)) => Err(RouteError::from(error)),
            None => Err(RouteError::Internal("a change without an outcome".into())),
        },
    });
    let results: Vec<Value> =
        results.map(|result| result.unwrap_or_else(|error| error.into_document(&Reference::generate()))).collect();
    Ok(answers::json(StatusCode::OK, &json!({ "results": results })))
}

impl<'a> Accepted<'a> {
    fn of(change: &'a Change, submitted: Submitted) -> Self {
        let StoredRecord { record, version, .. } = change.stored();
        Self { class: &record.class_name, id: &record.id, version: *version, groups: submitted.targets }
    }
}

fn with_status(accepted: &Accepted<'_>) -> Value {
    let mut document = json!(accepted);
    if let Some(members) = document.as_object_mut() {
        members.insert("status".to_owned(), StatusCode::ACCEPTED.as_u16().into());
    }
    document
}
