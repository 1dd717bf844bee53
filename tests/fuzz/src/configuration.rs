//! What a developer platform and a manifest may say, fed with anything. Beside not panicking, these must hold:
//!
//! * what is served after it can be used, and the same again changes nothing;
//! * what was good before, and still is named, is served;
//! * nobody is sent over http, or to this machine, unless the manifest says `local`;
//! * no problem repeats what was said.

use std::{collections::BTreeSet, sync::LazyLock};

use jiff::Timestamp;
use shared::{
    configuration::{Snapshot, merge},
    marketplace::{Directory, Manifest, Marketplace, PlatformDocument},
    testing::entries,
};

/// Stands between the document and the manifest.
const SEPARATOR: &str = "\n---\n";
/// What stands in secrets of the dictionary and the corpus, and in no text of ours.
const HUSH: &str = "hush";

/// What was good before.
static LAST: LazyLock<Snapshot> = LazyLock::new(|| Snapshot {
    entries: entries("marketplaces: {bare-market: {local: true}}"),
    ..Snapshot::default()
});

/// Feeds one input: a document, and a manifest after it.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (document, manifest) = text.split_once(SEPARATOR).unwrap_or((&text, ""));
    let document = PlatformDocument::parse(document.as_bytes()).inspect_err(silent).ok();
    let manifest = Manifest::parse(manifest).inspect_err(silent).ok();
    for last in [&Snapshot::default(), &*LAST] {
        let (next, quarantined) = merge(last, document.as_ref(), manifest.as_ref(), Timestamp::UNIX_EPOCH);
        assert!(!quarantined.iter().any(|one| one.reason.contains(HUSH)), "{quarantined:?}");
        let directory = Directory::of(&next.entries);
        assert!(directory.refused().is_empty(), "{:?}", directory.refused());
        directory.iter().for_each(|marketplace| goes_nowhere_else(marketplace));
        let set_aside: BTreeSet<&str> = quarantined.iter().map(|one| one.marketplace.as_str()).collect();
        for key in last.entries.keys().filter(|key| document.is_none() && !set_aside.contains(key.as_str())) {
            assert!(next.entries.contains_key(key), "{key} is gone, and nobody said why");
        }
        let (again, _) = merge(&next, document.as_ref(), manifest.as_ref(), Timestamp::UNIX_EPOCH);
        assert!(again == next, "the same again changes something");
    }
}

fn silent(error: &impl std::error::Error) {
    assert!(!error.to_string().contains(HUSH));
}

fn goes_nowhere_else(marketplace: &Marketplace) {
    let connec = marketplace.connec.as_ref().map(|connec| &connec.host);
    let hosts = [&marketplace.app_host, &marketplace.api_host, &marketplace.idm, &marketplace.idp];
    for host in hosts.into_iter().chain(connec) {
        let public = host.starts_with("https://") && !host.starts_with("https://localhost");
        assert!(public || marketplace.settings.local, "{host}");
        assert!(!host.contains("169.254.") || !host.contains("//169.254."), "{host}");
    }
    assert!(marketplace.acs_url.starts_with(&format!("{}/", marketplace.idm)));
    assert!(marketplace.idp_sso_url.starts_with(&format!("{}/", marketplace.idp)));
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/vectors");

    #[test]
    fn the_samples_hold() {
        for name in ["", "_single_object", "_error", "_missing_key"] {
            configuration(&std::fs::read(format!("{FIXTURES}/marketplaces_config{name}.json")).unwrap());
        }
    }

    #[test]
    fn the_corpus_of_the_configuration_holds() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus_configuration")).unwrap();
        let mut count = 0;
        for entry in folder {
            configuration(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 8, "the corpus is gone");
    }
}
