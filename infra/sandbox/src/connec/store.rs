//! All records of one marketplace, by group and resource.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::draft::Draft;
use super::record::Record;
use super::refusal::Refusal;
use super::resource::Resource;
use super::shelf::Shelf;
use crate::{random, time};

/// Where a record is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) group: &'a str,
    pub(crate) resource: Resource,
}

impl Scope<'_> {
    pub(super) fn realm(&self) -> String {
        channel_id(self.group)
    }
}

/// The customer company a group belongs to: its uid is the realm of Connec!'s own ids. Each group here has one of its own.
pub(super) fn channel_id(group: &str) -> String {
    format!("org-{}", group.strip_prefix("cld-").unwrap_or(group))
}

/// How a write ended.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) connec_id: String,
    pub(crate) created: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Store {
    groups: BTreeMap<String, BTreeMap<Resource, Shelf>>,
    last_write: Timestamp,
}

impl Store {
    pub(crate) fn shelf(&self, scope: &Scope<'_>) -> Option<&Shelf> {
        self.groups.get(scope.group)?.get(&scope.resource)
    }

    /// All records of one resource, in the order they were made.
    pub(crate) fn records(&self, scope: &Scope<'_>) -> &[Record] {
        self.shelf(scope).map(Shelf::records).unwrap_or_default()
    }

    /// Everything a group has.
    pub(crate) fn shelves(&self, group: &str) -> impl Iterator<Item = (Resource, &Shelf)> {
        let shelves = self.groups.get(group).into_iter().flatten();
        shelves.map(|(resource, shelf)| (*resource, shelf)).filter(|(_, shelf)| !shelf.records().is_empty())
    }

    pub(crate) fn clear(&mut self, group: &str) {
        self.groups.remove(group);
    }

    /// Writes to the record the draft names by an id, else to one that matches, else to a new one.
    pub(crate) fn post(&mut self, scope: &Scope<'_>, draft: Draft) -> Result<Written, Refusal> {
        if draft.named.plain.is_some() {
            return Err(Refusal::WithId);
        }
        let shelf = self.shelf_mut(scope);
        let known = shelf.named(&draft.named)?.or_else(|| shelf.matching(&draft));
        let at = self.tick();
        match known {
            Some(place) => self.write(scope, place, draft, at).map(|connec_id| Written { connec_id, created: false }),
            None => self.add(scope, random::uuid(), draft, at),
        }
    }

    /// Writes to the record with this id of Connec!'s own.
    pub(crate) fn put(&mut self, scope: &Scope<'_>, connec_id: &str, draft: Draft) -> Result<Written, Refusal> {
        let shelf = self.shelf(scope).ok_or(Refusal::NotFound)?;
        let place = shelf.place(connec_id).ok_or(Refusal::NotFound)?;
        let named = draft.named.plain.iter().chain(&draft.named.connec);
        if named.into_iter().any(|named| named != connec_id) {
            return Err(Refusal::Body("the record's id is not the one in the path".to_owned()));
        }
        shelf.check_free(place, &draft.named.external)?;
        let at = self.tick();
        self.write(scope, place, draft, at).map(|connec_id| Written { connec_id, created: false })
    }

    /// Makes a record with a given id, at a given time.
    pub(super) fn add(
        &mut self,
        scope: &Scope<'_>,
        connec_id: String,
        draft: Draft,
        at: Timestamp,
    ) -> Result<Written, Refusal> {
        let place = self.shelf_mut(scope).add(connec_id, at);
        self.write(scope, place, draft, at).map(|connec_id| Written { connec_id, created: true })
    }

    fn write(&mut self, scope: &Scope<'_>, place: usize, draft: Draft, at: Timestamp) -> Result<String, Refusal> {
        let realm = scope.realm();
        self.shelf_mut(scope).write(place, draft, at, &realm).ok_or(Refusal::NotFound)
    }

    fn shelf_mut(&mut self, scope: &Scope<'_>) -> &mut Shelf {
        self.groups.entry(scope.group.to_owned()).or_default().entry(scope.resource).or_default()
    }

    /// The present millisecond, or the one after the last write: every write has an instant of its own.
    pub(super) fn tick(&mut self) -> Timestamp {
        let next = time::plus(self.last_write, SignedDuration::from_millis(1));
        self.last_write = time::now_to_the_millisecond().max(next);
        self.last_write
    }
}
