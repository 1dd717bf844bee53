//! The queue of pushes, and the one of those that failed for good.

use std::time::Duration;

use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};

use super::PushMessage;

/// How many messages one request sends.
const MAX_ENTRIES: usize = 10;
/// The longest that a message can be held back.
const MAX_DELAY: Duration = Duration::from_mins(15);
/// What carries the reason of a dead letter.
pub const REASON_ATTRIBUTE: &str = "Reason";

/// The queue of pushes.
#[derive(Debug, Clone)]
pub struct PushQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// The queue of pushes that failed for good.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// Something is not on its queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue does not answer, or not well.
    #[error("a queue could not be written to")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It refuses some of the messages.
    #[error("a queue did not take {count} of the messages ({code})")]
    Refused {
        /// How many.
        count: usize,
        /// What it says of the first.
        code: String,
    },
}

impl PushQueue {
    /// The queue at this address.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }

    /// Puts messages on the queue, to be seen after `delay`.
    ///
    /// # Errors
    /// [`QueueError`]: some of them may be on it.
    pub async fn send(&self, messages: &[PushMessage], delay: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(delay.min(MAX_DELAY).as_secs()).unwrap_or_default();
        for some in messages.chunks(MAX_ENTRIES) {
            let entries = some.iter().enumerate().map(|(at, message)| {
                let body = serde_json::to_string(message).map_err(|error| QueueError::Request(error.into()))?;
                let entry = SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(body);
                entry.delay_seconds(seconds).build().map_err(|error| QueueError::Request(error.into()))
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = request.send().await.map_err(|error| QueueError::Request(error.into()))?;
            if let Some(first) = answer.failed().first() {
                return Err(QueueError::Refused { count: answer.failed().len(), code: first.code().to_owned() });
            }
        }
        Ok(())
    }
}

impl DeadLetters {
    /// The queue at this address.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }

    /// Keeps a message as it was, with the reason why it is here.
    ///
    /// # Errors
    /// [`QueueError`]: it is not kept.
    pub async fn keep(&self, body: &str, reason: &str) -> Result<(), QueueError> {
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| QueueError::Request(error.into()))?;
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let request = request.message_attributes(REASON_ATTRIBUTE, reason);
        request.send().await.map_err(|error| QueueError::Request(error.into())).map(drop)
    }
}
