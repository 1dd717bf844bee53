//! Removals: a membership ends, or a whole group. What a group's removal leaves to be done is listed until it is done.

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, put_item::PutItemError, update_item::UpdateItemError},
    types::AttributeValue,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Accounts, StoreError,
    item::{Attributes, EndedItem, GroupItem, Item as _, MemberItem, RemovalItem},
    keys::{Key, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE},
    membership::{Plan, Records},
    transaction::{self, ATTEMPTS, Outcome},
};
use crate::{
    domain::{GroupId, MarketplaceKey, UserId},
    event::RemovalReason,
};

/// How long the end of what nobody has met is remembered: longer than a sign-in can be under way.
const END_MEMORY: SignedDuration = SignedDuration::from_mins(30);

/// What a removal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It ended now.
    Now,
    /// It had ended before.
    Before,
    /// There is nothing of that name.
    Unknown,
}

/// A group's removal that is not finished: its members are to end, and its records to be purged once the marketplace has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The boundary.
    pub marketplace: MarketplaceKey,
    /// Which group.
    pub group: GroupId,
    /// When its service ended.
    pub cancelled_at: Timestamp,
    /// Whether all memberships of then have ended.
    pub members_ended: bool,
    /// Whether the marketplace said that the group is not over.
    #[serde(default)]
    pub is_disputed: bool,
    /// When to go on with it.
    pub next_at: Timestamp,
}

impl Accounts {
    /// Ends a person's membership in one group of one marketplace, and whatever rests on it. Their records are purged at `purge_at` if
    /// nothing else needs them. Of somebody whom nobody has met there it is noted that they must not come in by an answer that is under
    /// way.
    ///
    /// # Errors
    /// [`StoreError`]: it may not have ended.
    pub async fn remove_member(
        &self,
        (marketplace, group, user): (&MarketplaceKey, &GroupId, &UserId),
        purge_at: Timestamp,
        now: Timestamp,
    ) -> Result<Removed, StoreError> {
        for attempt in 1..=ATTEMPTS {
            let records = self.records(marketplace, group, user).await?;
            let done = if let Some(plan) =
                records.leave(RemovalReason::MemberRemoved, Timestamp::MAX, Some(purge_at), now)
            {
                self.carry_out(plan).await?.then_some(Removed::Now)
            } else if records.has_member(now) {
                Some(Removed::Before)
            } else {
                let (met, ended) = (Key::member(marketplace, group, user), Key::ended_member(marketplace, group, user));
                self.note_end(marketplace, met, ended, now).await?.then_some(Removed::Unknown)
            };
            match done {
                Some(removed) => return Ok(removed),
                None => transaction::pause(attempt).await,
            }
        }
        Err(StoreError::Contended)
    }

    /// Ends a membership of then, if the group's removal has not ended it and nobody has begun a new one. Whether it ended now.
    ///
    /// # Errors
    /// [`StoreError`]: it may not have ended.
    pub async fn end_member_of(&self, removal: &Removal, user: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        for attempt in 1..=ATTEMPTS {
            let records = self.records(&removal.marketplace, &removal.group, user).await?;
            let plan = records.leave(RemovalReason::GroupCancelled, removal.cancelled_at, None, now);
            let Some(plan) = plan else { return Ok(false) };
            if self.carry_out(plan).await? {
                return Ok(true);
            }
            transaction::pause(attempt).await;
        }
        Err(StoreError::Contended)
    }

    /// Ends the service for a group of one marketplace, and lists what that leaves to be done. Of a group that nobody has met it is
    /// noted that nobody must come in by an answer that is under way.
    ///
    /// # Errors
    /// [`StoreError`]: it may not have ended.
    pub async fn cancel_group(
        &self,
        marketplace: &MarketplaceKey,
        group: &GroupId,
        now: Timestamp,
    ) -> Result<Removed, StoreError> {
        for attempt in 1..=ATTEMPTS {
            let found = self.get::<GroupItem>(Key::group(marketplace, group)).await?;
            let records = Records { group: found, user: None, member: None };
            let done = if let Some(plan) = records.cancel(now) {
                self.carry_out(plan).await?.then_some(Removed::Now)
            } else if records.has_group(now) {
                Some(Removed::Before)
            } else {
                let (met, ended) = (Key::group(marketplace, group), Key::ended_group(marketplace, group));
                self.note_end(marketplace, met, ended, now).await?.then_some(Removed::Unknown)
            };
            match done {
                Some(removed) => return Ok(removed),
                None => transaction::pause(attempt).await,
            }
        }
        Err(StoreError::Contended)
    }

    /// Whether it was written; if not, somebody else was here in between.
    async fn carry_out(&self, plan: Plan) -> Result<bool, StoreError> {
        Ok(transaction::transact(&self.client, plan.into_items(&self.table)?).await? == Outcome::Written)
    }

