//! What happened, in the order it happened: for the start page and for whoever follows a sign-in.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::Serialize;
use shared::clock::{Clock, SystemClock};
use tokio::sync::broadcast;
use tracing::{Event, Level, Subscriber, field::Visit};
use tracing_subscriber::layer::Context;

/// How many entries are kept for those who come later.
const KEPT: usize = 200;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Where: `marketplace`, `service`, `event`, `app` or `log`.
    pub source: &'static str,
    /// A sentence without secrets.
    pub text: String,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Feed {
    live: broadcast::Sender<Entry>,
    kept: Arc<Mutex<VecDeque<Entry>>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { live: broadcast::Sender::new(KEPT), kept: Arc::default() }
    }
}

impl Feed {
    /// Adds an entry.
    pub fn push(&self, source: &'static str, text: impl Into<String>) {
        let entry = Entry { at: SystemClock.now(), source, text: text.into() };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(entry.clone());
        // Nobody may be listening.
        let _ = self.live.send(entry);
    }

    /// What happened last, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Entry> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// What happens from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Entry> {
        self.live.subscribe()
    }
}

/// Copies what our functions log into the feed, so that the start page tells why a sign-in was refused.
#[derive(Debug)]
pub struct FeedLayer(pub Feed);

impl<S: Subscriber> tracing_subscriber::Layer<S> for FeedLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let ours = ["account_webhooks", "app_api", "connec_push", "events", "removals", "shared", "sso"]
            .iter()
            .any(|name| event.metadata().target().starts_with(name));
        if ours && *event.metadata().level() <= Level::INFO {
            let mut sentence = Sentence::default();
            event.record(&mut sentence);
            self.0.push("log", format!("{}{}", sentence.message, sentence.fields));
        }
    }
}

#[derive(Default)]
struct Sentence {
    message: String,
    fields: String,
}

impl Visit for Sentence {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        // Writing into a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "causes" => write!(self.fields, ": {value:?}"),
            name => write!(self.fields, " · {name} {value:?}"),
        };
    }
}
