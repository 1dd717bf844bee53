//! The items of the accounts table, each with the type it claims to be.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{StoreError, keys::Key};
use crate::{
    configuration::Head,
    domain::{CreationMode, Group, GroupId, MarketplaceKey, Role, User, UserId},
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

/// A group, in its marketplace.
#[derive(Serialize, Deserialize)]
pub(super) struct GroupItem {
    pub(super) marketplace: MarketplaceKey,
    #[serde(flatten)]
    pub(super) group: Group,
    pub(super) updated_at: Timestamp,
    /// Written with the first update and never again.
    #[serde(default, skip_serializing)]
    pub(super) created_at: Option<Timestamp>,
}

/// A person, in their marketplace.
#[derive(Serialize, Deserialize)]
pub(super) struct UserItem {
    pub(super) marketplace: MarketplaceKey,
    #[serde(flatten)]
    pub(super) user: User,
    pub(super) updated_at: Timestamp,
    /// Written with the first update and never again.
    #[serde(default, skip_serializing)]
    pub(super) created_at: Option<Timestamp>,
}

/// What a person is in a group, and their virtual self there.
#[derive(Serialize, Deserialize)]
pub(super) struct MemberItem {
    pub(super) marketplace: MarketplaceKey,
    pub(super) group: GroupId,
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) virtual_email: String,
    pub(super) updated_at: Timestamp,
    /// Written with the first update and never again.
    #[serde(default, skip_serializing)]
    pub(super) created_at: Option<Timestamp>,
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
