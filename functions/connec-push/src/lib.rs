#![doc = include_str!("../README.md")]

mod app;
mod batch;
mod fate;
mod group;
mod marketplace;
mod settings;

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Instant};

pub use app::{App, Limits, Parts};
pub use batch::{Attributes, Batch, Record};
use serde_json::Value;
pub use settings::Settings;
use shared::{
    batch::{BatchItemFailure, PartialBatchResponse},
    configuration::NotConfigured,
    domain::{GroupId, LocalRecord, MarketplaceKey},
    metrics,
    sharing::{Change, Message, PushMessage, SubmitError},
    telemetry::causes,
};

use crate::fate::Fate;

/// The line for what was noticed since it was written last: how long the push that has been tried longest has been tried.
#[must_use]
pub fn metrics(app: &App, function: &str) -> Value {
    metrics::line(function, app.now(), &[("OldestPushAge", "Seconds", app.oldest_secs.swap(0, Ordering::Relaxed))])
}

/// A batch could not be worked on, so all of it is to be brought again.
#[derive(Debug, thiserror::Error)]
#[error("the configuration could not be read")]
pub struct Error(#[from] NotConfigured);

/// A push, with the messages that ask for it.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) message: PushMessage,
    pub(crate) records: Vec<Record>,
}

/// The pushes of a batch for one group, each record once.
pub(crate) type OfGroup = BTreeMap<LocalRecord, Wanted>;

/// Works a batch off, and answers with what of it is to be brought again.
///
/// # Errors
/// [`Error`]: all of it.
pub async fn handle(app: &App, batch: Batch) -> Result<PartialBatchResponse, Error> {
    let began = Instant::now();
    let directory = app.configuration.current(app.now()).await?;
    let (mut pushes, mut changes, mut failed) =
        (BTreeMap::<MarketplaceKey, BTreeMap<GroupId, OfGroup>>::new(), Vec::new(), Vec::new());
    for record in batch.records {
        match Message::read(&record.body) {
            Ok(Message::Push(message)) => want(&mut pushes, message, record),
            Ok(Message::Change(change)) => changes.push((record, change)),
            Err(invalid) => {
                tracing::error!(message.id = record.message_id, "a message cannot be taken: {}", invalid.problem);
                failed.extend(fate::bury(app, record, &format!("cannot be taken: {invalid}")).await);
            }
        }
    }
    let counts = (changes.len(), pushes.values().flat_map(BTreeMap::values).map(BTreeMap::len).sum::<usize>());
    let pushed = pushes.into_iter().map(|(key, groups)| {
        let marketplace = directory.find(key.as_str()).ok().cloned();
        marketplace::push(app, key, marketplace, groups, began)
    });
    let (taken, pushed) = tokio::join!(take(app, changes), futures::future::join_all(pushed));
    failed.extend(taken);
    failed.extend(pushed.into_iter().flatten());
    tracing::info!(changes = counts.0, pushes = counts.1, failed = failed.len(), "messages worked off");
    Ok(PartialBatchResponse { batch_item_failures: failed })
}

fn want(pushes: &mut BTreeMap<MarketplaceKey, BTreeMap<GroupId, OfGroup>>, message: PushMessage, record: Record) {
    let groups = pushes.entry(message.push.marketplace.clone()).or_default();
    let wanted = groups.entry(message.push.group.clone()).or_default();
    match wanted.get_mut(&message.record) {
        // One push answers for all messages that ask for it; what was tried longest counts.
        Some(known) => {
            known.message.since = [known.message.since, message.since].into_iter().flatten().min();
            known.message.attempts = known.message.attempts.max(message.attempts);
            known.message.is_linked |= message.is_linked;
            known.records.push(record);
        }
        None => {
            wanted.insert(message.record.clone(), Wanted { message, records: vec![record] });
        }
    }
}

/// Takes the changes that the app put onto the queue itself. Which of them the queue is to bring again.
async fn take(app: &App, changes: Vec<(Record, Box<Change>)>) -> Vec<BatchItemFailure> {
    let (records, changes): (Vec<Record>, Vec<Box<Change>>) = changes.into_iter().unzip();
    let changes: Vec<&Change> = changes.iter().map(Box::as_ref).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    let mut failed = Vec::new();
    let outcomes = app.desk.submit(&changes, app.now()).await;
    for ((record, change), outcome) in records.into_iter().zip(changes).zip(outcomes) {
        match outcome {
            Ok(_) => {}
            Err(SubmitError::Stale { stored }) if stored == change.stored().version => {
                failed.extend(fate::bury(app, record, "another content is stored under the same version").await);
            }
            // A later one has overtaken it.
            Err(SubmitError::Stale { .. }) => {}
            Err(error @ SubmitError::NotServed { at }) => {
                failed.extend(fate::bury(app, record, &format!("groups/{at}: {error}")).await);
            }
            Err(error) => {
                tracing::warn!(
                    message.id = record.message_id,
                    causes = causes(&error),
                    "a change was not taken: {error}"
                );
                failed.push(Fate::failure(&record));
            }
        }
    }
    failed
}
