//! The configuration snapshot: its head, and the sealed part in as many items as it takes, replaced together.

use aws_sdk_dynamodb::{
    operation::{transact_write_items::TransactWriteItemsError, update_item::UpdateItemError},
    types::{AttributeValue, Put, TransactWriteItem},
};

use super::{
    Accounts, StoreError,
    item::{Attributes, HeadItem, Item, PartItem},
    keys::{Key, PARTITION_KEY, SORT_KEY},
};
use crate::configuration::Head;

/// How much of the sealed text stands in one item, which may take 400 KB with its other attributes.
const PART_LEN: usize = 380_000;
/// A transaction takes 4 MB; a document of 2 MiB, sealed and encoded, needs eight.
const MAX_PARTS: usize = 10;
/// How often a snapshot is read again that was replaced under our eyes.
const TRIES: usize = 3;

/// A snapshot could not be stored; the last one is still there.
#[derive(Debug, thiserror::Error)]
pub enum PutConfigurationError {
    /// Another refresh was quicker.
    #[error("another refresh was quicker")]
    Conflict,
    /// More than a transaction takes.
    #[error("configuration is too large to be stored")]
    TooLarge,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Which snapshot is there, if any.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn configuration_head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.get::<HeadItem>(Key::configuration_head()).await?.map(|item| item.head))
    }

    /// The snapshot, sealed as it was.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be read, or is being replaced faster than it can be read.
    pub async fn configuration(&self) -> Result<Option<(Head, String)>, StoreError> {
        for _ in 0..TRIES {
            let items = self.configuration_items().await?;
            if items.is_empty() {
                return Ok(None);
            }
            if let Some(found) = assembled(items)? {
                return Ok(Some(found));
            }
        }
        Err(StoreError::Torn)
    }

    /// Replaces the snapshot `last` by the next one, as a whole or not at all. Answers with its head.
    ///
    /// # Errors
    /// [`PutConfigurationError`]: nothing was changed.
    pub async fn put_configuration(
        &self,
        mut head: Head,
        sealed: &str,
        last: &Head,
    ) -> Result<Head, PutConfigurationError> {
        let parts: Vec<&str> = chunks(sealed);
        if parts.len() > MAX_PARTS {
            return Err(PutConfigurationError::TooLarge);
        }
        head.parts = parts.len();
        let put = |item| Put::builder().table_name(&self.table).set_item(Some(item));
        let built = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            put.build().map_err(StoreError::build("TransactWriteItems"))
        };
        let item = HeadItem { head: head.clone() }.at(Key::configuration_head())?;
        let condition = if last.version == 0 {
            put(item)
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", PARTITION_KEY)
        } else {
            put(item)
                .condition_expression("version = :last")
                .expression_attribute_values(":last", AttributeValue::N(last.version.to_string()))
        };
        let mut writes = vec![TransactWriteItem::builder().put(built(condition)?).build()];
        for (index, part) in parts.into_iter().enumerate() {
            let item = PartItem { version: head.version, sealed: part.to_owned() };
            let item = item.at(Key::configuration_part(index))?;
            writes.push(TransactWriteItem::builder().put(built(put(item))?).build());
        }
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(head),
            Err(error) if error.as_service_error().is_some_and(was_overtaken) => Err(PutConfigurationError::Conflict),
            Err(error) => Err(StoreError::request("TransactWriteItems")(error).into()),
        }
    }

    /// Notes when the sources of the snapshot that is there last could be used.
    ///
    /// # Errors
    /// [`PutConfigurationError`]: nothing was changed.
    pub async fn confirm_configuration(&self, head: &Head) -> Result<(), PutConfigurationError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::configuration_head().into_attributes()))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", AttributeValue::N(head.version.to_string()));
        let times = [("platform_at", head.platform_at), ("manifest_at", head.manifest_at)];
        let mut changes = Vec::new();
        for (name, at) in times.into_iter().filter_map(|(name, at)| Some((name, at?))) {
            changes.push(format!("{name} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), AttributeValue::S(at.to_string()));
        }
        if changes.is_empty() {
            return Ok(());
        }
        match update.update_expression(format!("SET {}", changes.join(", "))).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Err(PutConfigurationError::Conflict)
            }
            Err(error) => Err(StoreError::request("UpdateItem")(error).into()),
        }
    }

    /// All of it, in the order of its parts; the head comes first.
    async fn configuration_items(&self) -> Result<Vec<Attributes>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", PARTITION_KEY)
            .expression_attribute_values(":key", AttributeValue::S(Key::configuration_head().partition().to_owned()));
        query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(StoreError::request("Query"))
    }
}

/// Whether the condition on the last version did not hold, or somebody else was writing at that moment.
fn was_overtaken(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return false };
    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.into_iter().any(|code| ["ConditionalCheckFailed", "TransactionConflict"].contains(&code))
}

/// Head and sealed part, if all of it belongs together.
fn assembled(items: Vec<Attributes>) -> Result<Option<(Head, String)>, StoreError> {
    let (mut head, mut parts) = (None, Vec::new());
    for item in items {
        let is_head = item.get(SORT_KEY) == Key::configuration_head().into_attributes().get(SORT_KEY);
        if is_head {
            head = Some(HeadItem::read(item)?.head);
        } else {
            parts.push(PartItem::read(item)?);
        }
    }
    let Some(head) = head else { return Ok(None) };
    // A larger snapshot may have left parts behind.
    parts.truncate(head.parts);
    let whole = parts.len() == head.parts && parts.iter().all(|part| part.version == head.version);
    Ok(whole.then(|| (head, parts.into_iter().map(|part| part.sealed).collect())))
}

/// The sealed text is ASCII.
fn chunks(sealed: &str) -> Vec<&str> {
    sealed.as_bytes().chunks(PART_LEN).filter_map(|part| std::str::from_utf8(part).ok()).collect()
}
