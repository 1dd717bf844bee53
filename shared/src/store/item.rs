//! The items of the accounts table, each with the type it claims to be.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Removal, StoreError, keys::Key};
use crate::{
    configuration::Head,
    domain::{CreationMode, Group, GroupId, MarketplaceKey, Role, User, UserId},
    event::Event,
    session::{Destination, TokenDigest},
    trace::SignInTrace,
};

pub(super) type Attributes = HashMap<String, AttributeValue>;

/// A record that is stored under one item type.
pub(super) trait Item: Serialize + DeserializeOwned {
    /// The value of the item's `type` attribute.
    const TYPE: &'static str;

    /// The attributes of this record, without a key.
    fn attributes(&self) -> Result<Attributes, StoreError> {
        let mut attributes: Attributes = serde_dynamo::to_item(self).map_err(StoreError::corrupt(Self::TYPE))?;
        attributes.insert("type".to_owned(), AttributeValue::S(Self::TYPE.to_owned()));
        Ok(attributes)
    }

    /// This record as a whole item.
    fn at(&self, key: Key) -> Result<Attributes, StoreError> {
        let mut item = self.attributes()?;
        item.extend(key.into_attributes());
        Ok(item)
    }

    /// The record in an item.
    fn read(item: Attributes) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(StoreError::corrupt(Self::TYPE))
    }
}

/// A group, in its marketplace. Once cancelled it stays, so that nothing that comes late brings it back.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct GroupItem {
    pub(super) marketplace: MarketplaceKey,
    #[serde(flatten)]
    pub(super) group: Group,
    /// Since when it has been served without a break. A session holds as long as it is that of its sign-in.
    pub(super) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cancelled_at: Option<Timestamp>,
    /// The sequence of its last event. Whatever changes the group or a membership of it raises it, so that of two who read the same
    /// only one can write.
    pub(super) revision: u64,
    pub(super) updated_at: Timestamp,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

/// A person, in their marketplace.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct UserItem {
    pub(super) marketplace: MarketplaceKey,
    #[serde(flatten)]
    pub(super) user: User,
    /// When they were met first.
    pub(super) since: Timestamp,
    /// How many groups they belong to. Those of a cancelled group count until its removal has come to them.
    pub(super) memberships: u32,
    /// Since when they have had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) blocked_at: Option<Timestamp>,
    /// Whether the app was told so; then it is told when they have one again.
    #[serde(default)]
    pub(super) is_told_blocked: bool,
    /// Counts the changes, so that of two who read the same only one can write.
    pub(super) revision: u64,
    pub(super) updated_at: Timestamp,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

/// What a person is in a group, and their virtual self there. Who was removed stays for a while, so that nothing that comes late
/// brings them back.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct MemberItem {
    pub(super) marketplace: MarketplaceKey,
    pub(super) group: GroupId,
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) virtual_email: String,
    /// Under which of the two ids the app files them: what it was told.
    pub(super) creation_mode: CreationMode,
    /// Since when they have belonged to it without a break. A session holds as long as it is that of its sign-in.
    pub(super) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) removed_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

/// An event that waits in the outbox, and stays there for a while.
#[derive(Serialize, Deserialize)]
pub(super) struct EventItem {
    pub(super) event: Event,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(super) expires_at: Timestamp,
}

/// A group or a member that was removed before we met them: a sign-in that was under way then must not bring them in.
#[derive(Serialize, Deserialize)]
pub(super) struct EndedItem {
    pub(super) marketplace: MarketplaceKey,
    /// In nanoseconds since 1970, so that the table can compare it.
    pub(super) ended_at: i64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(super) expires_at: Timestamp,
}

/// A group's removal that is not finished.
#[derive(Serialize, Deserialize)]
pub(super) struct RemovalItem {
    #[serde(flatten)]
    pub(super) removal: Removal,
}

/// Proof that an assertion or a request has had its one use.
#[derive(Serialize, Deserialize)]
pub(super) struct ConsumedItem {
    pub(super) marketplace: MarketplaceKey,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(super) expires_at: Timestamp,
}

/// A session, under the digest of its id.
#[derive(Serialize, Deserialize)]
pub(super) struct SessionItem {
    pub(super) marketplace: MarketplaceKey,
    pub(super) user: UserId,
    pub(super) group: GroupId,
    /// The marketplace's session token, for the recheck of protocol.md §3.11. It is worth nothing beyond that check.
    pub(super) marketplace_session: String,
    pub(super) recheck_at: Timestamp,
    #[serde(default)]
    pub(super) checked_at: Timestamp,
    /// When to ask again after the marketplace did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ask_again_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) creation_mode: CreationMode,
    /// Of the group and of the membership as they were at the sign-in: what ended and began again since does not bring it back.
    pub(super) group_since: Timestamp,
    pub(super) member_since: Timestamp,
    pub(super) created_at: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(super) expires_at: Timestamp,
}

/// What an attempt to sign in left behind, under its reference.
#[derive(Serialize, Deserialize)]
pub(super) struct TraceItem {
    #[serde(flatten)]
    pub(super) trace: SignInTrace,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(super) expires_at: Timestamp,
}

/// A one-time code, under its digest.
#[derive(Serialize, Deserialize)]
pub(super) struct CodeItem {
    pub(super) marketplace: MarketplaceKey,
    pub(super) session: TokenDigest,
    #[serde(default)]
    pub(super) destination: Destination,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub(super) expires_at: Timestamp,
}

/// What is known of the configuration snapshot without opening it.
#[derive(Serialize, Deserialize)]
pub(super) struct HeadItem {
    #[serde(flatten)]
    pub(super) head: Head,
}

/// One part of the sealed snapshot.
#[derive(Serialize, Deserialize)]
pub(super) struct PartItem {
    pub(super) version: u64,
    pub(super) sealed: String,
}

impl Item for GroupItem {
    const TYPE: &'static str = "group";
}
impl Item for UserItem {
    const TYPE: &'static str = "user";
}
impl Item for MemberItem {
    const TYPE: &'static str = "member";
}
impl Item for EventItem {
    const TYPE: &'static str = "event";
}
impl Item for EndedItem {
    const TYPE: &'static str = "ended";
}
impl Item for RemovalItem {
    const TYPE: &'static str = "removal";
}
impl Item for ConsumedItem {
    const TYPE: &'static str = "consumed";
}
impl Item for SessionItem {
    const TYPE: &'static str = "session";
}
impl Item for CodeItem {
    const TYPE: &'static str = "code";
}
impl Item for TraceItem {
    const TYPE: &'static str = "trace";
}
impl Item for HeadItem {
    const TYPE: &'static str = "configuration";
}
impl Item for PartItem {
    const TYPE: &'static str = "configuration part";
}
