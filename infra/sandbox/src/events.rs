//! What happened lately, told in sentences: kept for `/control/events` and broadcast to subscribers.
//!
//! An event never carries a token, a key or a whole message.

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::app::lock;
use crate::time;

/// How many events are remembered.
const REMEMBERED: usize = 500;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Where, unless it concerns all marketplaces.
    pub marketplace: Option<String>,
    /// What kind of thing, dotted: `saml.response_issued`.
    pub kind: String,
    /// The same for people.
    pub text: String,
}

/// An event and its place in the order of things. Numbers start at 1.
#[derive(Clone, Serialize)]
pub(crate) struct Numbered {
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) event: Event,
}

pub(crate) struct EventLog {
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Event>,
}

#[derive(Default)]
struct Recent {
    last_seq: u64,
    events: VecDeque<Numbered>,
}

impl EventLog {
    pub(crate) fn new() -> Self {
        Self { recent: Mutex::default(), sender: broadcast::Sender::new(REMEMBERED) }
    }

    pub(crate) fn record(&self, marketplace: Option<&str>, kind: &str, text: impl Into<String>) {
        let event = Event {
            at: time::now(),
            marketplace: marketplace.map(str::to_owned),
            kind: kind.to_owned(),
            text: text.into(),
        };
        let mut recent = lock(&self.recent);
        recent.last_seq += 1;
        let seq = recent.last_seq;
        recent.events.push_back(Numbered { seq, event: event.clone() });
        if recent.events.len() > REMEMBERED {
            recent.events.pop_front();
        }
        // Nobody listening is fine.
        let _ = self.sender.send(event);
    }

    /// The remembered events with a number above `seq`, oldest first.
    pub(crate) fn after(&self, seq: u64) -> Vec<Numbered> {
        lock(&self.recent).events.iter().filter(|numbered| numbered.seq > seq).cloned().collect()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_events_are_remembered_and_numbers_go_on() {
        let log = EventLog::new();
        for _ in 0..REMEMBERED + 3 {
            log.record(None, "test.happened", "Something happened.");
        }
        let events = log.after(0);
        assert_eq!(events.len(), REMEMBERED);
        assert_eq!(events[0].seq, 4);
        assert_eq!(log.after(502).len(), 1);
    }
}
