//! The id map (design.md §5): which record of the vendor's and which record of another platform are the same.
//!
//! A link is unique in both directions, for good and under any concurrency: in one place a record has one counterpart, and a counterpart
//! belongs to one record. It is two items, so that it is found from either side: the one under the record holds what we know of the link,
//! the one under the counterpart says only whose it is. Both are written by one transaction.
//!
//! A record that was handed to us and is not linked yet can have the first of the two, without a counterpart in it: that is where the
//! state of its first push stands. It expires, unless it becomes a link.

mod item;
mod linking;
mod lookup;
mod push;
mod realm;
#[cfg(test)]
mod tests;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use linking::{LinkError, Linked};
pub use lookup::MAX_LOOKUP;
pub use push::{Claim, ClaimRefused, Hint, Settlement};
pub use realm::{Cursor, Page};

use crate::domain::{LocalRecord, Place, RemoteRecord, Version};

/// The id map's table.
#[derive(Debug, Clone)]
pub struct IdMap {
    client: Client,
    table: String,
}

/// What we know of a record in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The vendor's record.
    pub record: LocalRecord,
    /// Where its counterpart is, or would be.
    pub place: Place,
    /// The counterpart's id, once there is one.
    pub rid: Option<String>,
    /// Since when the two have been linked.
    pub linked_at: Option<Timestamp>,
    /// Since when one of the two is no more. A link like this keeps them from being made again.
    pub tombstoned_at: Option<Timestamp>,
    /// The latest state that the other platform has from us.
    pub pushed: Option<Seen>,
    /// The latest state that we have from the other platform.
    pub applied: Option<Seen>,
    /// What became of the last push.
    pub push: Option<PushState>,
}

/// A state that was passed on. It moves only forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// [`Version::order`] of it.
    pub order: u64,
    /// The hash of its content.
    pub hash: String,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushState {
    /// In one word.
    pub outcome: PushOutcome,
    /// Of this state of the record.
    #[serde(flatten)]
    pub version: Version,
    /// When.
    pub at: Timestamp,
    /// What was wrong, for people: the marketplace's own words where it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a push, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushOutcome {
    /// The marketplace has it.
    Pushed,
    /// The marketplace does not take it, and will not.
    Rejected,
    /// It will be tried again.
    Waiting,
    /// It was not tried: the group is not served any more, or the record was deleted on the other side.
    Dropped,
    /// It was tried for too long; it is among the dead letters.
    GivenUp,
}

impl IdMap {
    /// The table of this name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The table of this name in the execution environment's own account.
    #[must_use]
    pub fn connect(config: &SdkConfig, table: String) -> Self {
        Self::new(Client::new(config), table)
    }
}

impl Link {
    /// The counterpart, if there is one.
    #[must_use]
    pub fn remote(&self) -> Option<RemoteRecord> {
        Some(RemoteRecord { place: self.place.clone(), rid: self.rid.clone()? })
    }
}
