//! The developer platform's document as a whole: both shapes, and every way of protocol.md §1.3 in which it can be none.

use super::*;

fn refused(body: &[u8]) -> Vec<(String, MarketplaceError)> {
    PlatformDocument::parse(body).unwrap().refused
}

#[test]
fn every_marketplace_of_the_sample_is_found_by_its_key() {
    let document = PlatformDocument::parse(vector!("marketplaces_config.json")).unwrap();
    assert!(document.refused.is_empty());
    assert_eq!(document.entries.keys().collect::<Vec<_>>(), ["acme-hub", "bare-market", "northbank"]);
}

#[test]
fn a_single_object_is_read_like_an_array_of_one() {
    let document = PlatformDocument::parse(vector!("marketplaces_config_single_object.json")).unwrap();
    let many = PlatformDocument::parse(vector!("marketplaces_config.json")).unwrap();
    assert_eq!(document.entries.keys().collect::<Vec<_>>(), ["acme-hub"]);
    assert_eq!(document.entries["acme-hub"], many.entries["acme-hub"]);
}

#[test]
fn a_document_that_is_none_is_refused_with_its_reason() {
    let refused = |body: &[u8]| PlatformDocument::parse(body).unwrap_err();
    assert_eq!(refused(vector!("marketplaces_config_error.json")), DocumentError::Reported);
    assert_eq!(refused(vector!("marketplaces_config_missing_key.json")), DocumentError::NoMarketplaces);
    for nothing in ["null", "{}", "7", "true", r#""maintenance""#, r#"{"acme-hub": {}}"#] {
        let body = format!(r#"{{"marketplaces": {nothing}}}"#);
        assert_eq!(refused(body.as_bytes()), DocumentError::NoMarketplaces, "{nothing}");
    }
    let whole = vector!("marketplaces_config.json");
    for malformed in [&b""[..], b"<html>", b"[]", b"7", &whole[..whole.len() / 2]] {
        assert!(matches!(refused(malformed), DocumentError::Malformed { .. }));
    }
}

#[test]
fn an_error_beside_marketplaces_is_an_error() {
    let body = br#"{"error": "maintenance", "marketplaces": []}"#;
    assert_eq!(PlatformDocument::parse(body).unwrap_err(), DocumentError::Reported);
}

#[test]
fn what_was_read_is_never_repeated() {
    let body = br#"{"marketplaces": [{"api": {"key": "hush-hush"}, "marketplace": "hush-hush!"}, "hush-hush"]}"#;
    let document = PlatformDocument::parse(body).unwrap();
    assert_eq!(document.refused.len(), 2);
    assert!(!format!("{document:?}").contains("hush"));
    let error = PlatformDocument::parse(br#"{"marketplaces": [{"api": {"key": "hush-hush}]}"#).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hush"));
}

#[test]
fn an_entry_without_a_key_of_its_own_is_named_by_its_place() {
    let key = |entry: &str| refused(format!(r#"{{"marketplaces": [{{"marketplace": "a"}}, {entry}]}}"#).as_bytes());
    for (entry, error) in [
        ("7", MarketplaceError::Type { field: "entry", expected: "an object" }),
        ("null", MarketplaceError::Type { field: "entry", expected: "an object" }),
        ("{}", MarketplaceError::Missing { field: "marketplace" }),
        (r#"{"marketplace": null}"#, MarketplaceError::Missing { field: "marketplace" }),
        (r#"{"marketplace": 7}"#, MarketplaceError::Type { field: "marketplace", expected: "text" }),
    ] {
        assert_eq!(key(entry), [("entry 2".to_owned(), error)], "{entry}");
    }
    for bad in ["", "Acme", "a b", "a/b", "a%2f", "-a"] {
        let refused = key(&json!({ "marketplace": bad }).to_string());
        assert!(matches!(&refused[..], [(place, MarketplaceError::Key(_))] if place == "entry 2"), "{bad}");
    }
}

#[test]
fn a_key_used_twice_or_thrice_serves_nobody() {
    for times in [2, 3, 4] {
        let entries = vec![json!({ "marketplace": "a" }); times];
        let document = PlatformDocument::parse(json!({ "marketplaces": entries }).to_string().as_bytes()).unwrap();
        assert!(document.entries.is_empty(), "{times}");
        assert_eq!(document.refused, [("a".to_owned(), MarketplaceError::Duplicate)]);
    }
}
