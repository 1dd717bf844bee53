//! Publishing in order: of each group only one event is under way at a time, so that one that fails holds back those behind it, and
//! of the others only what comes after this batch.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use shared::{
    domain::{GroupId, MarketplaceKey},
    event::Event,
};

use crate::{
    App,
    bus::{Fate, MAX_BYTES, MAX_ENTRIES},
};

/// How often a group's next event is tried before the whole stream is asked to come again.
const ATTEMPTS: u32 = 4;
/// The pause after a request of which something could not be published; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// An event with its place in the batch.
pub(crate) struct Waiting {
    pub(crate) at: usize,
    pub(crate) event: Event,
    detail: String,
}

/// The events of one group, in order.
struct Line {
    of: (MarketplaceKey, GroupId),
    waiting: VecDeque<Waiting>,
    attempts: u32,
}

impl Waiting {
    pub(crate) fn new(at: usize, event: Event) -> Self {
        let detail = serde_json::to_string(&event).unwrap_or_default();
        Self { at, event, detail }
    }
}

/// Publishes these events. Answers with the place of the first that could not be, if any.
pub(crate) async fn publish(app: &App, events: Vec<Waiting>) -> Option<usize> {
    let mut lines = lines(app, events);
    while lines.iter().any(Line::can_go_on) {
        let mut delayed = false;
        let chosen = next(&lines);
        let heads = chosen.iter().filter_map(|at| lines.get(*at)?.waiting.front());
        let heads: Vec<(&Event, &str)> = heads.map(|one| (&one.event, &*one.detail)).collect();
        let fates = match &heads[..] {
            [(_, detail)] if detail.len() > MAX_BYTES => vec![Fate::Refused("too large".to_owned())],
            heads => app.bus.publish(heads).await,
        };
        let mut attempts = 1;
        for (at, fate) in chosen.into_iter().zip(fates) {
            let Some(line) = lines.get_mut(at) else { continue };
            if !settle(app, line, fate).await {
                delayed = true;
                attempts = attempts.max(line.attempts);
            }
        }
        if delayed {
            tokio::time::sleep(PAUSE * 2_u32.saturating_pow(attempts - 1)).await;
        }
    }
    lines.iter().flat_map(|line| &line.waiting).map(|waiting| waiting.at).min()
}

/// What one event's fate means for those behind it. Whether its line has moved.
async fn settle(app: &App, line: &mut Line, fate: Fate) -> bool {
    let Some(Waiting { event, detail, .. }) = line.waiting.front() else { return false };
    let moved = match fate {
        Fate::Published => {
            app.remember(&event.id);
            true
        }
        Fate::Delayed => false,
        Fate::Refused(reason) => {
            tracing::error!(event.id = event.id, event.r#type = event.r#type, reason, "an event cannot be published");
            app.dead_letters.keep(detail, &reason).await
        }
    };
    if moved {
        line.waiting.pop_front();
        line.attempts = 0;
    } else {
        line.attempts += 1;
    }
    moved
}

/// A line for each group. What this execution environment has published before is left out, and so are repetitions.
fn lines(app: &App, events: Vec<Waiting>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut seen = HashSet::new();
    for waiting in events {
        if app.has_published(&waiting.event.id) || !seen.insert(waiting.event.id.clone()) {
            continue;
        }
        let of = (waiting.event.marketplace.clone(), waiting.event.group.clone());
        match lines.iter_mut().find(|line| line.of == of) {
            Some(line) => line.waiting.push_back(waiting),
            None => lines.push(Line { of, waiting: VecDeque::from([waiting]), attempts: 0 }),
        }
    }
    for line in &mut lines {
        line.waiting.make_contiguous().sort_by_key(|waiting| waiting.event.sequence);
    }
    lines
}

impl Line {
    fn can_go_on(&self) -> bool {
        !self.waiting.is_empty() && self.attempts < ATTEMPTS
    }
}

/// The lines whose first events go into the next request: as many as it takes.
fn next(lines: &[Line]) -> Vec<usize> {
    let (mut chosen, mut bytes) = (Vec::new(), 0);
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.can_go_on()) {
        let Some(first) = line.waiting.front() else { continue };
        // One that is too large for any request goes by itself, and is refused.
        if chosen.len() == MAX_ENTRIES || (!chosen.is_empty() && bytes + first.detail.len() > MAX_BYTES) {
            break;
        }
        bytes += first.detail.len();
        chosen.push(at);
    }
    chosen
}
