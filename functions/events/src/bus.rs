//! The event bus, and the queue for what it does not take.

use aws_sdk_eventbridge::{
    error::SdkError,
    operation::put_events::PutEventsError,
    primitives::DateTime,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use serde_json::json;
use shared::event::Event;

/// How many events one request takes.
pub(crate) const MAX_ENTRIES: usize = 10;
/// How large they may be together; half a kilobyte of each is ours to leave for their names.
pub(crate) const MAX_BYTES: usize = 256 * 1024 - MAX_ENTRIES * 512;
/// Who publishes: what a rule on the bus can match.
const SOURCE: &str = "stallholder";
/// What a later attempt may put right.
const PASSING: [&str; 3] = ["ThrottlingException", "InternalFailure", "InternalException"];

/// An EventBridge bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

/// An SQS queue.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is on the bus.
    Published,
    /// Not this time.
    Delayed,
    /// Never, for this reason.
    Refused(String),
}

impl Bus {
    /// The bus of this name.
    #[must_use]
    pub fn new(client: aws_sdk_eventbridge::Client, name: String) -> Self {
        Self { client, name }
    }

    /// Publishes at most [`MAX_ENTRIES`] events and tells what became of each, in their order.
    pub(crate) async fn publish(&self, events: &[(&Event, &str)]) -> Vec<Fate> {
        let entries = events.iter().map(|(event, detail)| self.entry(event, detail)).collect();
        match self.client.put_events().set_entries(Some(entries)).send().await {
            Ok(answer) if answer.entries().len() == events.len() => answer.entries().iter().map(fate).collect(),
            Ok(_) => {
                tracing::error!("the bus does not tell what became of each event");
                vec![Fate::Delayed; events.len()]
            }
            Err(error) => {
                log(&error);
                vec![Fate::Delayed; events.len()]
            }
        }
    }

    fn entry(&self, event: &Event, detail: &str) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&event.r#type)
            .detail(detail)
            .time(DateTime::from_millis(event.timestamp.as_millisecond()))
            .build()
    }
}

impl DeadLetters {
    /// The queue at this address.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }

    /// Keeps what cannot be published. Whether it is kept.
    pub(crate) async fn keep(&self, what: &str, reason: &str) -> bool {
        let mut body = json!({ "reason": reason, "event": what }).to_string();
        if body.len() > MAX_BYTES {
            // The table still has all of it.
            let start: String = what.chars().take(2_000).collect();
            body = json!({ "reason": reason, "start_of_event": start }).to_string();
        }
        match self.client.send_message().queue_url(&self.url).message_body(body).send().await {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(causes = shared::telemetry::causes(&error), "a dead letter was not kept: {error}");
                false
            }
        }
    }
}

fn fate(entry: &PutEventsResultEntry) -> Fate {
    match (entry.event_id(), entry.error_code()) {
        (_, Some(code)) if PASSING.contains(&code) => Fate::Delayed,
        (_, Some(code)) => Fate::Refused(code.to_owned()),
        (Some(_), None) => Fate::Published,
        (None, None) => Fate::Delayed,
    }
}

fn log<R: std::fmt::Debug + Send + Sync + 'static>(error: &SdkError<PutEventsError, R>) {
    tracing::warn!(causes = shared::telemetry::causes(error), "events not published: {error}");
}
