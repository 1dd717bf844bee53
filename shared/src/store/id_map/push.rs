//! What a push does to a link: it claims it, so that of one record only one push is under way in one place, and settles it.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    IdMap, PushOutcome, PushState,
    item::{LinkItem, NAMES, names, number, text, value},
    linking::{LinkError, updated},
};
use crate::{
    domain::{LocalRecord, Place, RemoteRecord, Version},
    random,
    store::{
        StoreError,
        item::Item as _,
        keys::{Key, TTL_ATTRIBUTE},
        transaction::{self, ATTEMPTS, Outcome},
    },
};

/// How long the state of a push is kept for a record that never gets linked.
const UNLINKED_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A push that may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The record.
    pub record: LocalRecord,
    /// Where it goes.
    pub place: Place,
    /// Which state of it.
    pub version: Version,
    /// The counterpart's id, if there is one.
    pub rid: Option<String>,
    /// What the link must be claimed by when this ends.
    pub(crate) id: String,
    /// Whether the link was to be let go.
    pub(crate) is_expiring: bool,
}

/// What is thought of a link before it is read. Being wrong costs one more write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The record has a counterpart.
    Linked,
    /// It has none.
    Unlinked,
    /// If it has none, it is not to get one.
    OnlyLinked,
}

/// Why a push may not begin.
#[derive(Debug, thiserror::Error)]
pub enum ClaimRefused {
    /// Another one is under way.
    #[error("another push of the record is under way")]
    UnderWay,
    /// This state, or a later one, has been pushed or rejected.
    #[error("the record's state has been pushed")]
    Settled,
    /// The record has no counterpart there, and is not to get one.
    #[error("the record is not linked there")]
    NotLinked,
    /// One of the two records is no more.
    #[error("the link is a tombstone")]
    Tombstoned,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The marketplace has it.
    Pushed {
        /// The id of the record there.
        rid: String,
        /// The hash of what it has.
        hash: String,
    },
    /// The marketplace does not take it.
    Rejected {
        /// Why.
        reason: String,
    },
    /// It will be tried again.
    Waiting {
        /// Why.
        reason: String,
    },
}

