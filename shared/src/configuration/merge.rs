//! The next snapshot: a pure function of the last one and of what the sources say now.
//!
//! A source that is not there goes on saying what it said. Of an entry that cannot be used, the facts (where the marketplace is, its
//! certificates) are replaced by those that were good before; what the vendor's settings say of it is always the newest that can be
//! read, so that nothing goes on that was switched off. What a source no longer names is gone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

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
            if last.entries.contains_key(key) {
                fallbacks.insert(key, entries.last().cloned());
            }
        }
    }
    part_twins(&mut next, &mut fallbacks, &mut problems);
    // Whoever switched it off knows; it must not hide what is wrong with others.
    problems.retain(|key, _| !manifest.is_some_and(|manifest| Manifest::disables(manifest.marketplaces.get(key))));
    let quarantined = problems.into_iter().map(|(marketplace, problem)| {
        let since = next.entries.contains_key(&marketplace).then(|| {
            let since = last.kept_since.get(&marketplace).copied().unwrap_or(now);
            next.kept_since.insert(marketplace.clone(), since);
            since
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
        let may_be_meant = last.entries.keys().filter(|key| document.problem_of(key).is_some());
        document.entries.keys().chain(may_be_meant)
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
        let known = last.entries.get(key);
        let platform = PlatformPart::of(key, known, platform);
        let (said, problem) = said_of(key, known, manifest);
        let problem = problem.or(platform.problem.clone());
        let Some(known) = known else { return Self::of_newcomer(platform, said, problem, manifest.is_some()) };
        let describes = platform.is_named() || Manifest::describes(said.as_ref());
        if !describes {
            return Self { entries: Vec::new(), problem: Some(problem.unwrap_or(MarketplaceError::NoSource)) };
        }
        let facts_before = Manifest::with_facts_of(said.as_ref(), known.manifest.as_ref());
        let mut entries = Vec::new();
        for manifest in [&said, &facts_before] {
            for platform in [&platform.newest, &platform.before] {
                entries.push(Entry { platform: platform.clone(), manifest: manifest.clone() });
            }
        }
        // Without the platform's part it would be another marketplace.
        entries.retain(|entry| entry.platform.is_some() || !platform.is_named());
        Self { entries, problem }
    }

    /// Of a newcomer nothing is known that could go on: it is served as both sources say, or not at all.
    fn of_newcomer(
        platform: PlatformPart,
        said: Option<Value>,
        problem: Option<MarketplaceError>,
        has_manifest: bool,
    ) -> Self {
        let problem = problem.or((!has_manifest).then_some(MarketplaceError::NoManifest));
        let entries = match problem {
            Some(_) => Vec::new(),
            None => vec![Entry { platform: platform.newest, manifest: said }],
        };
        Self { entries, problem }
    }
}

/// What the platform says of one marketplace.
struct PlatformPart {
    newest: Option<Value>,
    /// What it said before, if it may go on.
    before: Option<Value>,
    problem: Option<MarketplaceError>,
}

impl PlatformPart {
    fn of(key: &str, known: Option<&Entry>, platform: Option<&PlatformDocument>) -> Self {
        let known = known.and_then(|entry| entry.platform.clone());
        let Some(document) = platform else { return Self { newest: known, before: None, problem: None } };
        let (newest, problem) = (document.entries.get(key).cloned(), document.problem_of(key));
        // What the platform names, usable or not, may go on as it was before; of what was the manifest's alone it says nothing.
        let problem = problem.filter(|_| known.is_some());
        let before = known.filter(|_| newest.is_some() || problem.is_some());
        Self { newest, before, problem }
    }

    fn is_named(&self) -> bool {
        self.newest.is_some() || self.before.is_some()
    }
}

/// What the manifest says of one marketplace: the newest that can be read. That it is disabled counts in any case.
fn said_of(key: &str, known: Option<&Entry>, manifest: Option<&Manifest>) -> (Option<Value>, Option<MarketplaceError>) {
    let before = known.and_then(|entry| entry.manifest.as_ref());
    let Some(manifest) = manifest else { return (before.cloned(), None) };
    let said = manifest.marketplaces.get(key);
    match Manifest::check(said) {
        Ok(()) => (said.cloned(), None),
        Err(problem) if Manifest::disables(said) => (Some(Manifest::disabled(before)), Some(problem)),
        Err(problem) => (before.cloned(), Some(problem)),
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

/// Parts marketplaces that share credentials: newcomers go first, the others become what they were before, and if that does not help
/// either, nothing.
fn part_twins(next: &mut Snapshot, fallbacks: &mut BTreeMap<&str, Option<Entry>>, problems: &mut Problems) {
    loop {
        let directory = Directory::of(&next.entries);
        let twins = directory.refused();
        if twins.is_empty() {
            return;
        }
        let rank = |key: &str| match fallbacks.get(key) {
            None => Rank::Newcomer,
            Some(Some(_)) => Rank::CanFallBack,
            Some(None) => Rank::HasFallenBack,
        };
        let first = twins.iter().map(|(key, _)| rank(key)).min();
        let part: Vec<_> = twins.iter().filter(|(key, _)| Some(rank(key)) == first).cloned().collect();
        for (key, problem) in part {
            match fallbacks.get_mut(key.as_str()).and_then(Option::take) {
                Some(entry) => next.entries.insert(key.clone(), entry),
                None => next.entries.remove(&key),
            };
            problems.entry(key).or_insert(problem);
        }
    }
}

/// In which order twins are parted.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Newcomer,
    CanFallBack,
    HasFallenBack,
}
