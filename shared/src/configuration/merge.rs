//! The next snapshot: a pure function of the last one and of what the sources say now.
//!
//! A source that is not there goes on saying what it said. Of an entry that cannot be used, the facts (where the marketplace is, its
//! certificates) are replaced by those that were good before; what the vendor's settings say of it is always the newest that can be
//! read, so that nothing goes on that was switched off. What a source no longer names is gone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::Snapshot;
use crate::marketplace::{Directory, Entry, Manifest, Marketplace, MarketplaceError, PlatformDocument};

/// A marketplace whose newest entry was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// Its key, or where it stands in the document.
    pub marketplace: String,
    /// What is wrong; nothing of the configuration is repeated.
    pub reason: String,
    /// Since when it is served by what was said of it before; absent if it is not served.
    pub served_as_of_before_since: Option<Timestamp>,
}

/// What one marketplace can be served by.
struct Candidates {
    /// From the newest to what was good before.
    entries: Vec<Entry>,
    /// What is wrong with the newest, if that shows before they are tried.
    problem: Option<MarketplaceError>,
}

type Problems = BTreeMap<String, MarketplaceError>;

/// What is served from now on, and what of the newest could not be used. `None` stands for a source that is not there.
#[must_use]
pub fn merge(
    last: &Snapshot,
    platform: Option<&PlatformDocument>,
    manifest: Option<&Manifest>,
    now: Timestamp,
) -> (Snapshot, Vec<Quarantined>) {
    let mut problems: Problems = platform.iter().flat_map(|document| &document.refused).cloned().collect();
    let mut next = Snapshot::default();
    let mut fallbacks = BTreeMap::new();
    for key in named(last, platform, manifest) {
        let Candidates { entries, problem } = Candidates::of(key, last, platform, manifest);
        if let Some(problem) = problem {
            problems.entry(key.to_owned()).or_insert(problem);
        }
        if let Some(usable) = entries.iter().find(|entry| is_usable(key, entry, &mut problems)) {
            next.entries.insert(key.to_owned(), usable.clone());
            fallbacks.insert(key, entries.last().filter(|_| last.entries.contains_key(key)).cloned());
        }
    }
    part_twins(&mut next, &mut fallbacks, &mut problems);
    let quarantined = problems.into_iter().map(|(marketplace, problem)| {
        let since = next.entries.contains_key(&marketplace).then(|| {
            *next
                .kept_since
                .entry(marketplace.clone())
                .or_insert_with(|| last.kept_since.get(&marketplace).copied().unwrap_or(now))
        });
        Quarantined { reason: problem.to_string(), served_as_of_before_since: since, marketplace }
    });
    let quarantined = quarantined.collect();
    (next, quarantined)
}

/// Every key that a source names, or named when it last was there.
fn named<'k>(
    last: &'k Snapshot,
    platform: Option<&'k PlatformDocument>,
    manifest: Option<&'k Manifest>,
) -> BTreeSet<&'k str> {
    let known = |is_there: bool, part: fn(&Entry) -> bool| {
        let entries = last.entries.iter().filter(move |(_, entry)| !is_there && part(entry));
        entries.map(|(key, _)| key)
    };
    let of_platform = platform.iter().flat_map(|document| {
        let refused = document.refused.iter().map(|(key, _)| key).filter(|key| last.entries.contains_key(*key));
        document.entries.keys().chain(refused)
    });
    let of_manifest = manifest.iter().flat_map(|manifest| manifest.marketplaces.keys());
    of_platform
        .chain(of_manifest)
        .chain(known(platform.is_some(), |entry| entry.platform.is_some()))
        .chain(known(manifest.is_some(), |entry| entry.manifest.is_some()))
        .map(String::as_str)
        .collect()
}

impl Candidates {
    fn of(key: &str, last: &Snapshot, platform: Option<&PlatformDocument>, manifest: Option<&Manifest>) -> Self {
        let is_known = last.entries.contains_key(key);
        let known = last.entries.get(key).cloned().unwrap_or_default();
        let is_refused = platform.is_some_and(|document| document.refused.iter().any(|(refused, _)| refused == key));
        let newest = match platform {
            Some(document) => document.entries.get(key).cloned(),
            None => known.platform.clone(),
        };
        // What the platform names, usable or not, may go on as it was before.
        let before = known.platform.clone().filter(|_| newest.is_some() || is_refused);
        let (said, problem) = match manifest.map(|manifest| manifest.marketplaces.get(key)) {
            None => (known.manifest.clone(), None),
            Some(said) => match Manifest::check(said) {
                Ok(()) => (said.cloned(), None),
                Err(problem) => (known.manifest.clone(), Some(problem)),
            },
        };
        // Of a newcomer nothing is known that could go on: it is served as both sources say, or not at all.
        let unreadable = problem.clone().or(manifest.is_none().then_some(MarketplaceError::NoManifest));
        if let (false, Some(problem)) = (is_known, unreadable) {
            return Self { entries: Vec::new(), problem: Some(problem) };
        }
        let facts_before = Manifest::with_facts_of(said.as_ref(), known.manifest.as_ref());
        let nobody_describes_it = newest.is_none() && before.is_none() && !Manifest::describes(said.as_ref());
        if nobody_describes_it {
            return Self { entries: Vec::new(), problem: Some(problem.unwrap_or(MarketplaceError::NoSource)) };
        }
        let entry = |platform: &Option<_>, manifest: &Option<_>| Entry {
            platform: platform.clone(),
            manifest: manifest.clone(),
        };
        let mut entries = vec![
            entry(&newest, &said),
            entry(&before, &said),
            entry(&newest, &facts_before),
            entry(&before, &facts_before),
        ];
        entries.truncate(if is_known { entries.len() } else { 1 });
        if is_refused {
            // Without the platform's part it would be another marketplace.
            entries.retain(|entry| entry.platform.is_some());
        }
        Self { entries, problem }
    }
}

/// Whether this will do. What is wrong with the newest is remembered.
fn is_usable(key: &str, entry: &Entry, problems: &mut Problems) -> bool {
    match Marketplace::new(key, entry) {
        Ok(_) => true,
        Err(problem) => {
            problems.entry(key.to_owned()).or_insert(problem);
            false
        }
    }
}

/// Marketplaces that share credentials become what they were before, or nothing.
fn part_twins(next: &mut Snapshot, fallbacks: &mut BTreeMap<&str, Option<Entry>>, problems: &mut Problems) {
    for may_fall_back in [true, false] {
        for (key, problem) in Directory::of(&next.entries).refused() {
            problems.entry(key.clone()).or_insert_with(|| problem.clone());
            match fallbacks.get_mut(key.as_str()).and_then(Option::take).filter(|_| may_fall_back) {
                Some(entry) => next.entries.insert(key.clone(), entry),
                None => next.entries.remove(key),
            };
        }
    }
}
