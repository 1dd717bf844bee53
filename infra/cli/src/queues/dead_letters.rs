//! The queue of dead letters: all of it is held for as long as somebody looks, and let go afterwards.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry as Show, MessageSystemAttributeName as System,
    },
};
use shared::sharing::REASON_ATTRIBUTE;

use super::{QueuesError, letter::Letter, told};
use crate::printable::printable;

/// How many messages one request takes.
const MAX_ENTRIES: usize = 10;
/// Long polling asks all of SQS's servers; without it an answer may be empty although there are messages.
const WAIT_SECONDS: i32 = 1;
/// The queue has been read when this many answers in a row bring nothing new.
const EMPTY_ANSWERS: u32 = 2;
/// The longest that SQS hides a message.
const MAX_HIDDEN_SECONDS: u32 = 12 * 60 * 60;
/// What SQS says of a message that is visible already.
const VISIBLE_ALREADY: &str = "MessageNotInflight";

/// The queue of dead letters.
pub(super) struct DeadLetters {
    client: Client,
    url: String,
    limit: u32,
}

/// What was on the queue.
#[derive(Default)]
pub(super) struct Held {
    /// The oldest first.
    pub(super) letters: Vec<Letter>,
    /// Whether the limit was reached, so that there may be more.
    pub(super) is_cut: bool,
}

/// Some of them are not visible yet.
#[derive(Debug, thiserror::Error)]
#[error("{count} of the dead letters stay hidden for up to {minutes} minutes ({cause})")]
pub(super) struct StillHidden {
    count: usize,
    minutes: u32,
    cause: String,
}

impl DeadLetters {
    pub(super) fn new(client: Client, url: String, limit: u32) -> Self {
        Self { client, url, limit }
    }

    /// Reads the queue once, and hides what is on it from others.
    pub(super) async fn hold(&self) -> Result<Held, QueuesError> {
        let mut letters = BTreeMap::new();
        let read = self.read_into(&mut letters).await;
        let mut letters: Vec<Letter> = letters.into_values().collect();
        if let Err(error) = read {
            // The first error is the one to tell; what stays hidden comes back by itself.
            let _ = self.let_go(&letters).await;
            return Err(error);
        }
        letters.sort_by(|a, b| (a.sent_at, &a.id).cmp(&(b.sent_at, &b.id)));
        let is_cut = letters.len() >= self.limit();
        Ok(Held { letters, is_cut })
    }

    /// By message id: a standard queue may bring a message twice, and then the last receipt counts.
    async fn read_into(&self, letters: &mut BTreeMap<String, Letter>) -> Result<(), QueuesError> {
        let mut empty_answers = 0;
        while empty_answers < EMPTY_ANSWERS && letters.len() < self.limit() {
            let known = letters.len();
            let most = i32::try_from(MAX_ENTRIES.min(self.limit() - known)).unwrap_or(1);
            let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(most);
            let request = request.message_system_attribute_names(System::SentTimestamp);
            let request = request.message_system_attribute_names(System::ApproximateReceiveCount);
            let request = request.message_attribute_names(REASON_ATTRIBUTE).wait_time_seconds(WAIT_SECONDS);
            let request = request.visibility_timeout(i32::try_from(self.hidden_seconds()).unwrap_or(i32::MAX));
            let answer = request.send().await.map_err(|error| QueuesError::Receive(error.into()))?;
            for brought in answer.messages.unwrap_or_default() {
                let letter = Letter::of(&brought).ok_or(QueuesError::Nameless)?;
                letters.insert(letter.id.clone(), letter);
            }
            empty_answers = if letters.len() == known { empty_answers + 1 } else { 0 };
        }
        Ok(())
    }

    /// Takes a letter from the queue.
    pub(super) async fn delete(&self, letter: &Letter) -> Result<(), String> {
        let request = self.client.delete_message().queue_url(&self.url).receipt_handle(&letter.receipt);
        request.send().await.map(drop).map_err(|error| told(&error))
    }

    /// Makes letters visible again.
    pub(super) async fn let_go(&self, letters: impl IntoIterator<Item = &Letter>) -> Result<(), StillHidden> {
        let letters: Vec<&Letter> = letters.into_iter().collect();
        let (mut count, mut cause) = (0, None);
        for some in letters.chunks(MAX_ENTRIES) {
            let (failed, why) = self.show(some).await;
            count += failed;
            cause = cause.or(why);
        }
        match cause {
            None => Ok(()),
            Some(cause) => Err(StillHidden { count, minutes: self.hidden_seconds().div_ceil(60), cause }),
        }
    }

    /// How many of these stay hidden, and why.
    async fn show(&self, letters: &[&Letter]) -> (usize, Option<String>) {
        let entries = letters.iter().enumerate().map(|(at, letter)| {
            Show::builder().id(at.to_string()).receipt_handle(&letter.receipt).visibility_timeout(0).build()
        });
        let entries = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => entries,
            Err(error) => return (letters.len(), Some(error.to_string())),
        };
        let request = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
        match request.send().await {
            Ok(answer) => {
                let failed = answer.failed().iter().filter(|entry| !entry.code().contains(VISIBLE_ALREADY));
                let codes: Vec<&str> = failed.map(BatchResultErrorEntry::code).collect();
                (codes.len(), codes.first().map(|code| printable(code)))
            }
            Err(error) => (letters.len(), Some(told(&error))),
        }
    }

    fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// Long enough to read all and to redrive all, one after the other.
    fn hidden_seconds(&self) -> u32 {
        (60 + self.limit / 2).min(MAX_HIDDEN_SECONDS)
    }
}
