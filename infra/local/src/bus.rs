//! What stands in for EventBridge: the one call that the `events` function makes, as AWS would answer it. What is put on the bus goes to
//! whoever subscribes. The same server hands on what is for the queues.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{event::Event, random};
use tokio::sync::broadcast;

use crate::{Calls, Queues, stores::REGION};

/// The bus's name.
pub(crate) const BUS: &str = "stallholder-events";
/// How many events a slow subscriber may be behind.
const BEHIND: usize = 1_024;

/// The bus.
#[derive(Debug, Clone)]
pub struct Bus {
    live: broadcast::Sender<Event>,
    published: Arc<Mutex<Vec<Event>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    detail: String,
    detail_type: String,
    event_bus_name: String,
    source: String,
}

impl Default for Bus {
    fn default() -> Self {
        Self { live: broadcast::Sender::new(BEHIND), published: Arc::default() }
    }
}

impl Bus {
    /// Every event so far, in the order in which it came, duplicates and all.
    #[must_use]
    pub fn published(&self) -> Vec<Event> {
        self.kept().clone()
    }

    /// What is put on it from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.live.subscribe()
    }

    pub(crate) fn router(&self, queues: &Queues) -> Router {
        let state = (self.clone(), queues.clone());
        Router::new().route("/", post(answer)).route("/{*queue}", post(answer)).with_state(state)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Event>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, entry: &Entry) -> Value {
        let event = serde_json::from_str::<Event>(&entry.detail).ok().filter(|event| {
            entry.event_bus_name == BUS && entry.source == "stallholder" && entry.detail_type == event.r#type
        });
        let Some(event) = event else {
            return json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
        };
        self.kept().push(event.clone());
        // Nobody may be listening.
        let _ = self.live.send(event);
        json!({ "EventId": random::hex128() })
    }
}

/// A client of it, which wants no credentials.
pub(crate) fn client(endpoint: &str, calls: &Calls) -> aws_sdk_eventbridge::Client {
    let config = aws_sdk_eventbridge::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
        .interceptor(calls.of("events", "EventBus"))
        .build();
    aws_sdk_eventbridge::Client::from_conf(config)
}

async fn answer(State((bus, queues)): State<(Bus, Queues)>, headers: HeaderMap, body: Bytes) -> Response {
    // A page from elsewhere must not get here under a name that resolves to this machine.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !(host.starts_with("127.0.0.1:") || host.starts_with("localhost:")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    match target {
        "AWSEvents.PutEvents" => match serde_json::from_slice::<PutEvents>(&body) {
            Ok(PutEvents { entries }) if (1..=10).contains(&entries.len()) => {
                let results: Vec<Value> = entries.iter().map(|entry| bus.put(entry)).collect();
                let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
                Json(json!({ "FailedEntryCount": failed, "Entries": results })).into_response()
            }
            _ => refused("ValidationException", "entries must be 1 to 10"),
        },
        queues_call if queues_call.starts_with("AmazonSQS.") => queues.answer(headers, body).await,
        _ => refused("UnknownOperationException", "only PutEvents and SQS are served here"),
    }
}

fn refused(kind: &str, message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind, "message": message }))).into_response()
}