    /// Notes the end of what nobody has met, and that still nobody has. Whether it was noted.
    async fn note_end(
        &self,
        marketplace: &MarketplaceKey,
        met: Key,
        ended: Key,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = EndedItem {
            marketplace: marketplace.clone(),
            ended_at: i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX),
            expires_at: now + END_MEMORY,
        };
        let items =
            vec![transaction::check_absent(&self.table, met, now)?, transaction::put(&self.table, item.at(ended)?)?];
        Ok(transaction::transact(&self.client, items).await? == Outcome::Written)
    }

    /// Every removal that is not finished.
    ///
    /// # Errors
    /// [`StoreError`]: they are not known.
    pub async fn removals(&self) -> Result<Vec<Removal>, StoreError> {
        let items = self.query(Key::REMOVALS.to_owned(), "").await?;
        items.into_iter().map(|item| Ok(RemovalItem::read(item)?.removal)).collect()
    }

    /// The people whose membership of then has not ended yet.
    ///
    /// # Errors
    /// [`StoreError`]: they are not known.
    pub async fn members_to_end(&self, removal: &Removal) -> Result<Vec<UserId>, StoreError> {
        let members = self.members(removal).await?.into_iter();
        let left = members.filter(|member| member.removed_at.is_none() && member.since <= removal.cancelled_at);
        Ok(left.map(|member| member.user).collect())
    }

    /// Whether the group has not come back since.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn is_still_cancelled(&self, removal: &Removal) -> Result<bool, StoreError> {
        let group = self.get::<GroupItem>(Key::group(&removal.marketplace, &removal.group)).await?;
        Ok(group.is_some_and(|group| group.cancelled_at == Some(removal.cancelled_at)))
    }

    /// Lets everything of a removed group expire at `purge_at`: its members, the people who have no membership left, and at last the
    /// group. Whatever came back in between stays. Whether it was done with all of it before there was no time left.
    ///
    /// # Errors
    /// [`StoreError`]: some of it may not expire yet.
    pub async fn purge_group(
        &self,
        removal: &Removal,
        purge_at: Timestamp,
        has_time: impl Fn() -> bool,
    ) -> Result<bool, StoreError> {
        let Removal { marketplace, group, cancelled_at, .. } = removal;
        let left = self.members(removal).await?.into_iter().filter(|member| member.expires_at.is_none());
        for MemberItem { user, .. } in left {
            if !has_time() {
                return Ok(false);
            }
            // What has another time to live already keeps it.
            let over = |since: &str| format!("attribute_exists({since}) AND attribute_not_exists(#expires_at)");
            self.expire(Key::user(marketplace, &user), purge_at, &over("blocked_at"), None).await?;
            self.expire(Key::member(marketplace, group, &user), purge_at, &over("removed_at"), None).await?;
        }
        let still = "cancelled_at = :cancelled_at";
        self.expire(Key::group(marketplace, group), purge_at, still, Some((":cancelled_at", *cancelled_at))).await?;
        Ok(true)
    }

    /// Notes how far a removal has come. One that was replaced by a later one is left alone.
    ///
    /// # Errors
    /// [`StoreError`]: it may be done once more.
    pub async fn postpone_removal(&self, removal: &Removal) -> Result<(), StoreError> {
        let item = RemovalItem { removal: removal.clone() };
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item.at(Key::removal(&removal.marketplace, &removal.group))?));
        let put = put.condition_expression("cancelled_at = :cancelled_at");
        let put = put.expression_attribute_values(":cancelled_at", AttributeValue::S(removal.cancelled_at.to_string()));
        let outcome = put.send().await;
        StoreError::unless_refused(outcome, "PutItem", PutItemError::is_conditional_check_failed_exception).map(drop)
    }

    /// Strikes a removal off the list. One that was replaced by a later one is left alone. Whether it was struck off.
    ///
    /// # Errors
    /// [`StoreError`]: it may be done once more.
    pub async fn finish_removal(&self, removal: &Removal) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(Key::removal(&removal.marketplace, &removal.group).into_attributes()));
        let delete = delete.condition_expression("cancelled_at = :cancelled_at");
        let delete =
            delete.expression_attribute_values(":cancelled_at", AttributeValue::S(removal.cancelled_at.to_string()));
        let outcome = delete.send().await;
        let is_refused = DeleteItemError::is_conditional_check_failed_exception;
        StoreError::unless_refused(outcome, "DeleteItem", is_refused)
    }

    async fn members(&self, removal: &Removal) -> Result<Vec<MemberItem>, StoreError> {
        let partition = Key::group(&removal.marketplace, &removal.group).partition().to_owned();
        self.query(partition, Key::MEMBERS).await?.into_iter().map(MemberItem::read).collect()
    }

    /// All items of a partition whose sort keys start like this.
    async fn query(&self, partition: String, start: &str) -> Result<Vec<Attributes>, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .expression_attribute_names("#partition", PARTITION_KEY)
            .expression_attribute_values(":partition", AttributeValue::S(partition));
        query = if start.is_empty() {
            query.key_condition_expression("#partition = :partition")
        } else {
            query
                .key_condition_expression("#partition = :partition AND begins_with(#sort, :start)")
                .expression_attribute_names("#sort", SORT_KEY)
                .expression_attribute_values(":start", AttributeValue::S(start.to_owned()))
        };
        query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(StoreError::request("Query"))
    }

    /// Lets an item expire, if this holds for it.
    async fn expire(
        &self,
        key: Key,
        at: Timestamp,
        condition: &str,
        value: Option<(&str, Timestamp)>,
    ) -> Result<(), StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.into_attributes()))
            .update_expression("SET #expires_at = :expires_at")
            .condition_expression(condition)
            .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
            .expression_attribute_values(":expires_at", AttributeValue::N(at.as_second().to_string()));
        if let Some((name, at)) = value {
            update = update.expression_attribute_values(name, AttributeValue::S(at.to_string()));
        }
        let outcome = update.send().await;
        let is_refused = UpdateItemError::is_conditional_check_failed_exception;
        StoreError::unless_refused(outcome, "UpdateItem", is_refused).map(drop)
    }
}
