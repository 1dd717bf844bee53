//! What a developer platform and a manifest may say, fed with anything. Beside not panicking, these must hold:
//!
//! * what is served after it can be used, and the same again changes nothing;
//! * what was good before, and is or may be named still, is served, unless the manifest takes that away;
//! * nobody is sent over http, or to this machine, unless the manifest says `local`;
//! * no problem repeats what was said.

use std::{net::IpAddr, sync::LazyLock};

use jiff::Timestamp;
use shared::{
    configuration::{Snapshot, merge},
    marketplace::{Directory, Manifest, Marketplace, PlatformDocument},
    testing::entries,
};
use url::{Host, Url};

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
        let is_served = |key: &String| next.entries.contains_key(key);
        if manifest.is_none() {
            // Nothing was said of how to deal with them, so whoever is still named goes on.
            let is_named = |key: &&String| document.as_ref().is_none_or(|document| names(document, key));
            let lost: Vec<_> = last.entries.keys().filter(is_named).filter(|key| !is_served(key)).collect();
            assert!(lost.is_empty(), "{lost:?} are lost");
        }
        for one in &quarantined {
            assert_eq!(one.served_as_of_before_since.is_some(), is_served(&one.marketplace), "{one:?}");
        }
        let (again, _) = merge(&next, document.as_ref(), manifest.as_ref(), Timestamp::UNIX_EPOCH);
        assert!(again == next, "the same again changes something");
    }
}

/// Whether the document names it, or may name it.
fn names(document: &PlatformDocument, key: &str) -> bool {
    document.entries.contains_key(key) || document.problem_of(key).is_some()
}

fn silent(error: &impl std::error::Error) {
    assert!(!error.to_string().contains(HUSH));
}

fn goes_nowhere_else(marketplace: &Marketplace) {
    let connec = marketplace.connec.as_ref().map(|connec| &connec.host);
    let hosts = [&marketplace.app_host, &marketplace.api_host, &marketplace.idm, &marketplace.idp];
    for host in hosts.into_iter().chain(connec) {
        let url = Url::parse(host).expect("a host is a URL");
        let address = match url.host().expect("with a host") {
            Host::Domain(name) => {
                assert!(marketplace.settings.local || !name.trim_end_matches('.').ends_with("localhost"), "{host}");
                None
            }
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(address.to_canonical()),
        };
        let is_local = address.is_some_and(|address| address.is_loopback());
        assert!(marketplace.settings.local || (url.scheme() == "https" && !is_local), "{host}");
        assert!(!matches!(address, Some(IpAddr::V4(address)) if address.is_link_local()), "{host}");
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
