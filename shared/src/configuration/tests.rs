//! What goes on being served, and what does not, whatever the sources say.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::{
    marketplace::{Directory, Manifest, NotServed, PlatformDocument},
    testing,
};

const SHORT_KEY: &str = include_str!("../../../tests/fixtures/keys/rsa1024_cert.pem");

fn now() -> Timestamp {
    "2030-01-15T10:00:30Z".parse().unwrap()
}

/// The sample document, changed.
fn document(change: impl FnOnce(&mut Value)) -> PlatformDocument {
    let entries = testing::entries("");
    let mut all: Value = entries.into_iter().map(|(key, entry)| (key, entry.platform.unwrap())).collect();
    // It speaks http, which has its own tests.
    all.as_object_mut().unwrap().remove("bare-market");
    change(&mut all);
    let all: Vec<&Value> = all.as_object().unwrap().values().collect();
    PlatformDocument::parse(json!({ "marketplaces": all }).to_string().as_bytes()).unwrap()
}

fn manifest(text: &str) -> Manifest {
    Manifest::parse(text).unwrap()
}

/// What is served of these two, from nothing.
fn served(document: &PlatformDocument, manifest: &Manifest) -> Snapshot {
    let (snapshot, quarantined) = merge(&Snapshot::default(), Some(document), Some(manifest), now());
    assert_eq!(quarantined, []);
    snapshot
}

fn last() -> Snapshot {
    served(&document(|_| ()), &manifest(""))
}

fn api_key(snapshot: &Snapshot, key: &str) -> Option<String> {
    let directory = Directory::of(&snapshot.entries);
    assert_eq!(directory.refused(), [], "what is served can be used");
    directory.find(key).ok().map(|marketplace| marketplace.api_key.expose().to_owned())
}

fn names(quarantined: &[Quarantined]) -> Vec<(&str, bool)> {
    quarantined.iter().map(|one| (one.marketplace.as_str(), one.served_as_of_before_since.is_some())).collect()
}

const NEW_KEY: fn(&mut Value) = |all| all["acme-hub"]["api"]["key"] = json!("k-new");
const BROKEN: fn(&mut Value) = |all| {
    all["acme-hub"]["api"]["key"] = json!("k-new");
    all["acme-hub"]["sso"]["x509_certificate"] = json!("nonsense");
};

#[test]
fn what_both_sources_say_is_served() {
    let snapshot = served(&document(NEW_KEY), &manifest("marketplaces: {acme-hub: {openid: true}}"));
    assert_eq!(snapshot.entries.keys().collect::<Vec<_>>(), ["acme-hub", "northbank"]);
    assert_eq!(api_key(&snapshot, "acme-hub").as_deref(), Some("k-new"));
    assert!(Directory::of(&snapshot.entries).find("acme-hub").unwrap().settings.openid);
}

#[test]
fn nothing_new_changes_nothing() {
    let (next, quarantined) = merge(&last(), Some(&document(|_| ())), Some(&manifest("")), now());
    assert_eq!((next == last(), quarantined), (true, vec![]));
    let (next, quarantined) = merge(&last(), None, None, now());
    assert_eq!((next == last(), quarantined), (true, vec![]));
}

#[test]
fn while_the_platform_is_down_the_manifest_counts_all_the_same() {
    let text = "marketplaces: {acme-hub: {disabled: true}}";
    let (next, quarantined) = merge(&last(), None, Some(&manifest(text)), now());
    assert_eq!(quarantined, []);
    let directory = Directory::of(&next.entries);
    assert_eq!(directory.find("acme-hub").unwrap_err(), NotServed::Disabled);
    assert!(directory.find("northbank").is_ok());
}

#[test]
fn while_the_manifest_is_down_the_platform_counts_all_the_same() {
    let last = served(&document(|_| ()), &manifest("marketplaces: {acme-hub: {openid: true}}"));
    let (next, _) = merge(&last, Some(&document(NEW_KEY)), None, now());
    assert_eq!(api_key(&next, "acme-hub").as_deref(), Some("k-new"));
    assert!(Directory::of(&next.entries).find("acme-hub").unwrap().settings.openid);
}

