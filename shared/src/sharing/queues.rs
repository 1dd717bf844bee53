//! The queue of pushes, and the one of those that failed for good.

use std::time::Duration;

use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::PushMessage;

/// What a queue takes, less what the attribute takes beside its value.
const MAX_LEN: usize = 256 * 1024 - 64;
/// The longest reason, in bytes.
const MAX_REASON_LEN: usize = 1_000;
/// How many requests are under way at once.
const REQUESTS_AT_ONCE: usize = 8;
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
        let some = messages.chunks(MAX_ENTRIES).map(<[PushMessage]>::to_vec).collect::<Vec<_>>();
        let sent = stream::iter(some).map(|some| self.send_some(some, seconds)).buffer_unordered(REQUESTS_AT_ONCE);
        sent.try_collect().await
    }

    async fn send_some(&self, some: Vec<PushMessage>, seconds: i32) -> Result<(), QueueError> {
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
        let reason = sendable(reason, MAX_LEN.saturating_sub(body.len()));
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| QueueError::Request(error.into()))?;
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let request = request.message_attributes(REASON_ATTRIBUTE, reason);
        request.send().await.map_err(|error| QueueError::Request(error.into())).map(drop)
    }
}

/// As much of a reason as there is room for, without what no queue takes. It is never empty: no attribute may be.
fn sendable(reason: &str, room: usize) -> String {
    let mut sendable = String::new();
    for one in reason.chars() {
        let one = if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') { ' ' } else { one };
        if sendable.len() + one.len_utf8() > room.min(MAX_REASON_LEN) {
            break;
        }
        sendable.push(one);
    }
    if sendable.is_empty() { "?".to_owned() } else { sendable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_reason_can_be_sent() {
        assert_eq!(sendable("a\0b\u{ffff}c", 100), "a b c");
        assert_eq!(sendable("aéé", 4), "aé");
        assert_eq!(sendable(&"x".repeat(5_000), 10_000).len(), MAX_REASON_LEN);
        for nothing in [sendable("", 100), sendable("reason", 0)] {
            assert_eq!(nothing, "?");
        }
    }
}
