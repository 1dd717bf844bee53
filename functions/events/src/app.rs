//! What the function keeps between batches.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use shared::aws;

use crate::{Bus, DeadLetters, Settings};

/// How many published events are remembered: more than two batches hold.
const REMEMBERED: usize = 2_000;

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) bus: Bus,
    pub(crate) dead_letters: DeadLetters,
    published: Mutex<Published>,
}

/// Ids, oldest first.
#[derive(Debug, Default)]
struct Published {
    order: VecDeque<String>,
    ids: HashSet<String>,
}

impl App {
    /// Opens nothing yet: the first batch does.
    pub async fn start(settings: Settings) -> Self {
        let config = aws::config().await;
        Self::new(
            Bus::new(aws_sdk_eventbridge::Client::new(&config), settings.event_bus),
            DeadLetters::new(aws_sdk_sqs::Client::new(&config), settings.dead_letters_url),
        )
    }

    /// An app of ready-made parts.
    #[must_use]
    pub fn new(bus: Bus, dead_letters: DeadLetters) -> Self {
        Self { bus, dead_letters, published: Mutex::default() }
    }

    /// Remembers what was published, so that a batch that comes again because of one event does not repeat the others. It only spares
    /// duplicates: what counts is that each carries its event's id.
    pub(crate) fn remember(&self, id: &str) {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let Published { order, ids } = &mut *published;
        if order.len() == REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            ids.remove(&oldest);
        }
        if ids.insert(id.to_owned()) {
            order.push_back(id.to_owned());
        }
    }

    pub(crate) fn has_published(&self, id: &str) -> bool {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).ids.contains(id)
    }
}
