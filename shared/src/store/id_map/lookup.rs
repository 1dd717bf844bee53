//! Finding links from either side.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::{
    IdMap, Link,
    item::{CounterpartItem, LinkItem},
};
use crate::{
    domain::{LocalRecord, Place, RemoteRecord},
    store::{
        StoreError,
        batch::{self, Consistency},
        item::{Attributes, Item as _},
        keys::{Key, PARTITION_KEY},
    },
};

/// How many one request looks up.
pub const MAX_LOOKUP: usize = batch::MAX_KEYS;
/// How many such requests are under way at once.
const REQUESTS_AT_ONCE: usize = 4;

impl IdMap {
    /// Everything that is known of a record, place by place.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn links(&self, record: &LocalRecord, now: Timestamp) -> Result<Vec<Link>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", PARTITION_KEY)
            .expression_attribute_values(":partition", AttributeValue::S(Key::links_of(record)));
        let found: Result<Vec<Attributes>, _> = query.into_paginator().items().send().collect().await;
        let items = found.map_err(StoreError::request("Query"))?.into_iter().map(LinkItem::read);
        let items = items.collect::<Result<Vec<_>, _>>()?;
        Ok(items.into_iter().filter(|item| !item.is_expired(now)).map(LinkItem::into_link).collect())
    }

    /// What is known of a record in one place.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn link_in(
        &self,
        record: &LocalRecord,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<Link>, StoreError> {
        let found = self.item(record, place).await?;
        Ok(found.filter(|item| !item.is_expired(now)).map(LinkItem::into_link))
    }

    /// Whose counterpart this is.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn record_of(&self, remote: &RemoteRecord, now: Timestamp) -> Result<Option<LocalRecord>, StoreError> {
        let found = self.get(Key::counterpart(remote)).await?.map(CounterpartItem::read).transpose()?;
        Ok(found.filter(|item| !item.is_expired(now)).map(|item| item.record))
    }

    /// Whose counterparts these are, each in its place. A request looks up [`MAX_LOOKUP`] of them; several go side by side. What was
    /// linked a moment ago may be missing: it costs half as much.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn records_of(
        &self,
        remotes: &[RemoteRecord],
        now: Timestamp,
    ) -> Result<Vec<Option<LocalRecord>>, StoreError> {
        let mut keys: Vec<Key> = remotes.iter().map(Key::counterpart).collect();
        keys.sort_unstable();
        keys.dedup();
        let pages = keys.chunks(MAX_LOOKUP).map(|page| self.page(page.to_vec())).collect::<Vec<_>>();
        let found: Vec<Vec<CounterpartItem>> =
            stream::iter(pages).buffer_unordered(REQUESTS_AT_ONCE).try_collect().await?;
        let known: HashMap<RemoteRecord, LocalRecord> = found
            .into_iter()
            .flatten()
            .filter(|item| !item.is_expired(now))
            .map(|item| (item.remote, item.record))
            .collect();
        Ok(remotes.iter().map(|remote| known.get(remote).cloned()).collect())
    }

    async fn page(&self, keys: Vec<Key>) -> Result<Vec<CounterpartItem>, StoreError> {
        let items = batch::get(&self.client, &self.table, keys, Consistency::Eventual).await?;
        items.into_iter().map(CounterpartItem::read).collect()
    }

    pub(super) async fn item(&self, record: &LocalRecord, place: &Place) -> Result<Option<LinkItem>, StoreError> {
        self.get(Key::link(record, place)).await?.map(LinkItem::read).transpose()
    }

    async fn get(&self, key: Key) -> Result<Option<Attributes>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key.into_attributes()));
        let found = request.consistent_read(true).send().await.map_err(StoreError::request("GetItem"))?;
        Ok(found.item)
    }
}
