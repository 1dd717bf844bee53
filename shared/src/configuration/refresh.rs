//! Refreshing the snapshot: what it asks, what it stores, what it tells.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Head, Quarantined, Snapshot, merge};
use crate::{
    application_keys::ApplicationKeys,
    marketplace::{Manifest, ManifestError, PlatformDocument, PlatformError},
    sealed::Sealer,
    secrets::SecretsError,
    store::{Accounts, PutConfigurationError, StoreError},
    telemetry::causes,
};

/// What the sources say now.
#[derive(Debug)]
pub struct Sources {
    /// The developer platform.
    pub platform: Result<PlatformDocument, Unavailable>,
    /// Our own manifest.
    pub manifest: Result<Manifest, Unavailable>,
}

/// A source that cannot be used at the moment. None of these repeats what it said.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The developer platform.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The secret that a source, or the way to it, is in.
    #[error(transparent)]
    Secret(#[from] SecretsError),
    /// The platform named marketplaces before and names none now, which looks more like a mistake than a wish. Whoever wishes it
    /// disables them.
    #[error("developer platform names no marketplace any more")]
    NothingLeft,
}

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version that is served now.
    pub version: u64,
    /// Whether this refresh made it.
    pub changed: bool,
    /// The marketplaces that are served, or disabled.
    pub marketplaces: Vec<String>,
    /// The marketplaces that are no longer served.
    pub removed: Vec<String>,
    /// The marketplaces whose newest entry cannot be used.
    pub quarantined: Vec<Quarantined>,
    /// How the developer platform was.
    pub platform: SourceReport,
    /// How the manifest was.
    pub manifest: SourceReport,
}

/// How a source was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// When it last could be used.
    pub last_good: Option<Timestamp>,
    /// What is wrong with it now, without anything of what it said.
    pub failure: Option<String>,
}

/// The refresh itself could not be done; what was served goes on being served.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The snapshot could not be replaced.
    #[error(transparent)]
    Put(#[from] PutConfigurationError),
}

impl Sources {
    /// The same, but a platform that names nothing any more, though what was stored last came from it, is not believed.
    #[must_use]
    pub fn believed(mut self, last: Option<&Snapshot>) -> Self {
        let named = last.is_some_and(|last| last.entries.values().any(|entry| entry.platform.is_some()));
        if named && self.platform.as_ref().is_ok_and(PlatformDocument::is_empty) {
            self.platform = Err(Unavailable::NothingLeft);
        }
        self
    }

    fn are_usable(&self) -> bool {
        self.platform.is_ok() && self.manifest.is_ok()
    }
}

impl Report {
    /// How long ago the source that is furthest behind could last be used; `None` if one never could.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        let oldest = self.platform.last_good?.min(self.manifest.last_good?);
        Some(now.duration_since(oldest))
    }
}

/// Makes the next snapshot of what the sources say and stores it, if it is another than the last one.
///
/// # Errors
/// [`RefreshError`]: nothing was changed.
pub async fn refresh(
    accounts: &Accounts,
    keys: &ApplicationKeys,
    sources: Sources,
    now: Timestamp,
) -> Result<Report, RefreshError> {
    let sealer = &keys.configuration;
    let (head, sealed) = accounts.configuration().await?.unwrap_or_default();
    let last = opened(sealer, &head, &sealed);
    let stored_version = head.version;
    let sources = sources.believed(last.as_ref());
    let last_known = last.clone().unwrap_or_default();
    let (next, quarantined) = merge(&last_known, sources.platform.as_ref().ok(), sources.manifest.as_ref().ok(), now);

    let changed = last.as_ref() != Some(&next);
    let mut new_head = Head {
        platform_at: sources.platform.is_ok().then_some(now).or(head.platform_at),
        manifest_at: sources.manifest.is_ok().then_some(now).or(head.manifest_at),
        ..head.clone()
    };
    if last.is_none() && !sources.are_usable() && (head.version > 0 || next.entries.is_empty()) {
        // A snapshot that cannot be opened today may be opened tomorrow, and a first one of nothing would be none.
        new_head = head;
    } else if changed || !sealer.is_sealed_with_present_key(&sealed) {
        new_head.version += 1;
        new_head = accounts.put_configuration(new_head, &sealer.seal(&next), &head).await?;
    } else {
        accounts.confirm_configuration(&new_head).await?;
    }
    Ok(Report {
        version: new_head.version,
        changed: changed && new_head.version != stored_version,
        removed: last_known.entries.into_keys().filter(|key| !next.entries.contains_key(key)).collect(),
        marketplaces: next.entries.into_keys().collect(),
        quarantined,
        platform: report_of(new_head.platform_at, sources.platform.err()),
        manifest: report_of(new_head.manifest_at, sources.manifest.err()),
    })
}

fn with_causes(error: &Unavailable) -> String {
    let causes = causes(error);
    if causes.is_empty() { error.to_string() } else { format!("{error}: {causes}") }
}

/// The last snapshot, if there is one and it can be opened.
fn opened(sealer: &Sealer, head: &Head, sealed: &str) -> Option<Snapshot> {
    let last = sealer.open(sealed);
    if let (Err(error), true) = (&last, head.version > 0) {
        tracing::error!("the stored configuration is lost: {error}; was the application secret replaced at once?");
    }
    last.ok()
}

fn report_of(last_good: Option<Timestamp>, failure: Option<Unavailable>) -> SourceReport {
    SourceReport { last_good, failure: failure.map(|error| with_causes(&error)) }
}