#[test]
fn a_broken_entry_leaves_what_was_good_until_it_is_mended() {
    let (first, quarantined) = merge(&last(), Some(&document(BROKEN)), Some(&manifest("")), now());
    assert_eq!(names(&quarantined), [("acme-hub", true)]);
    assert_eq!(quarantined[0].reason, "sso.x509_certificate: certificate cannot be read");
    assert_eq!(api_key(&first, "acme-hub").as_deref(), Some("k-acme-0f6b2d7c41e94a5f"), "not half of the new one");
    assert!(api_key(&first, "northbank").is_some());

    let later = now() + SignedDuration::from_mins(1);
    let (second, quarantined) = merge(&first, Some(&document(BROKEN)), Some(&manifest("")), later);
    assert_eq!(quarantined[0].served_as_of_before_since, Some(now()));
    assert!(second == first);

    let (mended, quarantined) = merge(&second, Some(&document(NEW_KEY)), Some(&manifest("")), later);
    assert_eq!((api_key(&mended, "acme-hub").as_deref(), quarantined), (Some("k-new"), vec![]));
    assert!(mended.kept_since.is_empty());
}

#[test]
fn a_broken_entry_that_never_was_good_is_not_served() {
    let (next, quarantined) = merge(&Snapshot::default(), Some(&document(BROKEN)), Some(&manifest("")), now());
    assert_eq!(names(&quarantined), [("acme-hub", false)]);
    assert_eq!((api_key(&next, "acme-hub"), api_key(&next, "northbank").is_some()), (None, true));
}

#[test]
fn a_malformed_entry_or_one_that_is_there_twice_leaves_what_was_good() {
    for malformed in [json!({ "marketplace": "acme-hub" }), json!({ "marketplace": "acme-hub", "sso": 5 })] {
        let document = document(|all| all["acme-hub"] = malformed.clone());
        let (next, quarantined) = merge(&last(), Some(&document), Some(&manifest("")), now());
        assert_eq!(names(&quarantined), [("acme-hub", true)], "{malformed}");
        assert!(next.entries == last().entries);
    }
    let twice = document(|all| all["copy"] = all["acme-hub"].clone());
    let (next, quarantined) = merge(&last(), Some(&twice), Some(&manifest("")), now());
    assert_eq!(names(&quarantined), [("acme-hub", true)]);
    assert!(next.entries == last().entries);
}

