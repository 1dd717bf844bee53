//! The manifest's published schema (`docs/manifest.schema.json`) and the code that reads manifests say the same.

use serde_json::{Value, json};
use shared::{
    marketplace::{Entry, Manifest, Marketplace},
    testing,
};

const SCHEMA: &str = include_str!("../../docs/manifest.schema.json");
const SETTINGS: &str = include_str!("../../docs/settings.md");

/// Whether the code can use every entry of this manifest, for marketplaces that the platform knows.
fn is_read(manifest: &str) -> bool {
    let Ok(manifest) = Manifest::parse(manifest) else { return false };
    manifest.marketplaces.into_iter().all(|(key, said)| {
        let platform = testing::entries("").remove("acme-hub").unwrap().platform;
        Marketplace::new(&key, &Entry { platform, manifest: Some(said) }).is_ok()
    })
}

#[test]
fn the_schema_takes_what_the_code_takes_and_nothing_else() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let certificate = testing::acme().idp_keys[0].certificate_pem();
    let about = |said: Value| json!({ "marketplaces": { "acme-hub": said } });
    let good = [
        json!(null),
        json!({}),
        json!({ "$schema": "manifest.schema.json" }),
        json!({ "marketplaces": null }),
        json!({ "marketplaces": {} }),
        about(json!(null)),
        about(json!({})),
        about(
            json!({ "configuration": null, "historical_environment": null, "certificates": null, "previous_api_key": null }),
        ),
        about(json!({ "configuration": {} })),
        about(
            json!({ "configuration": { "nid": "n", "api": { "key": "k", "id": null }, "sso": { "idm": "" }, "unknown": 1 } }),
        ),
        about(
            json!({ "configuration": { "webhook": { "account": { "groups_path": "/g" } }, "connec": { "timeout": 600 } } }),
        ),
        about(
            json!({ "historical_environment": "uat", "configuration": { "sso": { "x509_certificate": certificate } } }),
        ),
        about(json!({ "historical_environment": "maestrano-production" })),
        about(json!({ "certificates": [] })),
        about(json!({ "certificates": [{ "certificate": certificate }] })),
        about(
            json!({ "certificates": [{ "certificate": certificate, "fingerprint": null, "from": null, "until": null }] }),
        ),
        about(
            json!({ "certificates": [{ "certificate": certificate, "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00+01:00" }] }),
        ),
        about(json!({ "previous_api_key": { "key": "k", "until": "2027-01-01T00:00:00Z" } })),
        about(json!({ "issuers": ["x"], "audiences": [], "legacy_cryptography": { "sha1": true } })),
        about(json!({ "retention_days": 1, "confirm_removals": false })),
        about(
            json!({ "clock_skew_secs": 120, "unsolicited_responses": true, "openid": true, "creation_mode": "virtual" }),
        ),
        about(json!({ "disabled": true, "local": true, "connec_ids": { "provider": "p", "realm": null } })),
        about(json!({ "price_plan": "standard", "currency": "EUR", "rate_limits": { "requests_per_second": 1 } })),
        about(json!({ "price_plan": null, "currency": null, "rate_limits": {} })),
    ];
    let bad = [
        json!([]),
        json!("text"),
        json!({ "marketplace": {} }),
        json!({ "marketplaces": [] }),
        json!({ "marketplaces": { "Acme": {} } }),
        json!({ "marketplaces": { "": {} } }),
        about(json!([])),
        about(json!("text")),
        about(json!({ "opnid": true })),
        about(json!({ "configuration": [] })),
        about(json!({ "configuration": { "api": [] } })),
        about(json!({ "configuration": { "api": { "key": 7 } } })),
        about(json!({ "configuration": { "connec": { "timeout": 0 } } })),
        about(json!({ "configuration": { "connec": { "timeout": "300" } } })),
        about(json!({ "historical_environment": "sandbox" })),
        about(json!({ "certificates": {} })),
        about(json!({ "certificates": [{}] })),
        about(json!({ "certificates": [{ "certificate": certificate, "pem": "x" }] })),
        about(json!({ "certificates": [{ "certificate": certificate, "until": "tomorrow" }] })),
        about(json!({ "previous_api_key": "k" })),
        about(json!({ "previous_api_key": { "key": "k" } })),
        about(json!({ "previous_api_key": { "key": "k", "until": "2027-01-01" } })),
        about(json!({ "previous_api_key": { "key": "", "until": "2027-01-01T00:00:00Z" } })),
        about(json!({ "previous_api_key": ["k", "2027-01-01T00:00:00Z"] })),
        about(json!({ "certificates": [[certificate, null, null, null]] })),
        about(json!({ "legacy_cryptography": [true] })),
        about(json!({ "rate_limits": [2, 1] })),
        about(json!({ "creation_mode": { "real": null } })),
        about(json!({ "issuers": "x" })),
        about(json!({ "issuers": [1] })),
        about(json!({ "legacy_cryptography": { "md5": true } })),
        about(json!({ "legacy_cryptography": null })),
        about(json!({ "clock_skew_secs": 121 })),
        about(json!({ "clock_skew_secs": -1 })),
        about(json!({ "clock_skew_secs": 1.5 })),
        about(json!({ "retention_days": 0 })),
        about(json!({ "retention_days": 3_651 })),
        about(json!({ "confirm_removals": "yes" })),
        about(json!({ "openid": "yes" })),
        about(json!({ "openid": null })),
        about(json!({ "creation_mode": "both" })),
        about(json!({ "connec_ids": { "id": "x" } })),
        about(json!({ "currency": "eur" })),
        about(json!({ "currency": "EURO" })),
        about(json!({ "rate_limits": { "requests_per_second": 0 } })),
        about(json!({ "rate_limits": { "concurrent_requests": 65_536 } })),
        about(json!({ "rate_limits": { "per_minute": 1 } })),
    ];
    for (manifests, expected) in [(&good[..], true), (&bad[..], false)] {
        for manifest in manifests {
            assert_eq!(is_read(&manifest.to_string()), expected, "the code: {manifest}");
            assert_eq!(validator.is_valid(manifest), expected, "the schema: {manifest}");
        }
    }
}

#[test]
fn the_example_of_the_documentation_is_a_manifest() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let examples: Vec<&str> =
        SETTINGS.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let manifest: Value = yaml_serde::from_str(example).unwrap();
        let errors: Vec<String> =
            jsonschema::validator_for(&schema).unwrap().iter_errors(&manifest).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{example}");
        for (key, said) in Manifest::parse(example).unwrap().marketplaces {
            assert_eq!(Manifest::check(Some(&said)), Ok(()), "{key}");
        }
    }
}

#[test]
fn every_setting_of_the_schema_is_explained() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for name in schema["$defs"]["entry"]["properties"].as_object().unwrap().keys() {
        assert!(SETTINGS.contains(&format!("`{name}`")) || SETTINGS.contains(&format!("`{name}.")), "{name}");
    }
}
