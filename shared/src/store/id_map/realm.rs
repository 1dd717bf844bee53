//! All links of a realm: listed page by page, let go, renamed.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::{
    IdMap,
    item::{CounterpartItem, LinkItem, number, text},
    linking::{deleted, updated},
};
use crate::{
    domain::{LocalRecord, Place, Realm, RemoteRecord},
    store::{
        StoreError,
        item::{Attributes, Item as _},
        keys::{Key, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE},
        transaction::{self, ATTEMPTS, Outcome},
    },
};

/// How many links one transaction lets go: two items each, and a transaction takes a hundred.
const LET_GO_AT_ONCE: usize = 50;

/// Some links of a realm, by entity and then by the counterpart's id, each in the order of their keys: that of the bytes of UTF-8, as
/// long as they are short and without characters that mean something in a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Which are the same.
    pub links: Vec<(LocalRecord, RemoteRecord)>,
    /// Where the next page starts, if there may be one.
    pub next: Option<Cursor>,
}

/// Where a page starts. It is worth something only for the realm and the entity that it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) String);

impl Cursor {
    /// As text that can stand anywhere.
    #[must_use]
    pub fn as_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// From that text. `None` if it is none.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let sort = URL_SAFE_NO_PAD.decode(text).ok()?;
        String::from_utf8(sort).ok().filter(|sort| !sort.is_empty() && sort.len() <= 1_024).map(Self)
    }
}

impl IdMap {
    /// The links of a realm, of one entity or of all, at most `limit` of them, from where `after` says.
    ///
    /// # Errors
    /// [`StoreError`]: they are not known.
    pub async fn list(
        &self,
        realm: &Realm,
        entity: Option<&str>,
        after: Option<&Cursor>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let (items, next) = self.items(realm, entity, after, limit).await?;
        let links = items.into_iter().filter(|item| !item.is_expired(now)).map(|item| (item.record, item.remote));
        Ok(Page { links: links.collect(), next })
    }

    /// Lets all links of a realm expire at `at`: from then on nobody finds them. Whether it was done with all of them before there was
    /// no time left; called again it goes on where it was.
    ///
    /// # Errors
    /// [`StoreError`]: it is to be called again.
    pub async fn remove_realm(
        &self,
        realm: &Realm,
        at: Timestamp,
        has_time: impl Fn() -> bool,
    ) -> Result<bool, StoreError> {
        let mut after = None;
        loop {
            let (items, next) = self.items(realm, None, after.as_ref(), 200).await?;
            let left: Vec<CounterpartItem> =
                items.into_iter().filter(|item| item.expires_at.is_none_or(|known| known > at)).collect();
            for some in left.chunks(LET_GO_AT_ONCE) {
                if !has_time() {
                    return Ok(false);
                }
                self.let_go(some, at).await?;
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(true),
            }
        }
    }

    /// Moves all links of an entity to another name, with what is known of them. Whether it was done with all of them before there was no
    /// time left; called again it goes on where it was.
    ///
    /// # Errors
    /// [`StoreError`]: it is to be called again.
    pub async fn rename_entity(
        &self,
        realm: &Realm,
        (from, to): (&str, &str),
        has_time: impl Fn() -> bool,
    ) -> Result<bool, StoreError> {
        loop {
            let (items, _) = self.items(realm, Some(from), None, 100).await?;
            if items.is_empty() || from == to {
                return Ok(true);
            }
            for item in items {
                if !has_time() {
                    return Ok(false);
                }
                self.rename(&item, to).await?;
            }
        }
    }

    async fn items(
        &self,
        realm: &Realm,
        entity: Option<&str>,
        after: Option<&Cursor>,
        limit: u16,
    ) -> Result<(Vec<CounterpartItem>, Option<Cursor>), StoreError> {
        let partition = Key::links_in(realm);
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(i32::from(limit))
            .expression_attribute_names("#partition", PARTITION_KEY)
            .expression_attribute_values(":partition", AttributeValue::S(partition.clone()));
        query = match entity {
            None => query.key_condition_expression("#partition = :partition"),
            Some(entity) => query
                .key_condition_expression("#partition = :partition AND begins_with(#sort, :entity)")
                .expression_attribute_names("#sort", SORT_KEY)
                .expression_attribute_values(":entity", AttributeValue::S(Key::entity(entity))),
        };
        let start = after.map(|Cursor(sort)| Key::of(partition, sort.clone()).into_attributes());
        let answer = query.set_exclusive_start_key(start).send().await.map_err(StoreError::request("Query"))?;
        let items = answer.items.unwrap_or_default().into_iter().map(CounterpartItem::read);
        Ok((items.collect::<Result<_, _>>()?, answer.last_evaluated_key.as_ref().and_then(cursor)))
    }

