//! Making and taking back links.

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, update_item::UpdateItemError},
    types::{
        Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
        builders::{DeleteBuilder, UpdateBuilder},
    },
};
use jiff::Timestamp;

use super::{
    IdMap,
    item::{CounterpartItem, LinkItem, NAMES, names, number, text},
};
use crate::{
    domain::{LocalRecord, Place, RemoteRecord},
    store::{
        StoreError,
        item::Item as _,
        keys::{Key, PARTITION_KEY, TTL_ATTRIBUTE},
        transaction::{self, ATTEMPTS, Outcome, Refusal},
    },
};

/// What linking found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// They are linked now.
    Now,
    /// They were linked before.
    Before,
}

/// The two are not linked, and why.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The record has another counterpart in this place.
    #[error("the record is linked to another one there")]
    RecordTaken {
        /// The id of that.
        rid: String,
    },
    /// The counterpart is that of another record.
    #[error("the counterpart is linked to another record")]
    RemoteTaken {
        /// Which.
        record: LocalRecord,
    },
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where in the transaction the two sides stand.
const RECORD_AT: usize = 0;
const REMOTE_AT: usize = 1;

impl IdMap {
    /// Links a record and its counterpart. One transaction of two writes.
    ///
    /// # Errors
    /// [`LinkError`] says which of the two is linked to what else.
    pub async fn link(&self, record: &LocalRecord, remote: &RemoteRecord, now: Timestamp) -> Result<Linked, LinkError> {
        for attempt in 1..=ATTEMPTS {
            let update = self.record_side(record, remote, now).condition_expression("attribute_not_exists(rid)");
            let items = vec![updated(update)?, self.remote_side(record, remote, now)?];
            match transaction::transact(&self.client, items).await? {
                Outcome::Written => return Ok(Linked::Now),
                Outcome::Conflict => transaction::pause(attempt).await,
                Outcome::Refused(refused) => match met(refused, record, remote, now)? {
                    Met::Same { is_expiring: false } => return Ok(Linked::Before),
                    Met::Same { is_expiring: true } => {
                        let update = self.record_side(record, remote, now).condition_expression("rid = :rid");
                        let items = vec![updated(update)?, self.remote_side(record, remote, now)?];
                        match transaction::transact(&self.client, items).await? {
                            Outcome::Written => return Ok(Linked::Before),
                            Outcome::Refused(_) | Outcome::Conflict => transaction::pause(attempt).await,
                        }
                    }
                    Met::Other(error) => return Err(error),
                    Met::Expired => self.clear(record, &remote.place, Some(&remote.rid), now).await?,
                },
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Takes a link back, with everything that is known of it. Whether there was one.
    ///
    /// # Errors
    /// [`StoreError`]: it may still be there.
    pub async fn unlink(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError> {
        for attempt in 1..=ATTEMPTS {
            let Some(found) = self.item(record, place).await? else { return Ok(false) };
            let was_link = found.rid.is_some() && !found.is_expired(now);
            let delete = self.delete(Key::link(record, place));
            let items = match &found.rid {
                None => vec![deleted(delete.condition_expression("attribute_not_exists(rid)"))?],
                Some(rid) => {
                    let remote = RemoteRecord { place: place.clone(), rid: rid.clone() };
                    let delete =
                        delete.condition_expression("rid = :rid").expression_attribute_values(":rid", text(rid));
                    vec![deleted(delete)?, deleted(self.delete_remote(record, &remote))?]
                }
            };
            match transaction::transact(&self.client, items).await? {
                Outcome::Written => return Ok(was_link),
                // It was linked, or linked to something else, in between.
                Outcome::Refused(_) | Outcome::Conflict => transaction::pause(attempt).await,
            }
        }
        Err(StoreError::Contended)
    }

    /// Notes that one of the two is no more. The link stays, so that neither is made again. Whether there is one.
    ///
    /// # Errors
    /// [`StoreError`]: it may not be noted.
    pub async fn tombstone(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::link(record, place).into_attributes()))
            .update_expression("SET tombstoned_at = if_not_exists(tombstoned_at, :now)")
            .condition_expression("attribute_exists(rid)")
            .expression_attribute_values(":now", text(&now.to_string()))
            .send()
            .await;
        StoreError::unless_refused(outcome, "UpdateItem", UpdateItemError::is_conditional_check_failed_exception)
    }

    /// The record's side, linked; a condition is still to be said.
    pub(super) fn record_side(&self, record: &LocalRecord, remote: &RemoteRecord, now: Timestamp) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::link(record, &remote.place).into_attributes()))
            .update_expression(format!(
                "SET {NAMES}, rid = :rid, linked_at = if_not_exists(linked_at, :now) REMOVE #expires_at"
            ))
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
            .set_expression_attribute_values(Some(names(record, &remote.place)))
            .expression_attribute_values(":rid", text(&remote.rid))
            .expression_attribute_values(":now", text(&now.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// The counterpart's side, which must not be another record's, unless that is only not deleted yet.
    pub(super) fn remote_side(
        &self,
        record: &LocalRecord,
        remote: &RemoteRecord,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = CounterpartItem { record: record.clone(), remote: remote.clone(), expires_at: None };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item.at(Key::counterpart(remote))?))
            .condition_expression(
                "attribute_not_exists(#key) OR (class_name = :class_name AND id = :id) OR #expires_at <= :now",
            )
            .expression_attribute_names("#key", PARTITION_KEY)
            .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
            .expression_attribute_values(":class_name", text(&record.class_name))
            .expression_attribute_values(":id", text(&record.id))
            .expression_attribute_values(":now", number(now.as_second()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = put.build().map_err(StoreError::build("Put"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(super) fn delete(&self, key: Key) -> DeleteBuilder {
        Delete::builder().table_name(&self.table).set_key(Some(key.into_attributes()))
    }

    /// Takes the counterpart's side away, if it is this record's.
    pub(super) fn delete_remote(&self, record: &LocalRecord, remote: &RemoteRecord) -> DeleteBuilder {
        self.delete(Key::counterpart(remote))
            .condition_expression("attribute_not_exists(#key) OR (class_name = :class_name AND id = :id)")
            .expression_attribute_names("#key", PARTITION_KEY)
            .expression_attribute_values(":class_name", text(&record.class_name))
            .expression_attribute_values(":id", text(&record.id))
    }

    /// Takes away what has expired on either side and was not deleted yet.
    pub(super) async fn clear(
        &self,
        record: &LocalRecord,
        place: &Place,
        rid: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let counterpart = rid.map(|rid| RemoteRecord { place: place.clone(), rid: rid.to_owned() });
        for key in [Some(Key::link(record, place)), counterpart.as_ref().map(Key::counterpart)].into_iter().flatten() {
            let outcome = self
                .client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(key.into_attributes()))
                .condition_expression("#expires_at <= :now")
                .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
                .expression_attribute_values(":now", number(now.as_second()))
                .send()
                .await;
            StoreError::unless_refused(outcome, "DeleteItem", DeleteItemError::is_conditional_check_failed_exception)?;
        }
        Ok(())
    }
}

/// What stands where a link was to be written.
enum Met {
    /// This very link, perhaps one that was to be let go.
    Same { is_expiring: bool },
    /// Something that has expired.
    Expired,
    /// Another link.
    Other(LinkError),
}

/// Reads what the transaction was refused for.
fn met(refused: Vec<Refusal>, record: &LocalRecord, remote: &RemoteRecord, now: Timestamp) -> Result<Met, LinkError> {
    let mut same = None;
    for Refusal { at, found } in refused {
        // What was there a moment ago is gone.
        let Some(found) = found else { return Ok(Met::Expired) };
        if at == RECORD_AT {
            let found = LinkItem::read(found)?;
            match &found.rid {
                _ if found.is_expired(now) => return Ok(Met::Expired),
                Some(rid) if *rid != remote.rid => return Ok(Met::Other(LinkError::RecordTaken { rid: rid.clone() })),
                Some(_) => same = Some(Met::Same { is_expiring: found.expires_at.is_some() }),
                None => return Ok(Met::Expired),
            }
        } else if at == REMOTE_AT {
            let found = CounterpartItem::read(found)?;
            if found.is_expired(now) {
                return Ok(Met::Expired);
            }
            if found.record != *record {
                return Ok(Met::Other(LinkError::RemoteTaken { record: found.record }));
            }
        }
    }
    Ok(same.unwrap_or(Met::Expired))
}

pub(super) fn updated(update: UpdateBuilder) -> Result<TransactWriteItem, StoreError> {
    let update = update.build().map_err(StoreError::build("Update"))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

pub(super) fn deleted(delete: DeleteBuilder) -> Result<TransactWriteItem, StoreError> {
    let delete = delete.build().map_err(StoreError::build("Delete"))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}
