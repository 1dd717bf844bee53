//! The two items of a link.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Link, PushState, Seen};
use crate::{
    domain::{LocalRecord, Place, RemoteRecord},
    store::{
        StoreError,
        item::{Attributes, Item},
    },
};

/// Under the record: what we know of the link.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LinkItem {
    #[serde(flatten)]
    pub(super) record: LocalRecord,
    #[serde(flatten)]
    pub(super) place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) linked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tombstoned_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pushed_order: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pushed_hash: Option<String>,
    /// Of the latest state that a push has come to an end with: taken or rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settled_order: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) applied_order: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) applied_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) push: Option<PushState>,
    /// Whose push is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claim: Option<String>,
    /// Until when, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claimed_until: Option<i64>,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

/// Under the counterpart: whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CounterpartItem {
    #[serde(flatten)]
    pub(super) record: LocalRecord,
    #[serde(flatten)]
    pub(super) remote: RemoteRecord,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

impl Item for LinkItem {
    const TYPE: &'static str = "link";
}
impl Item for CounterpartItem {
    const TYPE: &'static str = "counterpart";
}

impl LinkItem {
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    pub(super) fn into_link(self) -> Link {
        let seen = |order: Option<u64>, hash: Option<String>| {
            order.map(|order| Seen { order, hash: hash.unwrap_or_default() })
        };
        Link {
            record: self.record,
            place: self.place,
            rid: self.rid,
            linked_at: self.linked_at,
            tombstoned_at: self.tombstoned_at,
            pushed: seen(self.pushed_order, self.pushed_hash),
            applied: seen(self.applied_order, self.applied_hash),
            push: self.push,
        }
    }
}

impl CounterpartItem {
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Says in an update's expression whose link it is; [`names`] has the values.
pub(super) const NAMES: &str =
    "#type = :type, class_name = :class_name, id = :id, provider = :provider, realm = :realm, entity = :entity";

/// The values of [`NAMES`].
pub(super) fn names(record: &LocalRecord, place: &Place) -> Attributes {
    let values = [
        (":type", LinkItem::TYPE),
        (":class_name", &record.class_name),
        (":id", &record.id),
        (":provider", &place.realm.provider),
        (":realm", &place.realm.realm),
        (":entity", &place.entity),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// A value of an expression: text.
pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// A value of an expression: a whole number.
pub(super) fn number(number: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A value of an expression: a record.
pub(super) fn value<T: Serialize>(value: &T, item: &'static str) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(StoreError::corrupt(item))
}
