//! What the readings come to: what is served, what config-refresh would make of the sources now, and who is spoken of at all.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use shared::{
    configuration::{Quarantined, Snapshot, merge},
    marketplace::{Directory, Manifest, Marketplace},
};

use super::readings::{Readings, Stored};

/// The state of all marketplaces.
#[derive(Debug)]
pub(super) struct Picture {
    /// Each marketplace that any source, or the stored configuration, names, by its key or by where it stands.
    pub(super) subjects: BTreeMap<String, Subject>,
    /// Whether it is known what is stored.
    pub(super) stored_is_known: bool,
    /// Whether all sources can be used now.
    pub(super) sources_are_known: bool,
}

/// The state of one.
#[derive(Debug, Default)]
pub(super) struct Subject {
    /// Whether the developer platform names it, or did when it last could be asked.
    pub(super) on_platform: bool,
    /// Whether the manifest names it, or did when it last could be read.
    pub(super) in_manifest: bool,
    /// Whether the manifest says what it is, and not only how we deal with it.
    pub(super) manifest_describes: bool,
    /// Whether the developer platform cannot be used at the moment.
    pub(super) platform_is_silent: bool,
    /// Why its newest entry cannot be used.
    pub(super) problem: Option<Quarantined>,
    /// Since when it is stored as of before.
    pub(super) kept_since: Option<Timestamp>,
    /// Whether it is stored.
    pub(super) is_stored: bool,
    /// Whether what is stored of it is what would be stored now.
    pub(super) is_current: bool,
    /// What would be served now.
    pub(super) marketplace: Option<Arc<Marketplace>>,
}

impl Picture {
    pub(super) fn of(readings: &Readings, now: Timestamp) -> Self {
        let (platform, manifest) = (readings.sources.platform.as_ref().ok(), readings.sources.manifest.as_ref().ok());
        let stored = readings.stored.snapshot();
        let nothing = Snapshot::default();
        let last = stored.unwrap_or(&nothing);
        let (next, quarantined) = merge(last, platform, manifest, now);

        let mut subjects = BTreeMap::<String, Subject>::new();
        let mut subject = |key: &str, tell: &dyn Fn(&mut Subject)| tell(subjects.entry(key.to_owned()).or_default());
        for (key, entry) in &last.entries {
            subject(key, &|one| {
                one.is_stored = true;
                one.on_platform = platform.is_none() && entry.platform.is_some();
                one.in_manifest = manifest.is_none() && entry.manifest.is_some();
                one.kept_since = last.kept_since.get(key).copied();
            });
        }
        if let Some(document) = platform {
            let refused = document.refused.iter().map(|(key, _)| key);
            document.entries.keys().chain(refused).for_each(|key| subject(key, &|one| one.on_platform = true));
        }
        if let Some(manifest) = manifest {
            manifest.marketplaces.keys().for_each(|key| subject(key, &|one| one.in_manifest = true));
        }
        for problem in &quarantined {
            subject(&problem.marketplace, &|one| one.problem = Some(problem.clone()));
        }
        for marketplace in Directory::of(&next.entries).iter() {
            subject(marketplace.key.as_str(), &|one| one.marketplace = Some(Arc::clone(marketplace)));
        }
        for (key, one) in &mut subjects {
            one.is_current = last.entries.get(key) == next.entries.get(key);
            one.platform_is_silent = platform.is_none();
            one.manifest_describes =
                Manifest::describes(next.entries.get(key).and_then(|entry| entry.manifest.as_ref()));
        }
        Self {
            subjects,
            stored_is_known: matches!(readings.stored, Stored::Opened(..) | Stored::Missing),
            sources_are_known: platform.is_some() && manifest.is_some(),
        }
    }

    /// The marketplaces that people could sign in at.
    pub(super) fn served(&self) -> impl Iterator<Item = &Marketplace> {
        let usable = self.subjects.values().filter_map(|one| one.marketplace.as_deref());
        usable.filter(|marketplace| !marketplace.settings.disabled)
    }
}
