//! What stands in for an event source mapping between a queue and its function: receives what is there, brings it batch by batch, and
//! deletes what the function dealt with. The rest comes again once its visibility timeout is over.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use winterbaume_sqs::{state::SqsError, types::Message};

use super::{Queues, arn, store::Store};
use crate::stores::REGION;

/// How often an empty queue is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// How long a batch waits for more; on AWS it is the mapping's batching window.
const WINDOW: Duration = Duration::from_millis(80);

/// What a queue's mapping has of the template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) queue: &'static str,
    pub(crate) batch_size: usize,
    pub(crate) concurrency: usize,
}

/// What a function answers that reports batch item failures.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Queues {
    /// Brings what is on a queue to the function that works it off, until `shutdown`: some batches at once, and what an answer does not
    /// name as failed is taken off.
    pub(crate) fn follow<F>(
        &self,
        source: Source,
        worker: impl Fn(Value) -> F + Send + Sync + 'static,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) where
        F: Future<Output = Option<Value>> + Send + 'static,
    {
        let (store, worker, invocations) = (Arc::clone(&self.store), Arc::new(worker), tasks.clone());
        tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
            let free = Arc::new(Semaphore::new(source.concurrency));
            while let Ok(invocation) = Arc::clone(&free).acquire_owned().await {
                let batch = match gather(&store, source).await {
                    Ok(batch) => batch,
                    Err(error) => return tracing::error!(%error, "the queue {} cannot be read", source.queue),
                };
                let (store, worker) = (Arc::clone(&store), Arc::clone(&worker));
                // What is under way ends by itself. A panic is one more way to fail: nothing is taken off.
                invocations.spawn(async move {
                    bring(&store, source, &batch, &*worker).await;
                    drop(invocation);
                });
            }
        }));
    }

    /// Brings one batch, once there is one.
    pub(crate) async fn work_off<F>(&self, source: Source, worker: &impl Fn(Value) -> F)
    where
        F: Future<Output = Option<Value>>,
    {
        match gather(&self.store, source).await {
            Ok(batch) => bring(&self.store, source, &batch, worker).await,
            Err(error) => tracing::error!(%error, "the queue {} cannot be read", source.queue),
        }
    }
}

async fn bring<F>(store: &Store, source: Source, batch: &[Message], worker: &impl Fn(Value) -> F)
where
    F: Future<Output = Option<Value>>,
{
    let answer = worker(event(source.queue, batch)).await;
    take_off(store, source.queue, &dealt_with(answer, batch));
}

/// A batch: whatever comes within the window, once something has come.
async fn gather(store: &Store, source: Source) -> Result<Vec<Message>, SqsError> {
    let mut batch = store.receive(source.queue, source.batch_size)?;
    while batch.is_empty() {
        tokio::time::sleep(INTERVAL).await;
        batch = store.receive(source.queue, source.batch_size)?;
    }
    let end = Instant::now() + WINDOW;
    while batch.len() < source.batch_size && Instant::now() < end {
        tokio::time::sleep(INTERVAL).await;
        batch.extend(store.receive(source.queue, source.batch_size - batch.len())?);
    }
    Ok(batch)
}

/// A batch as Lambda brings it.
fn event(queue: &str, batch: &[Message]) -> Value {
    json!({ "Records": batch.iter().map(|message| record(queue, message)).collect::<Vec<_>>() })
}

fn record(queue: &str, message: &Message) -> Value {
    let attributes: BTreeMap<_, _> = message
        .message_attributes
        .iter()
        .map(|(name, attribute)| {
            let value = json!({
                "stringValue": attribute.string_value,
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": attribute.data_type,
            });
            (name, value)
        })
        .collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.approximate_receive_count.to_string(),
            "SentTimestamp": message.sent_timestamp.to_string(),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp":
                message.approximate_first_receive_timestamp.unwrap_or(message.sent_timestamp).to_string(),
        },
        "messageAttributes": attributes,
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn(queue),
        "awsRegion": REGION,
    })
}

/// What may be deleted. Like Lambda, takes the whole batch as failed if the function does, if its answer cannot be read, or if it
/// names what is not in the batch; and the whole batch as dealt with if it names nothing.
pub(super) fn dealt_with(answer: Option<Value>, batch: &[Message]) -> Vec<&Message> {
    let Some(answer) = answer else { return Vec::new() };
    let Ok(answer) = serde_json::from_value::<Option<Answer>>(answer) else {
        tracing::error!("the function's answer is no partial batch response");
        return Vec::new();
    };
    let failures = answer.and_then(|answer| answer.batch_item_failures).unwrap_or_default();
    let failed: HashSet<String> = failures.into_iter().map(|failure| failure.item_identifier).collect();
    let (left, dealt_with): (Vec<_>, Vec<_>) = batch.iter().partition(|message| failed.contains(&message.message_id));
    if left.len() < failed.len() {
        tracing::error!("the function's answer names a message that it was not given");
        return Vec::new();
    }
    dealt_with
}

fn take_off(store: &Store, queue: &str, messages: &[&Message]) {
    for handle in messages.iter().filter_map(|message| message.receipt_handle.as_deref()) {
        if let Err(error) = store.delete(queue, handle) {
            tracing::warn!(%error, "a message that was dealt with is no longer in its queue");
        }
    }
}
