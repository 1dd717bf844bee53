//! The id map as two maps in memory: what the table must do, said as simply as it can be.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::Timestamp;

use super::{Links, Push};
use crate::{
    domain::{LocalRecord, Place, Realm, RemoteRecord},
    random,
    store::{
        StoreError,
        id_map::{Claim, ClaimRefused, Cursor, Hint, Link, LinkError, Linked, Page, PushOutcome, Seen, Settlement},
    },
};

/// An id map in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryIdMap(Arc<Mutex<Maps>>);

#[derive(Debug, Default)]
struct Maps {
    links: BTreeMap<(LocalRecord, Place), Known>,
    counterparts: BTreeMap<RemoteRecord, LocalRecord>,
}

#[derive(Debug, Clone)]
struct Known {
    link: Link,
    settled: Option<u64>,
    claim: Option<(String, Timestamp)>,
    expires_at: Option<Timestamp>,
}

impl Known {
    fn new(record: &LocalRecord, place: &Place) -> Self {
        let link = Link {
            record: record.clone(),
            place: place.clone(),
            rid: None,
            linked_at: None,
            tombstoned_at: None,
            pushed: None,
            applied: None,
            push: None,
        };
        Self { link, settled: None, claim: None, expires_at: None }
    }
}

impl MemoryIdMap {
    /// Without what has expired.
    fn maps(&self, now: Timestamp) -> MutexGuard<'_, Maps> {
        let mut maps = self.0.lock().expect("nobody panics with it");
        let over: Vec<_> =
            maps.links.iter().filter(|(_, known)| known.expires_at.is_some_and(|at| at <= now)).collect();
        let over: Vec<_> = over.into_iter().map(|(at, known)| (at.clone(), known.link.remote())).collect();
        for (at, remote) in over {
            maps.links.remove(&at);
            remote.and_then(|remote| maps.counterparts.remove(&remote));
        }
        maps
    }
}

impl Maps {
    fn join(&mut self, record: &LocalRecord, remote: &RemoteRecord, now: Timestamp) -> Result<Linked, LinkError> {
        let known = self.links.get(&(record.clone(), remote.place.clone()));
        match known.and_then(|known| known.link.rid.clone()) {
            Some(rid) if rid != remote.rid => return Err(LinkError::RecordTaken { rid }),
            Some(_) => {
                if let Some(known) = self.links.get_mut(&(record.clone(), remote.place.clone())) {
                    known.expires_at = None;
                }
                return Ok(Linked::Before);
            }
            None => {}
        }
        if let Some(owner) = self.counterparts.get(remote).filter(|owner| *owner != record) {
            return Err(LinkError::RemoteTaken { record: owner.clone() });
        }
        self.counterparts.insert(remote.clone(), record.clone());
        let at = (record.clone(), remote.place.clone());
        let known = self.links.entry(at).or_insert_with(|| Known::new(record, &remote.place));
        known.link.rid = Some(remote.rid.clone());
        known.link.linked_at = Some(now);
        known.expires_at = None;
        Ok(Linked::Now)
    }

    fn in_realm(&self, realm: &Realm, entity: Option<&str>) -> Vec<(LocalRecord, RemoteRecord)> {
        let of = |place: &Place| place.realm == *realm && entity.is_none_or(|entity| place.entity == entity);
        let found = self.counterparts.iter().filter(|(remote, _)| of(&remote.place));
        found.map(|(remote, record)| (record.clone(), remote.clone())).collect()
    }
}

impl Links for MemoryIdMap {
    async fn link(&self, record: &LocalRecord, remote: &RemoteRecord, now: Timestamp) -> Result<Linked, LinkError> {
        self.maps(now).join(record, remote, now)
    }