impl IdMap {
    /// Claims the link of a record in one place for a push of this version, until `until`.
    ///
    /// # Errors
    /// [`ClaimRefused`].
    pub async fn claim(
        &self,
        (record, place, version): (&LocalRecord, &Place, Version),
        hint: Hint,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, ClaimRefused> {
        let mut hint = hint;
        for _ in 0..ATTEMPTS {
            let id = random::hex128();
            match self.try_claim((record, place, version), hint, &id, now, until).await? {
                Ok(item) => {
                    return Ok(Claim {
                        record: record.clone(),
                        place: place.clone(),
                        version,
                        is_expiring: item.rid.is_some() && item.expires_at.is_some(),
                        rid: item.rid,
                        id,
                    });
                }
                Err(_) if hint == Hint::OnlyLinked => return Err(ClaimRefused::NotLinked),
                Err(None) => hint = Hint::Unlinked,
                Err(Some(found)) if found.is_expired(now) => {
                    self.clear(record, place, found.rid.as_deref(), now).await?;
                    hint = Hint::Unlinked;
                }
                Err(Some(found)) => {
                    if found.tombstoned_at.is_some() {
                        return Err(ClaimRefused::Tombstoned);
                    }
                    if found.settled_order.is_some_and(|settled| settled >= version.order()) {
                        return Err(ClaimRefused::Settled);
                    }
                    if found.claimed_until.is_some_and(|claimed| claimed > now.as_millisecond()) {
                        return Err(ClaimRefused::UnderWay);
                    }
                    hint = if found.rid.is_some() { Hint::Linked } else { Hint::Unlinked };
                }
            }
        }
        Err(StoreError::Contended.into())
    }

    /// What is there instead, if it cannot be claimed like this.
    async fn try_claim(
        &self,
        (record, place, version): (&LocalRecord, &Place, Version),
        hint: Hint,
        id: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Result<LinkItem, Option<LinkItem>>, StoreError> {
        // A request that was sent again, because its answer was lost, meets itself.
        let free = "(attribute_not_exists(claimed_until) OR claimed_until <= :now OR claim = :claim) \
                    AND (attribute_not_exists(settled_order) OR settled_order < :order) \
                    AND attribute_not_exists(tombstoned_at) \
                    AND (attribute_not_exists(#expires_at) OR #expires_at > :second)";
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::link(record, place).into_attributes()))
            .set_expression_attribute_values((hint == Hint::Unlinked).then(|| names(record, place)))
            .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
            .expression_attribute_values(":second", number(now.as_second()))
            .expression_attribute_values(":claim", text(id))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":order", number(version.order()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match hint {
            Hint::Linked | Hint::OnlyLinked => request
                .update_expression("SET claim = :claim, claimed_until = :until")
                .condition_expression(format!("attribute_exists(rid) AND {free}")),
            Hint::Unlinked => request
                .update_expression(format!(
                    "SET {NAMES}, claim = :claim, claimed_until = :until, #expires_at = :expires_at"
                ))
                .condition_expression(format!("attribute_not_exists(rid) AND {free}"))
                .expression_attribute_names("#type", "type")
                .expression_attribute_values(":expires_at", number((now + UNLINKED_LIFETIME).as_second())),
        };
        match request.send().await {
            Ok(answer) => Ok(Ok(LinkItem::read(answer.attributes.unwrap_or_default())?)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Err(refused.item.clone().map(LinkItem::read).transpose()?))
                }
                _ => Err(StoreError::request("UpdateItem")(error)),
            },
        }
    }

    /// Ends a push. A record that was pushed for the first time is linked by it. What somebody else has done to the link since the claim
    /// ran out stays as it is; whether the end was noted.
    ///
    /// # Errors
    /// [`LinkError`]: the record, or the counterpart, belongs to another link, or the end may not be noted.
    pub async fn settle(&self, claim: &Claim, settlement: &Settlement, now: Timestamp) -> Result<bool, LinkError> {
        match settlement {
            Settlement::Pushed { rid, hash } if claim.rid.is_none() || claim.is_expiring => {
                let rid = claim.rid.as_ref().unwrap_or(rid);
                self.settle_new(claim, rid, hash, now).await
            }
            _ => Ok(self.settle_known(claim, settlement, now).await?),
        }
    }

    async fn settle_known(&self, claim: &Claim, settlement: &Settlement, now: Timestamp) -> Result<bool, StoreError> {
        let state = settlement.state(claim.version, now);
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::link(&claim.record, &claim.place).into_attributes()))
            .condition_expression("claim = :claim")
            .expression_attribute_values(":claim", text(&claim.id))
            .expression_attribute_values(":push", value(&state, "push state")?);
        let order = number(claim.version.order());
        let request = match settlement {
            Settlement::Waiting { .. } => request.update_expression("SET push = :push REMOVE claim, claimed_until"),
            Settlement::Rejected { .. } => request
                .update_expression("SET push = :push, settled_order = :order REMOVE claim, claimed_until")
                .expression_attribute_values(":order", order),
            Settlement::Pushed { hash, .. } => request
                .update_expression(format!("SET {PUSHED} REMOVE claim, claimed_until"))
                .expression_attribute_values(":order", order)
                .expression_attribute_values(":hash", text(hash)),
        };
        let outcome = request.send().await;
        StoreError::unless_refused(outcome, "UpdateItem", UpdateItemError::is_conditional_check_failed_exception)
    }

    async fn settle_new(&self, claim: &Claim, rid: &str, hash: &str, now: Timestamp) -> Result<bool, LinkError> {
        let remote = RemoteRecord { place: claim.place.clone(), rid: rid.to_owned() };
        let pushed = Settlement::Pushed { rid: rid.to_owned(), hash: hash.to_owned() }.state(claim.version, now);
        for attempt in 1..=ATTEMPTS {
            let update = self
                .record_side(&claim.record, &remote, now)
                .update_expression(format!(
                    "SET {NAMES}, rid = :rid, linked_at = if_not_exists(linked_at, :now), {PUSHED} \
                     REMOVE #expires_at, claim, claimed_until"
                ))
                .condition_expression("claim = :claim AND (attribute_not_exists(rid) OR rid = :rid)")
                .expression_attribute_values(":claim", text(&claim.id))
                .expression_attribute_values(":push", value(&pushed, "push state")?)
                .expression_attribute_values(":order", number(claim.version.order()))
                .expression_attribute_values(":hash", text(hash));
            let items = vec![updated(update)?, self.remote_side(&claim.record, &remote, now)?];
            match transaction::transact(&self.client, items).await? {
                Outcome::Written => return Ok(true),
                Outcome::Conflict => transaction::pause(attempt).await,
                Outcome::Refused(_) => {
                    // Whose is it, if it is another record's?
                    let owner = self.record_of(&remote, now).await?.filter(|owner| *owner != claim.record);
                    return match owner {
                        Some(record) => Err(LinkError::RemoteTaken { record }),
                        None => Ok(false),
                    };
                }
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Notes what became of a push that was not made, without touching a link that a push is under way for, or one that this state or a
    /// later one has come to an end with. Whether it was noted.
    ///
    /// # Errors
    /// [`StoreError`]: it may not be noted.
    pub async fn note_push(
        &self,
        record: &LocalRecord,
        place: &Place,
        (outcome, version, reason): (PushOutcome, Version, &str),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let state = PushState { outcome, version, at: now, reason: Some(reason.to_owned()) };
        let free = "(attribute_not_exists(claimed_until) OR claimed_until <= :now) \
                    AND (attribute_not_exists(settled_order) OR settled_order < :order)";
        for is_linked in [true, false] {
            let request = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(Key::link(record, place).into_attributes()))
                .set_expression_attribute_values((!is_linked).then(|| names(record, place)))
                .expression_attribute_values(":push", value(&state, "push state")?)
                .expression_attribute_values(":now", number(now.as_millisecond()))
                .expression_attribute_values(":order", number(version.order()));
            let request = if is_linked {
                request
                    .update_expression("SET push = :push")
                    .condition_expression(format!("attribute_exists(rid) AND {free}"))
            } else {
                request
                    .update_expression(format!("SET {NAMES}, push = :push, #expires_at = :expires_at"))
                    .condition_expression(format!("attribute_not_exists(rid) AND {free}"))
                    .expression_attribute_names("#type", "type")
                    .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
                    .expression_attribute_values(":expires_at", number((now + UNLINKED_LIFETIME).as_second()))
            };
            let outcome = request.send().await;
            let is_refused = UpdateItemError::is_conditional_check_failed_exception;
            if StoreError::unless_refused(outcome, "UpdateItem", is_refused)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes the state of a counterpart that was applied here. An older one than what is known changes nothing; whether it was noted.
    ///
    /// # Errors
    /// [`StoreError`]: it may not be noted.
    pub async fn note_applied(
        &self,
        record: &LocalRecord,
        place: &Place,
        (order, hash): (u64, &str),
    ) -> Result<bool, StoreError> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::link(record, place).into_attributes()))
            .update_expression("SET applied_order = :order, applied_hash = :hash")
            .condition_expression(
                "attribute_exists(rid) AND (attribute_not_exists(applied_order) OR applied_order < :order)",
            )
            .expression_attribute_values(":order", number(order))
            .expression_attribute_values(":hash", text(hash))
            .send()
            .await;
        StoreError::unless_refused(outcome, "UpdateItem", UpdateItemError::is_conditional_check_failed_exception)
    }
}

/// What an update says of a state that was pushed.
const PUSHED: &str = "push = :push, settled_order = :order, pushed_order = :order, pushed_hash = :hash";

impl Settlement {
    pub(crate) fn state(&self, version: Version, at: Timestamp) -> PushState {
        let (outcome, reason) = match self {
            Self::Pushed { .. } => (PushOutcome::Pushed, None),
            Self::Rejected { reason } => (PushOutcome::Rejected, Some(reason.clone())),
            Self::Waiting { reason } => (PushOutcome::Waiting, Some(reason.clone())),
        };
        PushState { outcome, version, at, reason }
    }
}
