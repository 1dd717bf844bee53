//! What becomes of a message: it is done with, put back for later, or among the dead letters.

use std::{sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use shared::{
    batch::BatchItemFailure,
    domain::Version,
    sharing::PushMessage,
    store::{StoreError, id_map::PushOutcome},
};

use crate::{App, Record, Wanted};

/// What became of a push.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is done with.
    Done,
    /// It is to be tried later; after the pause that its attempts are worth, or after this one.
    Later { reason: String, pause: Option<Duration>, counts: bool },
    /// We could not even note what became of it.
    Failed,
}

impl Fate {
    pub(crate) fn later(reason: impl Into<String>, pause: Option<Duration>) -> Self {
        Self::Later { reason: reason.into(), pause, counts: true }
    }

    /// Somebody else is at it: no attempt of its own.
    pub(crate) fn busy(pause: Duration) -> Self {
        Self::Later { reason: "others are at it".to_owned(), pause: Some(pause), counts: false }
    }

    pub(crate) fn failure(record: &Record) -> BatchItemFailure {
        BatchItemFailure { item_identifier: record.message_id.clone() }
    }
}

/// Does to the messages of a push what became of it. Which of them the queue is to bring again.
pub(crate) async fn settle(
    app: &App,
    wanted: Wanted,
    fate: Fate,
    known: Option<(&str, Version)>,
) -> Vec<BatchItemFailure> {
    let Wanted { message, records } = wanted;
    match fate {
        Fate::Done => Vec::new(),
        Fate::Failed => records.iter().map(Fate::failure).collect(),
        Fate::Later { reason, pause, counts } => {
            let (since, is_over) = patience(app, &message, &records);
            if counts && is_over {
                return give_up(app, &message, records, &reason, known).await;
            }
            let pause = app.limits.pause(message.attempts).max(pause.unwrap_or_default());
            let pause = if counts { pause } else { pause.min(app.limits.first_pause) };
            let again = PushMessage { since: Some(since), attempts: message.attempts + u32::from(counts), ..message };
            send_again(app, &[again], records, pause).await
        }
    }
}

/// Puts back what could not even be begun, all of it for the same time, in as few requests as it takes.
/// Nothing was asked, so no attempt counts; but what has waited for too long is given up, if it `can_end`.
pub(crate) async fn put_back(
    app: &App,
    all: Vec<Wanted>,
    reason: &str,
    pause: Duration,
    can_end: bool,
) -> Vec<BatchItemFailure> {
    let (mut again, mut brought, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for Wanted { message, records } in all {
        let (since, is_over) = patience(app, &message, &records);
        if can_end && is_over {
            failed.extend(give_up(app, &message, records, reason, None).await);
        } else {
            again.push(PushMessage { since: Some(since), ..message });
            brought.extend(records);
        }
    }
    failed.extend(send_again(app, &again, brought, pause).await);
    failed
}

/// Since when a push has been tried, and whether that is long enough.
fn patience(app: &App, message: &PushMessage, records: &[Record]) -> (Timestamp, bool) {
    let now = app.now();
    let since = message.since.or(records.iter().filter_map(Record::sent_at).min()).unwrap_or(now);
    let tried = now.duration_since(since);
    app.oldest_secs.fetch_max(tried.as_secs(), Ordering::Relaxed);
    (since, tried >= app.limits.patience)
}

/// Sends messages in the place of those that were brought. If that fails, the queue is to bring those again.
async fn send_again(app: &App, again: &[PushMessage], brought: Vec<Record>, pause: Duration) -> Vec<BatchItemFailure> {
    match app.desk.queue.send(again, pause).await {
        Ok(()) => Vec::new(),
        Err(error) => {
            tracing::warn!(causes = shared::telemetry::causes(&error), "pushes were not put back: {error}");
            brought.iter().map(Fate::failure).collect()
        }
    }
}

async fn give_up(
    app: &App,
    message: &PushMessage,
    records: Vec<Record>,
    reason: &str,
    known: Option<(&str, Version)>,
) -> Vec<BatchItemFailure> {
    let target = &message.push;
    tracing::error!(
        marketplace = %target.marketplace, group.id = %target.group, class = message.record.class_name,
        attempts = message.attempts, "a push is given up"
    );
    match note_given_up(app, message, reason, known).await {
        Ok(true) => {}
        // Another push of it is under way, or has come to an end.
        Ok(false) => return send_again(app, std::slice::from_ref(message), records, app.limits.first_pause).await,
        Err(_) => return records.iter().map(Fate::failure).collect(),
    }
    let mut failed = Vec::new();
    for record in records {
        failed.extend(bury(app, record, reason).await);
    }
    failed
}

/// Notes it where the app can read it. What is not known of the record is looked up.
async fn note_given_up(
    app: &App,
    message: &PushMessage,
    reason: &str,
    known: Option<(&str, Version)>,
) -> Result<bool, StoreError> {
    let now = app.now();
    let (entity, version) = match known {
        Some((entity, version)) => (entity.to_owned(), version),
        None => {
            let found = app.desk.accounts.records_of(std::slice::from_ref(&message.record), now).await?;
            // One that is kept no more has nothing to be told of it.
            let Some(stored) = found.into_values().next() else { return Ok(true) };
            (stored.entity, stored.version)
        }
    };
    let state = (PushOutcome::GivenUp, version, reason);
    app.desk.id_map.note_push(&message.record, &message.push.place(&entity), state, now).await
}

/// Puts a message among the dead letters; if that fails, the queue is to bring it again.
pub(crate) async fn bury(app: &App, record: Record, reason: &str) -> Option<BatchItemFailure> {
    match app.dead_letters.keep(&record.body, reason).await {
        Ok(()) => None,
        Err(error) => {
            tracing::error!(causes = shared::telemetry::causes(&error), "a dead letter was not kept: {error}");
            Some(Fate::failure(&record))
        }
    }
}
