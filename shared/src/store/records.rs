//! Records that the app handed to us for its marketplaces: of each the latest version, for as long as a push may need it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Accounts, StoreError,
    batch::{self, Consistency},
    item::{GroupItem, Item},
    keys::{Key, PARTITION_KEY, TTL_ATTRIBUTE},
};
use crate::domain::{GroupId, LocalRecord, MarketplaceKey, Place, Realm, Version};

/// How long a record is kept after it was handed to us last. A push is tried for less, and a dead letter is kept for less.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many requests are under way at once.
const REQUESTS_AT_ONCE: usize = 4;

/// A group of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// The boundary.
    pub marketplace: MarketplaceKey,
    /// The group.
    pub group: GroupId,
}

impl Target {
    /// Its records, for the id map.
    #[must_use]
    pub fn realm(&self) -> Realm {
        Realm { provider: self.marketplace.to_string(), realm: self.group.to_string() }
    }

    /// Its records of this entity.
    #[must_use]
    pub fn place(&self, entity: &str) -> Place {
        Place { realm: self.realm(), entity: entity.to_owned() }
    }
}

/// A record as the app handed it to us.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredRecord {
    /// What the app calls it.
    #[serde(flatten)]
    pub record: LocalRecord,
    /// What it is in Connec!.
    pub entity: String,
    /// The Connec! document, as JSON.
    pub document: String,
    /// Which state it is.
    #[serde(flatten)]
    pub version: Version,
    /// The hash of everything that is pushed.
    pub hash: String,
    /// Where in the document ids of the app's other records stand, each with their class.
    #[serde(default)]
    pub references: BTreeMap<String, String>,
    /// The groups that it belongs to.
    #[serde(default)]
    pub groups: Vec<Target>,
}

/// What it holds is the customer's.
impl std::fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRecord")
            .field("entity", &self.entity)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct RecordItem {
    #[serde(flatten)]
    stored: StoredRecord,
    order: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    expires_at: Timestamp,
}

impl Item for RecordItem {
    const TYPE: &'static str = "record";
}

/// A record was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutRecordError {
    /// A later version is there, or another content under the same version.
    #[error("the version is not later than the stored one")]
    Stale {
        /// That one.
        stored: Version,
    },
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Stores a record, unless a later version is there. Storing the same again changes nothing.
    ///
    /// # Errors
    /// [`PutRecordError`].
    pub async fn put_record(&self, stored: &StoredRecord, now: Timestamp) -> Result<(), PutRecordError> {
        let order = stored.version.order();
        let item = RecordItem { stored: stored.clone(), order, expires_at: now + LIFETIME };
        let outcome = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.at(Key::record(&stored.record))?))
            .condition_expression(
                "attribute_not_exists(#key) OR #expires_at <= :now OR #order < :order OR (#order = :order AND #hash = :hash)",
            )
            .expression_attribute_names("#key", PARTITION_KEY)
            .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
            .expression_attribute_names("#order", "order")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":now", AttributeValue::N(now.as_second().to_string()))
            .expression_attribute_values(":order", AttributeValue::N(order.to_string()))
            .expression_attribute_values(":hash", AttributeValue::S(stored.hash.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else { return Ok(()) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                let found = refused.item.clone().map(RecordItem::read).transpose()?;
                Err(found.map_or_else(
                    || StoreError::Contended.into(),
                    |item| PutRecordError::Stale { stored: item.stored.version },
                ))
            }
            _ => Err(StoreError::request("PutItem")(error).into()),
        }
    }

    /// Each of these records that is there, in its latest version.
    ///
    /// # Errors
    /// [`StoreError`]: they are not known.
    pub async fn records_of(
        &self,
        records: &[LocalRecord],
        now: Timestamp,
    ) -> Result<HashMap<LocalRecord, StoredRecord>, StoreError> {
        let items = self.get_all(records.iter().map(Key::record).collect()).await?;
        let items = items.into_iter().map(RecordItem::read).collect::<Result<Vec<_>, _>>()?;
        let live = items.into_iter().filter(|item| item.expires_at > now);
        Ok(live.map(|item| (item.stored.record.clone(), item.stored)).collect())
    }

    /// Which of these groups are served: known, and not cancelled.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn served(&self, targets: &[Target], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let keys = targets.iter().map(|target| Key::group(&target.marketplace, &target.group)).collect();
        let items = self.get_all(keys).await?;
        let groups = items.into_iter().map(GroupItem::read).collect::<Result<Vec<_>, _>>()?;
        let is_served = |target: &Target| {
            let found = groups.iter().find(|one| one.marketplace == target.marketplace && one.group.id == target.group);
            found.is_some_and(|one| one.cancelled_at.is_none() && one.expires_at.is_none_or(|at| at > now))
        };
        Ok(targets.iter().map(is_served).collect())
    }

    async fn get_all(&self, mut keys: Vec<Key>) -> Result<Vec<super::item::Attributes>, StoreError> {
        keys.sort_unstable();
        keys.dedup();
        let pages = keys.chunks(batch::MAX_KEYS).map(<[Key]>::to_vec).collect::<Vec<_>>();
        let reads = pages.into_iter().map(|page| batch::get(&self.client, &self.table, page, Consistency::Strong));
        let found: Vec<Vec<_>> = stream::iter(reads).buffer_unordered(REQUESTS_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}
