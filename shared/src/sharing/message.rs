//! What stands on the queue of pushes: that a record is to be pushed to a group, or a change as the app put it there itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, InvalidChange};
use crate::{domain::LocalRecord, store::Target};

/// A message of the queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A record is to be pushed.
    Push(PushMessage),
    /// A change, which is to be stored and fanned out.
    Change(Box<Change>),
}

/// Which record is to be pushed to which group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushMessage {
    /// Where to.
    pub push: Target,
    /// Which record.
    pub record: LocalRecord,
    /// Whether it was linked there when this was written.
    #[serde(default)]
    pub is_linked: bool,
    /// Since when it has been tried in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How often.
    #[serde(default)]
    pub attempts: u32,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// [`InvalidChange`]: it is no push, and no change either.
    pub fn read(body: &str) -> Result<Self, InvalidChange> {
        let value: Value =
            serde_json::from_str(body).map_err(|_| InvalidChange { field: String::new(), problem: "is not JSON" })?;
        if value.get("push").is_none() {
            return Change::read(None, value).map(|change| Self::Change(Box::new(change)));
        }
        serde_json::from_value(value)
            .map(Self::Push)
            .map_err(|_| InvalidChange { field: "push".to_owned(), problem: "is no push of ours" })
    }
}
