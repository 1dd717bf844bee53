//! Sharing the vendor's records with marketplaces: what the app hands to us, how it gets onto the queue of pushes, and what goes to
//! Connec! of it.
//!
//! A change is stored first, then every group that it is for gets a message. A message only says which record: whoever takes it from
//! the queue pushes the latest version, so that one that was superseded while it waited is pushed once.

mod change;
mod message;
mod queues;
mod submit;
#[cfg(test)]
mod tests;

pub use change::{Change, InvalidChange, MAX_DOCUMENT_LEN, MAX_RECORDS, check_record, is_record_id, outgoing};
pub use message::{Message, PushMessage};
pub use queues::{DeadLetters, PushQueue, QueueError, REASON_ATTRIBUTE};
pub use submit::{Desk, SubmitError, Submitted};
