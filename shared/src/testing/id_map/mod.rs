//! What every store of the id map must do, as tests that any of them can be held to, and the simplest one that does it.

mod contract;
mod memory;

use jiff::Timestamp;

pub use contract::holds;
pub use memory::MemoryIdMap;

use crate::{
    domain::{LocalRecord, Place, Realm, RemoteRecord, Version},
    store::{
        StoreError,
        id_map::{Claim, ClaimRefused, Cursor, Hint, IdMap, Link, LinkError, Linked, Page, Settlement},
    },
};

/// A record, a place and a version of the record.
pub type Push<'a> = (&'a LocalRecord, &'a Place, Version);

/// What a store of the id map can do.
#[expect(async_fn_in_trait, missing_docs, reason = "for tests; described at `IdMap`")]
pub trait Links: Clone + Send + Sync + 'static {
    fn link(
        &self,
        record: &LocalRecord,
        remote: &RemoteRecord,
        now: Timestamp,
    ) -> impl Future<Output = Result<Linked, LinkError>> + Send;
    async fn unlink(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError>;
    async fn tombstone(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError>;
    async fn links(&self, record: &LocalRecord, now: Timestamp) -> Result<Vec<Link>, StoreError>;
    async fn link_in(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<Option<Link>, StoreError>;
    async fn record_of(&self, remote: &RemoteRecord, now: Timestamp) -> Result<Option<LocalRecord>, StoreError>;
    async fn records_of(
        &self,
        remotes: &[RemoteRecord],
        now: Timestamp,
    ) -> Result<Vec<Option<LocalRecord>>, StoreError>;
    async fn list(
        &self,
        realm: &Realm,
        entity: Option<&str>,
        after: Option<&Cursor>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Page, StoreError>;
    async fn remove_realm(&self, realm: &Realm, at: Timestamp, has_time: impl Fn() -> bool)
    -> Result<bool, StoreError>;
    async fn rename_entity(
        &self,
        realm: &Realm,
        names: (&str, &str),
        has_time: impl Fn() -> bool,
    ) -> Result<bool, StoreError>;
    async fn claim(&self, push: Push<'_>, hint: Hint, now: Timestamp, until: Timestamp) -> Result<Claim, ClaimRefused>;
    async fn settle(&self, claim: &Claim, settlement: &Settlement, now: Timestamp) -> Result<bool, LinkError>;
    async fn note_applied(&self, record: &LocalRecord, place: &Place, seen: (u64, &str)) -> Result<bool, StoreError>;
}

macro_rules! delegate {
    ($($name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        $(async fn $name(&self, $($argument: $type),*) -> $output {
            Self::$name(self, $($argument),*).await
        })*
    };
}

impl Links for IdMap {
    async fn link(&self, record: &LocalRecord, remote: &RemoteRecord, now: Timestamp) -> Result<Linked, LinkError> {
        Self::link(self, record, remote, now).await
    }

    delegate! {
        unlink(record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError>;
        tombstone(record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError>;
        links(record: &LocalRecord, now: Timestamp) -> Result<Vec<Link>, StoreError>;
        link_in(record: &LocalRecord, place: &Place, now: Timestamp) -> Result<Option<Link>, StoreError>;
        record_of(remote: &RemoteRecord, now: Timestamp) -> Result<Option<LocalRecord>, StoreError>;
        records_of(remotes: &[RemoteRecord], now: Timestamp) -> Result<Vec<Option<LocalRecord>>, StoreError>;
        list(realm: &Realm, entity: Option<&str>, after: Option<&Cursor>, limit: u16, now: Timestamp) -> Result<Page, StoreError>;
        remove_realm(realm: &Realm, at: Timestamp, has_time: impl Fn() -> bool) -> Result<bool, StoreError>;
        rename_entity(realm: &Realm, names: (&str, &str), has_time: impl Fn() -> bool) -> Result<bool, StoreError>;
        claim(push: Push<'_>, hint: Hint, now: Timestamp, until: Timestamp) -> Result<Claim, ClaimRefused>;
        settle(claim: &Claim, settlement: &Settlement, now: Timestamp) -> Result<bool, LinkError>;
        note_applied(record: &LocalRecord, place: &Place, seen: (u64, &str)) -> Result<bool, StoreError>;
    }
}
