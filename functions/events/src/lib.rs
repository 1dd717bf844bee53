#![doc = include_str!("../README.md")]

mod app;
mod batch;
mod bus;
mod publish;
mod settings;

pub use app::App;
pub use batch::{Batch, Changed, Record};
pub use bus::{Bus, DeadLetters};
pub use settings::Settings;
use shared::batch::{BatchItemFailure, PartialBatchResponse};

use crate::{batch::Content, publish::Waiting};

/// A batch could not be worked on, so all of it is to be brought again.
#[derive(Debug, thiserror::Error)]
#[error("an event that cannot be read could not be kept")]
pub struct Error;

/// Publishes what a batch of the stream holds of the outbox, and answers from where on it is to be brought again.
///
/// # Errors
/// [`Error`]: from the start.
pub async fn handle(app: &App, batch: Batch) -> Result<PartialBatchResponse, Error> {
    let places: Vec<String> = batch.records.iter().map(|one| one.dynamodb.sequence_number.clone()).collect();
    let mut events = Vec::new();
    for (at, record) in batch.records.into_iter().enumerate() {
        match record.into_content() {
            Content::Event(event) => events.push(Waiting::new(at, event)),
            Content::Unreadable(item) => {
                tracing::error!("an event of the outbox cannot be read");
                if !app.dead_letters.keep(&item, "cannot be read").await {
                    return Err(Error);
                }
            }
            Content::Nothing => {}
        }
    }
    let count = events.len();
    let failed = publish::publish(app, events).await.and_then(|at| places.into_iter().nth(at));
    match &failed {
        // Where nothing filters the stream, most of it is none of ours.
        None if count == 0 => {}
        None => tracing::info!(count, "events published"),
        Some(_) => tracing::error!(count, "not all events could be published; they come again"),
    }
    let failures = failed.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
    Ok(PartialBatchResponse { batch_item_failures: failures.collect() })
}