#[test]
fn an_entry_without_a_readable_key_takes_nobody_out() {
    for garbled in [json!("NOT A KEY"), json!(7), Value::Null] {
        let document = document(|all| all["acme-hub"]["marketplace"] = garbled.clone());
        let (next, quarantined) = merge(&last(), Some(&document), Some(&manifest("")), now());
        assert_eq!(names(&quarantined), [("acme-hub", true), ("entry 1", false)], "{garbled}");
        assert!(next.entries == last().entries, "{garbled}");
    }
    for garbage in ["[null]", "[{}]", "[7, null]"] {
        let body = format!(r#"{{"marketplaces": {garbage}}}"#);
        let document = PlatformDocument::parse(body.as_bytes()).unwrap();
        let (next, quarantined) = merge(&last(), Some(&document), Some(&manifest("")), now());
        assert!(next.entries == last().entries, "{garbage}");
        assert!(names(&quarantined).starts_with(&[("acme-hub", true), ("entry 1", false)]), "{garbage}");
    }
}

#[test]
fn what_the_platform_no_longer_names_is_gone_whatever_the_manifest_adds() {
    let with = |text: &str| served(&document(|_| ()), &manifest(text));
    let without = document(|all| drop(all.as_object_mut().unwrap().remove("acme-hub")));
    let (next, quarantined) = merge(&with(""), Some(&without), Some(&manifest("")), now());
    assert_eq!((next.entries.contains_key("acme-hub"), quarantined), (false, vec![]));
    for text in
        ["marketplaces: {acme-hub: {openid: true}}", "marketplaces: {acme-hub: {configuration: {api: {key: k-new}}}}"]
    {
        let (next, quarantined) = merge(&with(text), Some(&without), Some(&manifest(text)), now());
        assert!(!next.entries.contains_key("acme-hub"), "{text}");
        assert_eq!(names(&quarantined), [("acme-hub", false)], "{text}: the manifest speaks of nobody");
    }
}

#[test]
fn nothing_keeps_the_vendor_from_disabling_a_marketplace() {
    let is_disabled = |document: &PlatformDocument, entry: &str| {
        let manifest = manifest(&format!("marketplaces: {{acme-hub: {{disabled: true, {entry}}}}}"));
        let (next, quarantined) = merge(&last(), Some(document), Some(&manifest), now());
        assert_eq!(quarantined, [], "{entry}: whoever switched it off knows");
        assert_eq!(Directory::of(&next.entries).find("acme-hub").unwrap_err(), NotServed::Disabled, "{entry}");
        assert!(Directory::of(&next.entries).find("northbank").is_ok());
    };
    is_disabled(&document(BROKEN), "");
    for mistake in [
        "configuration: {api: {host: 'htps://x'}}",
        "certificates: [{certificate: nonsense}]",
        "certificates: [{certificate: x, until: '2026-12-01'}]",
        "historical_environment: prod",
        "opnid: true",
        "openid: 7",
    ] {
        is_disabled(&document(|_| ()), mistake);
    }
}

#[test]
fn a_certificate_that_is_taken_back_is_not_trusted_any_more() {
    let with = |entry: &str| manifest(&format!("marketplaces: {{acme-hub: {entry}}}"));
    let pem = testing::entries("")["acme-hub"].platform.as_ref().unwrap()["sso"]["x509_certificate"].to_string();
    let without = document(|all| {
        all["acme-hub"]["sso"]["x509_certificate"] = Value::Null;
        all["acme-hub"]["sso"]["x509_fingerprint"] = Value::Null;
    });
    let last = served(&without, &with(&format!("{{certificates: [{{certificate: {pem}}}]}}")));
    for taken_back in ["{certificates: []}", "{certificates: null}", "{}", "null"] {
        let (next, quarantined) = merge(&last, Some(&without), Some(&with(taken_back)), now());
        assert_eq!(names(&quarantined), [("acme-hub", false)], "{taken_back}");
        assert_eq!(api_key(&next, "acme-hub"), None, "{taken_back}");
    }
    let (next, quarantined) = merge(&last, Some(&without), Some(&with("{certificates: [{certificate: typo}]}")), now());
    assert_eq!((names(&quarantined), next.entries == last.entries), (vec![("acme-hub", true)], true));
}

#[test]
fn a_manifest_entry_that_cannot_be_read_leaves_the_one_before() {
    let last =
        served(&document(|_| ()), &manifest("marketplaces: {acme-hub: {openid: true}, northbank: {openid: true}}"));
    let text = "marketplaces: {acme-hub: {opnid: false}, northbank: {openid: false}}";
    let (next, quarantined) = merge(&last, Some(&document(NEW_KEY)), Some(&manifest(text)), now());
    assert_eq!(names(&quarantined), [("acme-hub", true)]);
    let directory = Directory::of(&next.entries);
    assert!(
        directory.find("acme-hub").unwrap().settings.openid && !directory.find("northbank").unwrap().settings.openid
    );
    assert_eq!(api_key(&next, "acme-hub").as_deref(), Some("k-new"), "the platform's part counts");
}

#[test]
fn a_newcomer_is_served_as_both_sources_say_or_not_at_all() {
    let none = Snapshot::default();
    let (next, quarantined) = merge(&none, Some(&document(|_| ())), None, now());
    assert_eq!((next.entries.len(), names(&quarantined)), (0, vec![("acme-hub", false), ("northbank", false)]));
    assert_eq!(quarantined[0].reason, "it is new, and the manifest cannot be read");
    for text in ["{disbled: true}", "{disabled: 1}", "{certificates: [{certificate: nonsense}]}"] {
        let manifest = manifest(&format!("marketplaces: {{acme-hub: {text}}}"));
        let (next, quarantined) = merge(&none, Some(&document(|_| ())), Some(&manifest), now());
        assert_eq!(names(&quarantined), [("acme-hub", false)], "{text}");
        assert_eq!(next.entries.keys().collect::<Vec<_>>(), ["northbank"], "{text}");
    }
    let newcomer = document(|all| {
        all["newcomer"] = all["acme-hub"].clone();
        all["newcomer"]["marketplace"] = json!("newcomer");
        all["newcomer"]["api"]["id"] = json!("app-new");
    });
    let (next, quarantined) = merge(&last(), Some(&newcomer), None, now());
    assert_eq!((next.entries.len(), names(&quarantined)), (2, vec![("newcomer", false)]));
}

#[test]
fn a_permission_that_is_withdrawn_does_not_go_on() {
    let short = document(|all| {
        all["acme-hub"]["sso"]["x509_certificate"] = json!(SHORT_KEY);
        all["acme-hub"]["sso"]["x509_fingerprint"] = Value::Null;
    });
    let last = served(&short, &manifest("marketplaces: {acme-hub: {legacy_cryptography: {short_rsa_keys: true}}}"));
    for text in ["", "marketplaces: {acme-hub: {openid: true}}"] {
        let (next, quarantined) = merge(&last, Some(&short), Some(&manifest(text)), now());
        assert_eq!(names(&quarantined), [("acme-hub", false)]);
        assert_eq!((api_key(&next, "acme-hub"), api_key(&next, "northbank").is_some()), (None, true));
    }
}

#[test]
fn a_marketplace_of_the_manifest_alone_is_kept_and_let_go_likewise() {
    let acme = testing::entries("").remove("acme-hub").unwrap().platform.unwrap();
    let bank = |change: fn(&mut Value)| {
        let mut entry = json!({ "configuration": acme });
        entry["configuration"]["api"]["id"] = json!("app-bank");
        change(&mut entry);
        manifest(&json!({ "marketplaces": { "big-bank": entry } }).to_string())
    };
    let last = served(&document(|_| ()), &bank(|_| ()));
    assert!(api_key(&last, "big-bank").is_some());

    let broken = bank(|entry| entry["configuration"]["api"]["host"] = json!("http://bank.test"));
    let (next, quarantined) = merge(&last, Some(&document(|_| ())), Some(&broken), now());
    assert_eq!((names(&quarantined), next.entries == last.entries), (vec![("big-bank", true)], true));

    let only_settings = bank(|entry| drop(entry.as_object_mut().unwrap().remove("configuration")));
    for (gone, told) in [(manifest(""), vec![]), (only_settings, vec![("big-bank", false)])] {
        let (next, quarantined) = merge(&last, None, Some(&gone), now());
        assert_eq!((api_key(&next, "big-bank"), names(&quarantined)), (None, told));
    }
}

#[test]
fn a_newcomer_with_somebody_elses_credentials_harms_nobody_but_itself() {
    let unchanged: fn(&mut Value) = |_| ();
    for (change, key, aside) in [
        (unchanged, "k-acme-0f6b2d7c41e94a5f", vec![("twin", false)]),
        (NEW_KEY, "k-new", vec![("twin", false)]),
        (BROKEN, "k-acme-0f6b2d7c41e94a5f", vec![("acme-hub", true)]),
    ] {
        let twin = document(|all| {
            all["twin"] = all["acme-hub"].clone();
            all["twin"]["marketplace"] = json!("twin");
            change(all);
            all["twin"]["api"]["key"] = all["acme-hub"]["api"]["key"].clone();
        });
        let (next, quarantined) = merge(&last(), Some(&twin), Some(&manifest("")), now());
        assert_eq!((api_key(&next, "acme-hub").as_deref(), names(&quarantined)), (Some(key), aside));
        assert!(merge(&next, Some(&twin), Some(&manifest("")), now()).0 == next, "and again");
    }
    let twins = document(|all| {
        all["twin"] = all["acme-hub"].clone();
        all["twin"]["marketplace"] = json!("twin");
    });
    let (next, quarantined) = merge(&Snapshot::default(), Some(&twins), Some(&manifest("")), now());
    assert_eq!(names(&quarantined), [("acme-hub", false), ("twin", false)]);
    assert_eq!(next.entries.keys().collect::<Vec<_>>(), ["northbank"]);
}

#[test]
fn two_that_come_to_share_credentials_both_stay_what_they_were() {
    let shared = document(|all| {
        all["northbank"]["api"]["id"] = all["acme-hub"]["api"]["id"].clone();
        all["northbank"]["api"]["key"] = all["acme-hub"]["api"]["key"].clone();
    });
    let (next, quarantined) = merge(&last(), Some(&shared), Some(&manifest("")), now());
    assert_eq!(names(&quarantined), [("acme-hub", true), ("northbank", true)]);
    assert!(next.entries == last().entries);
}

#[test]
fn nothing_of_a_snapshot_prints() {
    assert_eq!(format!("{:?}", last()), r#"Snapshot { marketplaces: ["acme-hub", "northbank"], .. }"#);
}
