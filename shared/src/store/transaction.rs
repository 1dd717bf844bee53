//! Writing several items at once, or none of them: what all transactions are made of.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem,
        builders::{ConditionCheckBuilder, PutBuilder},
    },
};
use jiff::Timestamp;

use super::{
    StoreError,
    item::Attributes,
    keys::{Key, PARTITION_KEY, TTL_ATTRIBUTE},
};
use crate::random;

/// How often something is read and written again that met another transaction.
pub(super) const ATTEMPTS: u32 = 12;
/// The first pause between attempts; it doubles up to the longest, and is cut short at random.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// What became of a transaction that the table answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// All of it is written.
    Written,
    /// Nothing is, because these items were not as it wanted them.
    Refused(Vec<Refusal>),
    /// Nothing is, because another transaction was under way.
    Conflict,
}

/// An item that was not as a transaction wanted it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// Its place in the transaction.
    pub(super) at: usize,
    /// The item, if there is one and the transaction asked to be told.
    pub(super) found: Option<Attributes>,
}

/// Whether the item at this place is among them.
pub(super) fn is_among(refused: &[Refusal], at: usize) -> bool {
    refused.iter().any(|refusal| refusal.at == at)
}

/// Writes all of these items or none.
pub(super) async fn transact(client: &Client, items: Vec<TransactWriteItem>) -> Result<Outcome, StoreError> {
    let Err(error) = client.transact_write_items().set_transact_items(Some(items)).send().await else {
        return Ok(Outcome::Written);
    };
    let reasons = cancellation_reasons(&error);
    let refused = refusals(reasons);
    if !refused.is_empty() {
        return Ok(Outcome::Refused(refused));
    }
    if !reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
        return Err(StoreError::request("TransactWriteItems")(error));
    }
    Ok(Outcome::Conflict)
}

/// How long to wait before attempt number `attempt`, which is 1 or more.
pub(super) async fn pause(attempt: u32) {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    tokio::time::sleep(longest.mul_f64(f64::from(u32::from_be_bytes(random::bytes())) / f64::from(u32::MAX))).await;
}

/// Writes an item that must not be there yet.
pub(super) fn create(table: &str, item: Attributes) -> Result<TransactWriteItem, StoreError> {
    replace(table, item, None)
}

/// Writes an item in the place of the one that has this revision; of none, if there is no revision.
pub(super) fn replace(table: &str, item: Attributes, revision: Option<u64>) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder().table_name(table).set_item(Some(item));
    let put = match revision {
        None => put.condition_expression("attribute_not_exists(#at)").expression_attribute_names("#at", PARTITION_KEY),
        Some(revision) => put
            .condition_expression("#at = :revision")
            .expression_attribute_names("#at", "revision")
            .expression_attribute_values(":revision", AttributeValue::N(revision.to_string())),
    };
    written(put)
}

/// Writes an item whatever is in its place.
pub(super) fn put(table: &str, item: Attributes) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder().table_name(table).set_item(Some(item));
    written(put)
}

/// Makes sure that an item still has this revision.
pub(super) fn check(table: &str, key: Key, revision: u64) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()))
        .condition_expression("revision = :revision")
        .expression_attribute_values(":revision", AttributeValue::N(revision.to_string()));
    checked(check)
}

/// Makes sure that an item is not there, or only because the table has not deleted it yet.
pub(super) fn check_absent(table: &str, key: Key, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()))
        .condition_expression("attribute_not_exists(#key) OR #expires_at <= :now")
        .expression_attribute_names("#key", PARTITION_KEY)
        .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
        .expression_attribute_values(":now", AttributeValue::N(now.as_second().to_string()));
    checked(check)
}

/// Makes sure that nothing is noted as ended here, or only what ended before `since`.
pub(super) fn check_not_ended(table: &str, key: Key, since: Timestamp) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()))
        .condition_expression("attribute_not_exists(#key) OR ended_at < :since")
        .expression_attribute_names("#key", PARTITION_KEY)
        .expression_attribute_values(":since", AttributeValue::N(since.as_nanosecond().to_string()));
    checked(check)
}

fn checked(check: ConditionCheckBuilder) -> Result<TransactWriteItem, StoreError> {
    let check = check.build().map_err(StoreError::build("ConditionCheck"))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

fn written(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::build("Put"))?).build())
}

/// Removes an item, if it is there.
pub(super) fn delete(table: &str, key: Key) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder().table_name(table).set_key(Some(key.into_attributes()));
    let delete = delete.build().map_err(StoreError::build("Delete"))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

/// The items that were not as the transaction wanted them.
fn refusals(reasons: &[CancellationReason]) -> Vec<Refusal> {
    let refused = reasons.iter().enumerate().filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
    refused.map(|(at, reason)| Refusal { at, found: reason.item.clone() }).collect()
}
