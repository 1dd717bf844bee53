//! Finding a marketplace, and telling it from others by its credentials.

use super::*;
use crate::testing::{basic, directory, entries};

const KEY: &str = "k-acme-0f6b2d7c41e94a5f";

fn now() -> jiff::Timestamp {
    "2030-01-15T10:00:30Z".parse().unwrap()
}

#[test]
fn a_marketplace_is_found_by_its_key_exactly() {
    let directory = directory("");
    assert_eq!(
        directory.find("northbank").unwrap().acs_url,
        "https://app.example.test/maestrano/consume/?marketplace=northbank"
    );
    for unknown in ["Northbank", "northbank ", "", "nobody"] {
        assert_eq!(directory.find(unknown).unwrap_err(), NotServed::Unknown, "{unknown}");
    }
}

#[test]
fn one_that_cannot_be_used_does_not_take_the_others_with_it() {
    // The sample's third marketplace speaks http.
    let strict = directory("");
    assert_eq!(strict.refused(), [("bare-market".to_owned(), MarketplaceError::Url { field: "connec.host" })]);
    assert_eq!(strict.iter().count(), 2);
    let local = directory("marketplaces: {bare-market: {local: true}}");
    assert!(local.refused().is_empty());
    assert_eq!(local.find("bare-market").unwrap().registered.notification, None);
}

#[test]
fn only_its_own_credentials_make_a_marketplace() {
    let directory = directory("");
    let authenticate = |key, id, api_key| directory.authenticate(key, Some(&basic(id, api_key)), now());
    assert!(authenticate("acme-hub", "app-9f3d", KEY).is_ok());
    for (key, id, api_key) in [
        ("northbank", "app-9f3d", KEY),
        ("acme-hub", "7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55", "k-north-77e0c1d9"),
        ("acme-hub", "app-9f3d", "k-north-77e0c1d9"),
        ("acme-hub", "7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55", KEY),
        ("nobody", "app-9f3d", KEY),
        ("acme-hub", "", ""),
    ] {
        assert_eq!(authenticate(key, id, api_key).unwrap_err(), AuthenticationError::Credentials, "{key} {id}");
    }
    assert_eq!(directory.authenticate("acme-hub", None, now()).unwrap_err(), AuthenticationError::Credentials);
}

#[test]
fn two_marketplaces_with_one_app_id_are_told_apart_by_their_keys() {
    let mut entries = entries("");
    entries.get_mut("northbank").unwrap().platform.as_mut().unwrap()["api"]["id"] = json!("app-9f3d");
    let directory = Directory::of(&entries);
    let authenticate = |key, api_key| directory.authenticate(key, Some(&basic("app-9f3d", api_key)), now());
    assert!(authenticate("acme-hub", KEY).is_ok() && authenticate("northbank", "k-north-77e0c1d9").is_ok());
    assert!(authenticate("northbank", KEY).is_err() && authenticate("acme-hub", "k-north-77e0c1d9").is_err());
}

#[test]
fn two_with_one_pair_of_credentials_are_both_set_aside() {
    let mut entries = entries("");
    let northbank = entries.get_mut("northbank").unwrap().platform.as_mut().unwrap();
    northbank["api"] = json!({ "id": "app-9f3d", "key": KEY, "host": "https://hub.northbank.example" });
    let directory = Directory::of(&entries);
    for key in ["acme-hub", "northbank"] {
        assert_eq!(directory.find(key).unwrap_err(), NotServed::Unknown);
        assert!(directory.refused().contains(&(key.to_owned(), MarketplaceError::SharedCredentials)));
    }
}

#[test]
fn of_a_previous_key_that_is_anothers_only_its_holder_is_set_aside() {
    let mut entries = entries("");
    let northbank = entries.get_mut("northbank").unwrap();
    northbank.platform.as_mut().unwrap()["api"]["id"] = json!("app-9f3d");
    let previous = |key: &str| Some(json!({ "previous_api_key": { "key": key, "until": "2031-01-01T00:00:00Z" } }));
    northbank.manifest = previous(KEY);
    let directory = Directory::of(&entries);
    assert!(directory.find("acme-hub").is_ok() && directory.find("northbank").is_err());
    assert!(directory.refused().contains(&("northbank".to_owned(), MarketplaceError::SharedPreviousKey)));

    entries.get_mut("northbank").unwrap().manifest = previous("k-old");
    assert!(Directory::of(&entries).find("northbank").is_ok());
    entries.get_mut("acme-hub").unwrap().manifest = previous("k-old");
    let both = Directory::of(&entries);
    assert!(both.find("acme-hub").is_err() && both.find("northbank").is_err());
}

#[test]
fn a_disabled_marketplace_is_told_so_once_it_has_shown_its_credentials() {
    let directory = directory("marketplaces: {acme-hub: {disabled: true}}");
    assert_eq!(directory.find("acme-hub").unwrap_err(), NotServed::Disabled);
    let authenticate = |api_key| directory.authenticate("acme-hub", Some(&basic("app-9f3d", api_key)), now());
    assert_eq!(authenticate(KEY).unwrap_err(), AuthenticationError::Disabled);
    assert_eq!(authenticate("wrong").unwrap_err(), AuthenticationError::Credentials);
}
