//! What the manifest adds, and that it counts before the platform.

use super::*;

#[test]
fn json_and_yaml_say_the_same() {
    let yaml = Manifest::parse("marketplaces:\n  acme-hub:\n    openid: true\n").unwrap();
    let json = Manifest::parse(r#"{"$schema": "x", "marketplaces": {"acme-hub": {"openid": true}}}"#).unwrap();
    assert_eq!(yaml.marketplaces, json.marketplaces);
    assert_eq!(yaml.marketplaces["acme-hub"], json!({ "openid": true }));
}

#[test]
fn an_empty_manifest_says_nothing() {
    for empty in ["", "{}", "marketplaces:", "marketplaces: {}", "# nothing yet\n"] {
        assert!(Manifest::parse(empty).unwrap().marketplaces.is_empty(), "{empty}");
    }
}

#[test]
fn a_manifest_that_is_none_is_refused_and_not_repeated() {
    for (text, malformed) in [
        ("{hush", true),
        ("marketplaces: {a: {}, a: {}}", true),
        ("a: b: hush", true),
        ("[]", false),
        ("hush", false),
        ("marketplaces: [hush]", false),
        ("marketplace: {}", false),
        ("marketplaces: {}\nhush: {}", false),
    ] {
        let error = Manifest::parse(text).unwrap_err();
        assert_eq!(matches!(error, ManifestError::Malformed { .. }), malformed, "{text}: {error:?}");
        assert!(!error.to_string().contains("hush"));
    }
    assert_eq!(Manifest::parse(&" ".repeat(64 * 1024 + 1)).unwrap_err(), ManifestError::TooLarge);
}

#[test]
fn debug_prints_keys_of_marketplaces_and_nothing_else() {
    let manifest = Manifest::parse("marketplaces: {acme-hub: {configuration: {api: {key: hush}}}}").unwrap();
    assert_eq!(format!("{manifest:?}"), r#"{"acme-hub"}"#);
}

#[test]
fn the_manifest_counts_before_the_platform_field_by_field() {
    let marketplace = with_manifest("configuration: {api: {key: k-new}, sso: {idm: null}}").unwrap();
    assert_eq!(marketplace.api_key.expose(), "k-new");
    assert_eq!(marketplace.app_id, "app-9f3d");
    assert_eq!(marketplace.idm, "https://app.example.test");
}

#[test]
fn a_marketplace_may_stand_in_the_manifest_alone() {
    let configuration = entry("", |_| ()).platform.unwrap();
    let alone = Entry { platform: None, manifest: Some(json!({ "configuration": configuration })) };
    let marketplace = Marketplace::new("big-bank", &alone).unwrap();
    assert_eq!((marketplace.key.as_str(), marketplace.app_id.as_str()), ("big-bank", "app-9f3d"));
    let settings = Entry { platform: None, manifest: Some(json!({ "openid": true })) };
    assert_eq!(Marketplace::new("big-bank", &settings).unwrap_err(), MarketplaceError::NoSource);
}

#[test]
fn a_historical_environment_counts_least_and_only_if_it_is_named() {
    let bare = |manifest: &str| {
        let entry = entry(manifest, |entry| {
            for (section, name) in [("api", "host"), ("api", "base"), ("sso", "idp"), ("sso", "x509_fingerprint")] {
                entry[section][name] = Value::Null;
            }
            entry["connec"] = Value::Null;
        });
        Marketplace::new("maestrano-uat", &entry)
    };
    assert_eq!(bare("").unwrap_err(), MarketplaceError::Missing { field: "api.host" });
    // Its fingerprint holds for its own certificate only.
    for (name, host, found) in [
        ("uat", "https://uat.maestrano.io", true),
        ("maestrano-uat", "https://uat.maestrano.io", true),
        ("production", "https://maestrano.com", true),
        ("maestrano-production", "https://maestrano.com", true),
        ("sandbox", "", false),
        ("7", "", false),
    ] {
        let error = bare(&format!("historical_environment: {name}")).unwrap_err();
        assert_eq!(matches!(error, MarketplaceError::Certificate { .. }), found, "{name}: {error}");
        let fingerprint = entry("", |_| ()).platform.unwrap()["sso"]["x509_fingerprint"].clone();
        let manifest =
            format!("{{historical_environment: {name}, configuration: {{sso: {{x509_fingerprint: {fingerprint}}}}}}}");
        if found {
            let marketplace = bare(&manifest).unwrap();
            assert_eq!(marketplace.idp_sso_url, format!("{host}/api/v1/auth/saml"));
            assert_eq!(marketplace.connec.unwrap().timeout.as_secs(), 180);
        }
    }
    let local = bare("{historical_environment: local, local: true, configuration: {sso: {x509_fingerprint: 'bd:49:e2:00:83:69:ca:85:b8:7e:8b:d5:2a:3e:97:01:8c:9b:38:d7'}}}").unwrap();
    assert_eq!(local.api_host, "http://localhost:3001");
    let platform_first = with_manifest("historical_environment: uat").unwrap();
    assert_eq!(platform_first.api_host, "https://hub.acme.example");
}

#[test]
fn a_previous_key_is_good_until_its_time() {
    let marketplace = with_manifest("previous_api_key: {key: k-old, until: '2030-01-15T11:00:00Z'}").unwrap();
    let presented = |id: &str, key: &str| crate::testing::basic(id, key);
    let at = |time: &str| time.parse().unwrap();
    let (before, after) = (at("2030-01-15T10:59:59Z"), at("2030-01-15T11:00:00Z"));
    for now in [before, after] {
        assert!(marketplace.has_credentials(&presented("app-9f3d", "k-acme-0f6b2d7c41e94a5f"), now));
        assert!(!marketplace.has_credentials(&presented("app-9f3", "k-acme-0f6b2d7c41e94a5f"), now));
        assert!(!marketplace.has_credentials(&presented("app-9f3d", "k-acme"), now));
        assert!(!marketplace.has_credentials(&presented("app-9f3d", ""), now));
    }
    assert!(marketplace.has_credentials(&presented("app-9f3d", "k-old"), before));
    assert!(!marketplace.has_credentials(&presented("app-9f3", "k-old"), before));
    assert!(!marketplace.has_credentials(&presented("app-9f3d", "k-old"), after));
}

#[test]
fn a_key_or_certificate_that_makes_no_sense_is_named_and_not_repeated() {
    for (manifest, field) in [
        ("previous_api_key: hush", "previous_api_key"),
        ("previous_api_key: {key: hush}", "previous_api_key"),
        ("previous_api_key: {key: hush, until: tomorrow}", "previous_api_key"),
        ("previous_api_key: {key: hush, until: '2030-01-15T11:00:00Z', from: 1}", "previous_api_key"),
        ("previous_api_key: {key: '', until: '2030-01-15T11:00:00Z'}", "previous_api_key"),
        ("previous_api_key: {key: ' ', until: '2030-01-15T11:00:00Z'}", "previous_api_key"),
        ("previous_api_key: [hush, '2030-01-15T11:00:00Z']", "previous_api_key"),
        ("certificates: hush", "certificates"),
        ("certificates: [[hush, null, null, null]]", "certificates"),
        ("certificates: [{pem: hush}]", "certificates"),
        ("configuration: hush", "configuration"),
        ("historical_environment: hush", "historical_environment"),
        ("openid: hush", "openid"),
    ] {
        let error = with_manifest(manifest).unwrap_err();
        assert!(
            matches!(error, MarketplaceError::Type { field: named, .. } if named == field),
            "{manifest}: {error:?}"
        );
        assert!(!error.to_string().contains("hush"));
    }
    assert_eq!(with_manifest("opnid: true").unwrap_err(), MarketplaceError::UnknownSetting { nearest: Some("openid") });
    let broken = with_manifest("certificates: [{certificate: hush}]").unwrap_err();
    assert!(matches!(broken, MarketplaceError::Certificate { field: "certificates", .. }), "{broken}");
}

#[test]
fn further_certificates_are_used_within_their_time() {
    let other = crate::testing::IdentityProvider::generate().certificate_pem().replace(['\r', '\n'], "");
    let manifest = format!(
        "certificates: [{{certificate: '{other}', from: '2030-01-01T00:00:00Z', until: '2030-02-01T00:00:00Z'}}]"
    );
    let keys = with_manifest(&manifest).unwrap().idp_keys;
    let used = |time: &str| {
        let now = time.parse().unwrap();
        keys.iter().map(|key| key.is_used_at(now)).collect::<Vec<_>>()
    };
    assert_eq!(used("2029-12-31T23:59:59Z"), [false, true]);
    assert_eq!(used("2030-01-01T00:00:00Z"), [true, true]);
    assert_eq!(used("2030-02-01T00:00:00Z"), [false, true]);
}

#[test]
fn the_platforms_certificate_can_be_given_an_end() {
    let platform = entry("", |_| ()).platform.unwrap()["sso"]["x509_certificate"].clone();
    let manifest = json!({ "certificates": [{ "certificate": platform, "until": "2030-01-15T10:00:00Z" }] });
    let keys = with_manifest(&manifest.to_string()).unwrap().idp_keys;
    assert_eq!(keys.len(), 1);
    assert!(!keys[0].is_used_at("2030-01-15T10:00:00Z".parse().unwrap()));
}

#[test]
fn a_short_key_needs_its_own_setting() {
    let with = |manifest: &str| {
        let entry = entry(manifest, |entry| {
            entry["sso"]["x509_certificate"] = json!(SHORT_KEY);
            entry["sso"]["x509_fingerprint"] = Value::Null;
        });
        Marketplace::new("acme-hub", &entry).map(|marketplace| marketplace.idp_keys.len())
    };
    for strict in ["", "legacy_cryptography: {sha1: true, historical_names: true}"] {
        assert_eq!(with(strict), Err(MarketplaceError::ShortKey { field: "sso.x509_certificate" }), "{strict}");
    }
    assert_eq!(with("legacy_cryptography: {short_rsa_keys: true}"), Ok(1));
}