    async fn unlink(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError> {
        let mut maps = self.maps(now);
        let remote = maps.links.remove(&(record.clone(), place.clone())).and_then(|known| known.link.remote());
        Ok(remote.is_some_and(|remote| maps.counterparts.remove(&remote).is_some()))
    }

    async fn tombstone(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<bool, StoreError> {
        let mut maps = self.maps(now);
        let known = maps.links.get_mut(&(record.clone(), place.clone())).filter(|known| known.link.rid.is_some());
        Ok(known.map(|known| known.link.tombstoned_at.get_or_insert(now)).is_some())
    }

    async fn links(&self, record: &LocalRecord, now: Timestamp) -> Result<Vec<Link>, StoreError> {
        let maps = self.maps(now);
        let found = maps.links.iter().filter(|((of, _), _)| of == record);
        Ok(found.map(|(_, known)| known.link.clone()).collect())
    }

    async fn link_in(&self, record: &LocalRecord, place: &Place, now: Timestamp) -> Result<Option<Link>, StoreError> {
        Ok(self.maps(now).links.get(&(record.clone(), place.clone())).map(|known| known.link.clone()))
    }

    async fn record_of(&self, remote: &RemoteRecord, now: Timestamp) -> Result<Option<LocalRecord>, StoreError> {
        Ok(self.maps(now).counterparts.get(remote).cloned())
    }

    async fn records_of(
        &self,
        remotes: &[RemoteRecord],
        now: Timestamp,
    ) -> Result<Vec<Option<LocalRecord>>, StoreError> {
        let maps = self.maps(now);
        Ok(remotes.iter().map(|remote| maps.counterparts.get(remote).cloned()).collect())
    }

    async fn list(
        &self,
        realm: &Realm,
        entity: Option<&str>,
        after: Option<&Cursor>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let found = self.maps(now).in_realm(realm, entity);
        let start = after.map_or(0, |Cursor(start)| start.parse().expect("a cursor of ours"));
        let links: Vec<_> = found.iter().skip(start).take(limit.into()).cloned().collect();
        let end = start + links.len();
        Ok(Page { links, next: (end < found.len()).then(|| Cursor(end.to_string())) })
    }

    async fn remove_realm(
        &self,
        realm: &Realm,
        at: Timestamp,
        has_time: impl Fn() -> bool,
    ) -> Result<bool, StoreError> {
        let mut maps = self.maps(Timestamp::MIN);
        for (record, remote) in maps.in_realm(realm, None) {
            let known = maps.links.get_mut(&(record, remote.place)).expect("both sides");
            if known.expires_at.is_none_or(|known| known > at) {
                if !has_time() {
                    return Ok(false);
                }
                known.expires_at = Some(at);
            }
        }
        Ok(true)
    }

    async fn rename_entity(
        &self,
        realm: &Realm,
        (from, to): (&str, &str),
        has_time: impl Fn() -> bool,
    ) -> Result<bool, StoreError> {
        let mut maps = self.maps(Timestamp::MIN);
        for (record, remote) in maps.in_realm(realm, Some(from)) {
            if !has_time() {
                return Ok(false);
            }
            let place = Place { entity: to.to_owned(), ..remote.place.clone() };
            let mut known = maps.links.remove(&(record.clone(), remote.place.clone())).expect("both sides");
            known.link.place = place.clone();
            maps.links.insert((record.clone(), place.clone()), known);
            maps.counterparts.remove(&remote);
            maps.counterparts.insert(RemoteRecord { place, rid: remote.rid }, record);
        }
        Ok(true)
    }

    async fn claim(
        &self,
        (record, place, version): Push<'_>,
        hint: Hint,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, ClaimRefused> {
        let mut maps = self.maps(now);
        let at = (record.clone(), place.clone());
        if hint == Hint::OnlyLinked && maps.links.get(&at).is_none_or(|known| known.link.rid.is_none()) {
            return Err(ClaimRefused::NotLinked);
        }
        let known = maps.links.entry(at).or_insert_with(|| Known::new(record, place));
        if known.link.tombstoned_at.is_some() {
            return Err(ClaimRefused::Tombstoned);
        }
        if known.settled.is_some_and(|settled| settled >= version.order()) {
            return Err(ClaimRefused::Settled);
        }
        if known.claim.as_ref().is_some_and(|(_, until)| *until > now) {
            return Err(ClaimRefused::UnderWay);
        }
        let id = random::hex128();
        known.claim = Some((id.clone(), until));
        Ok(Claim {
            record: record.clone(),
            place: place.clone(),
            version,
            rid: known.link.rid.clone(),
            id,
            is_expiring: known.expires_at.is_some(),
        })
    }

    async fn settle(&self, claim: &Claim, settlement: &Settlement, now: Timestamp) -> Result<bool, LinkError> {
        let mut maps = self.maps(now);
        let at = (claim.record.clone(), claim.place.clone());
        let held = maps.links.get(&at).and_then(|known| known.claim.as_ref()).is_some_and(|(id, _)| *id == claim.id);
        if !held {
            return Ok(false);
        }
        if let Settlement::Pushed { rid, .. } = settlement
            && claim.rid.is_none()
        {
            let remote = RemoteRecord { place: claim.place.clone(), rid: rid.clone() };
            match maps.join(&claim.record, &remote, now) {
                Ok(_) => {}
                Err(LinkError::RecordTaken { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        let known = maps.links.get_mut(&at).expect("it is held");
        let state = settlement.state(claim.version, now);
        known.claim = None;
        if state.outcome != PushOutcome::Waiting {
            known.settled = Some(claim.version.order());
        }
        if let Settlement::Pushed { hash, .. } = settlement {
            known.link.pushed = Some(Seen { order: claim.version.order(), hash: hash.clone() });
            known.expires_at = None;
        }
        known.link.push = Some(state);
        Ok(true)
    }

    async fn note_applied(
        &self,
        record: &LocalRecord,
        place: &Place,
        (order, hash): (u64, &str),
    ) -> Result<bool, StoreError> {
        let mut maps = self.maps(Timestamp::MIN);
        let known = maps.links.get_mut(&(record.clone(), place.clone())).filter(|known| known.link.rid.is_some());
        let later = known.filter(|known| known.link.applied.as_ref().is_none_or(|seen| seen.order < order));
        Ok(later.map(|known| known.link.applied = Some(Seen { order, hash: hash.to_owned() })).is_some())
    }
}