    /// All of these in one transaction; one by one, if something of them has changed.
    async fn let_go(&self, items: &[CounterpartItem], at: Timestamp) -> Result<(), StoreError> {
        let mut writes = Vec::with_capacity(items.len() * 2);
        for item in items {
            writes.extend(self.both_expire(item, at)?);
        }
        if transaction::transact(&self.client, writes).await? == Outcome::Written {
            return Ok(());
        }
        for item in items {
            self.let_one_go(item, at).await?;
        }
        Ok(())
    }

    async fn let_one_go(&self, item: &CounterpartItem, at: Timestamp) -> Result<(), StoreError> {
        for attempt in 1..=ATTEMPTS {
            match transaction::transact(&self.client, self.both_expire(item, at)?.into()).await? {
                Outcome::Conflict => transaction::pause(attempt).await,
                // It was unlinked, or linked anew, since it was read.
                Outcome::Written | Outcome::Refused(_) => return Ok(()),
            }
        }
        Err(StoreError::Contended)
    }

    fn both_expire(&self, item: &CounterpartItem, at: Timestamp) -> Result<[TransactWriteItem; 2], StoreError> {
        let expire = |key: Key| {
            Update::builder()
                .table_name(&self.table)
                .set_key(Some(key.into_attributes()))
                .update_expression("SET #expires_at = :at")
                .expression_attribute_names("#expires_at", TTL_ATTRIBUTE)
                .expression_attribute_values(":at", number(at.as_second()))
        };
        let link = expire(Key::link(&item.record, &item.remote.place))
            .condition_expression("rid = :rid")
            .expression_attribute_values(":rid", text(&item.remote.rid));
        let counterpart = expire(Key::counterpart(&item.remote))
            .condition_expression("class_name = :class_name AND id = :id")
            .expression_attribute_values(":class_name", text(&item.record.class_name))
            .expression_attribute_values(":id", text(&item.record.id));
        Ok([updated(link)?, updated(counterpart)?])
    }

    /// Moves one link: four writes, all or none. If it changed since it was read, it is read again.
    async fn rename(&self, item: &CounterpartItem, to: &str) -> Result<(), StoreError> {
        for attempt in 1..=ATTEMPTS {
            let place = &item.remote.place;
            let found = self.item(&item.record, place).await?;
            let Some(found) = found.filter(|link| link.rid.as_ref() == Some(&item.remote.rid)) else {
                // Its other side is gone: the table deletes the two by themselves.
                let orphan = deleted(self.delete_remote(&item.record, &item.remote))?;
                transaction::transact(&self.client, vec![orphan]).await?;
                return Ok(());
            };
            let renamed = Place { realm: place.realm.clone(), entity: to.to_owned() };
            let remote = RemoteRecord { place: renamed.clone(), rid: item.remote.rid.clone() };
            let moved = LinkItem { place: renamed.clone(), ..found.clone() };
            // What a push under way would write must not be lost.
            let unchanged = self
                .delete(Key::link(&item.record, place))
                .condition_expression("rid = :rid AND attribute_not_exists(claim)")
                .expression_attribute_values(":rid", text(&item.remote.rid));
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(moved.at(Key::link(&item.record, &renamed))?))
                .condition_expression("attribute_not_exists(rid)");
            let put = put.build().map_err(StoreError::build("Put"))?;
            let items = vec![
                deleted(unchanged)?,
                deleted(self.delete_remote(&item.record, &item.remote))?,
                TransactWriteItem::builder().put(put).build(),
                // Nothing of another record may stand there.
                self.remote_side(&item.record, &remote, Timestamp::UNIX_EPOCH)?,
            ];
            match transaction::transact(&self.client, items).await? {
                Outcome::Written => return Ok(()),
                Outcome::Refused(_) | Outcome::Conflict => transaction::pause(attempt).await,
            }
        }
        Err(StoreError::Contended)
    }
}

fn cursor(key: &Attributes) -> Option<Cursor> {
    key.get(SORT_KEY).and_then(|sort| sort.as_s().ok()).cloned().map(Cursor)
}
