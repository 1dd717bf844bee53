//! One test or more for each row of the table in protocol.md §1.2.

use std::time::Duration;

use super::*;

/// What counts as absent.
fn absences() -> [Value; 3] {
    [Value::Null, json!(""), json!(" ")]
}

#[test]
fn a_full_entry_gives_every_address() {
    let marketplace = changed(|_| ()).unwrap();
    assert_eq!(marketplace.key.as_str(), "acme-hub");
    assert_eq!(marketplace.acs_url, "https://app.example.test/maestrano/auth/saml/consume/acme-hub");
    assert_eq!(marketplace.idp_sso_url, "https://hub.acme.example/api/v1/auth/saml");
    assert_eq!(
        (marketplace.api_host.as_str(), marketplace.api_base.as_str()),
        ("https://hub.acme.example", "/api/v1/")
    );
    assert_eq!(marketplace.app_id, "app-9f3d");
}

#[test]
fn nid_may_be_missing() {
    assert_eq!(changed(|_| ()).unwrap().nid.as_deref(), Some("ledgerly-acme"));
    for absent in absences() {
        assert_eq!(changed(|entry| entry["nid"] = absent).unwrap().nid, None);
    }
}

#[test]
fn the_environment_is_not_used() {
    for environment in [json!(null), json!("production"), json!(7)] {
        assert!(changed(|entry| entry["environment"] = environment).is_ok());
    }
}

#[test]
fn each_field_that_we_cannot_do_without_is_named_when_missing() {
    for (section, name, field) in [
        ("app", "host", "app.host"),
        ("api", "id", "api.id"),
        ("api", "key", "api.key"),
        ("api", "host", "api.host"),
        ("sso", "consume_path", "sso.consume_path"),
        ("sso", "x509_certificate", "sso.x509_certificate"),
    ] {
        for absent in absences() {
            assert_eq!(
                changed(|entry| entry[section][name] = absent).unwrap_err(),
                MarketplaceError::Missing { field }
            );
        }
        let without = changed(|entry| drop(entry[section].as_object_mut().unwrap().remove(name)));
        assert_eq!(without.unwrap_err(), MarketplaceError::Missing { field });
    }
    for (section, field) in [("app", "app.host"), ("api", "api.host"), ("sso", "sso.consume_path")] {
        for absent in [Value::Null, json!({})] {
            assert_eq!(changed(|entry| entry[section] = absent).unwrap_err(), MarketplaceError::Missing { field });
        }
    }
}

#[test]
fn a_value_of_another_type_is_named_and_not_repeated() {
    for (section, name, value, field) in [
        ("api", "key", json!(["hush"]), "api.key"),
        ("api", "id", json!(7), "api.id"),
        ("app", "host", json!({"hush": 1}), "app.host"),
        ("sso", "x509_fingerprint", json!(8), "sso.x509_fingerprint"),
        ("connec", "timeout", json!("hush"), "connec.timeout"),
        ("connec", "timeout", json!(0), "connec.timeout"),
        ("connec", "timeout", json!(601), "connec.timeout"),
        ("connec", "timeout", json!(-1), "connec.timeout"),
        ("connec", "timeout", json!(1.5), "connec.timeout"),
    ] {
        let error = changed(|entry| entry[section][name] = value).unwrap_err();
        assert!(matches!(error, MarketplaceError::Type { field: named, .. } if named == field), "{error:?}");
        assert!(!error.to_string().contains("hush"));
    }
    let error = changed(|entry| entry["webhooks"]["connec"]["external_ids"] = json!("true")).unwrap_err();
    assert!(matches!(error, MarketplaceError::Type { field: "webhooks.connec.external_ids", .. }));
    let error = changed(|entry| entry["sso"] = json!("hush")).unwrap_err();
    assert!(matches!(error, MarketplaceError::Type { .. }) && !error.to_string().contains("hush"), "{error}");
}

#[test]
fn the_synchronization_paths_are_optional() {
    let registered = changed(|_| ()).unwrap().registered;
    assert_eq!(registered.synchronization_start.as_deref(), Some("/maestrano/acme-hub/synchronizations"));
    assert_eq!(registered.synchronization_toggle.as_deref(), Some("/maestrano/acme-hub/synchronizations/toggle_sync"));
    assert_eq!(registered.synchronization_status.as_deref(), Some("/maestrano/acme-hub/synchronizations/:cld-uid"));
    let without = changed(|entry| entry["app"] = json!({ "host": "https://app.example.test" })).unwrap().registered;
    assert_eq!(
        (without.synchronization_start, without.synchronization_toggle, without.synchronization_status),
        (None, None, None)
    );
}

#[test]
fn the_apis_base_defaults_and_needs_no_slash_at_its_end() {
    for base in [Value::Null, json!(""), json!("/api/v1"), json!("/api/v1/")] {
        let marketplace = changed(|entry| entry["api"]["base"] = base).unwrap();
        assert_eq!(marketplace.api_base, "/api/v1/");
        assert_eq!(marketplace.idp_sso_url, "https://hub.acme.example/api/v1/auth/saml");
    }
    let other = changed(|entry| entry["api"]["base"] = json!("/hub/api/")).unwrap();
    assert_eq!(other.idp_sso_url, "https://hub.acme.example/hub/api/auth/saml");
    let error = changed(|entry| entry["api"]["base"] = json!("/api/v1/?x=")).unwrap_err();
    assert_eq!(error, MarketplaceError::Path { field: "api.base" });
}

#[test]
fn a_missing_idm_falls_back_to_the_apps_host() {
    for idm in absences() {
        let marketplace = changed(|entry| entry["sso"]["idm"] = idm).unwrap();
        assert_eq!(marketplace.idm, "https://app.example.test");
    }
    let marketplace = changed(|entry| entry["sso"]["idm"] = json!("https://login.example.test/")).unwrap();
    assert_eq!(marketplace.acs_url, "https://login.example.test/maestrano/auth/saml/consume/acme-hub");
}

#[test]
fn a_missing_idp_falls_back_to_the_apis_host() {
    for idp in absences() {
        let marketplace = changed(|entry| entry["sso"]["idp"] = idp).unwrap();
        assert_eq!(marketplace.idp_sso_url, "https://hub.acme.example/api/v1/auth/saml");
    }
    let marketplace = changed(|entry| entry["sso"]["idp"] = json!("https://idp.acme.example")).unwrap();
    assert_eq!(marketplace.idp_sso_url, "https://idp.acme.example/api/v1/auth/saml");
}

#[test]
fn the_paths_of_single_sign_on_may_carry_a_query() {
    let marketplace = changed(|entry| {
        entry["sso"]["init_path"] = json!("/maestrano/init/?marketplace=acme-hub");
        entry["sso"]["consume_path"] = json!("/maestrano/consume/?marketplace=acme-hub");
    })
    .unwrap();
    assert_eq!(marketplace.acs_url, "https://app.example.test/maestrano/consume/?marketplace=acme-hub");
    assert_eq!(marketplace.registered.initialize.as_deref(), Some("/maestrano/init/?marketplace=acme-hub"));
    let without = changed(|entry| entry["sso"]["init_path"] = Value::Null).unwrap();
    assert_eq!(without.registered.initialize, None);
}

#[test]
fn a_certificate_needs_neither_line_breaks_nor_a_fingerprint() {
    let flat = changed(|entry| {
        let pem = entry["sso"]["x509_certificate"].as_str().unwrap().replace('\n', "");
        entry["sso"]["x509_certificate"] = json!(pem);
    });
    assert_eq!(flat.unwrap().idp_keys.len(), 1);
    for absent in absences() {
        assert!(changed(|entry| entry["sso"]["x509_fingerprint"] = absent).is_ok());
    }
    let upper = changed(|entry| {
        let fingerprint = entry["sso"]["x509_fingerprint"].as_str().unwrap().to_uppercase();
        entry["sso"]["x509_fingerprint"] = json!(fingerprint);
    });
    assert!(upper.is_ok());
}

#[test]
fn a_certificate_that_is_none_or_another_is_refused() {
    let nonsense = changed(|entry| entry["sso"]["x509_certificate"] = json!("nonsense")).unwrap_err();
    let field = "sso.x509_certificate";
    assert_eq!(nonsense, MarketplaceError::Certificate { field, error: CertificateError::Unreadable });
    let other = changed(|entry| entry["sso"]["x509_fingerprint"] = json!("00:11")).unwrap_err();
    assert!(matches!(other, MarketplaceError::Certificate { error: CertificateError::FingerprintMismatch { .. }, .. }));
}

#[test]
fn connec_may_be_missing_and_has_defaults() {
    let connec = changed(|_| ()).unwrap().connec.unwrap();
    let expected = Connec {
        host: "https://connec.acme.example".to_owned(),
        base_path: "/api/v2".to_owned(),
        timeout: Duration::from_secs(300),
        external_ids: true,
    };
    assert_eq!(connec, expected);
    let bare = changed(|entry| {
        entry["connec"] = json!({ "host": "https://connec.acme.example/" });
        entry["webhooks"] = Value::Null;
    });
    let defaults = Connec { timeout: Duration::from_secs(60), external_ids: false, ..expected };
    assert_eq!(bare.unwrap().connec, Some(defaults));
    for absent in [Value::Null, json!({}), json!({ "host": "" })] {
        assert_eq!(changed(|entry| entry["connec"] = absent).unwrap().connec, None);
    }
}

#[test]
fn every_spelling_of_the_webhooks_is_read() {
    let registered = changed(|_| ()).unwrap().registered;
    assert_eq!(registered.group.as_deref(), Some("/maestrano/account/groups/:id/acme-hub"));
    assert_eq!(registered.group_user.as_deref(), Some("/maestrano/account/groups/:group_id/users/:id/acme-hub"));
    assert_eq!(registered.notification.as_deref(), Some("/maestrano/connec/notifications/acme-hub"));
    assert_eq!(registered.connec_initialization, None);
    let other = changed(|entry| {
        let webhooks = entry.as_object_mut().unwrap().remove("webhooks").unwrap();
        entry["webhook"] = json!({
            "account": {
                "groups_path": webhooks["account"]["group_path"], "group_users_path": webhooks["account"]["group_user_path"],
            },
            "connec": { "external_ids": true, "notifications_path": webhooks["connec"]["notification_path"] },
        });
    });
    let other = other.unwrap();
    assert_eq!(other.registered, registered);
    assert!(other.connec.unwrap().external_ids);
}

#[test]
fn the_webhooks_are_optional() {
    for absent in [Value::Null, json!({}), json!({ "account": null, "connec": {} })] {
        let registered = changed(|entry| entry["webhooks"] = absent).unwrap().registered;
        assert_eq!((registered.group, registered.group_user, registered.notification), (None, None, None));
    }
    let path = changed(|entry| entry["webhooks"]["connec"]["initialization_path"] = json!("/x")).unwrap();
    assert_eq!(path.registered.connec_initialization.as_deref(), Some("/x"));
}

#[test]
fn an_address_must_be_https_and_elsewhere_unless_the_marketplace_is_local() {
    let hosts = [("app", "host"), ("api", "host"), ("sso", "idm"), ("sso", "idp"), ("connec", "host")];
    for (section, name) in hosts {
        for bad in [
            "http://hub.example",
            "http://localhost:3000",
            "https://localhost",
            "https://169.254.169.254",
            "https://[fd00:ec2::254]",
            "https://metadata.google.internal",
            "ftp://hub.example",
            "hub.example",
            "https://u:p@hub.example",
            "https://hub.example/?x",
            "https://hub.example/#x",
        ] {
            let error = changed(|entry| entry[section][name] = json!(bad)).unwrap_err();
            assert!(matches!(error, MarketplaceError::Url { field } if field == format!("{section}.{name}")), "{bad}");
            assert!(!error.to_string().contains(bad));
        }
        let local = |host: &str| {
            Marketplace::new("acme-hub", &entry("local: true", |entry| entry[section][name] = json!(host)))
        };
        for good in ["http://localhost:3000", "http://127.0.0.1:4000/", "http://[::1]:5000", "http://connec.test"] {
            assert!(local(good).is_ok(), "{good}");
        }
        for bad in ["http://169.254.169.254", "http://localhost:9001", "http://u:p@localhost"] {
            assert!(local(bad).is_err(), "{bad}");
        }
    }
}

#[test]
fn a_path_must_not_lead_elsewhere() {
    for (pointer, field) in [
        ("/sso/init_path", "sso.init_path"),
        ("/sso/consume_path", "sso.consume_path"),
        ("/app/synchronization_start_path", "app.synchronization_start_path"),
        ("/app/synchronization_toggle_path", "app.synchronization_toggle_path"),
        ("/app/synchronization_status_path", "app.synchronization_status_path"),
        ("/connec/base_path", "connec.base_path"),
        ("/webhooks/account/group_path", "webhooks.account.group_path"),
        ("/webhooks/account/group_user_path", "webhooks.account.group_user_path"),
        ("/webhooks/connec/notification_path", "webhooks.connec.notification_path"),
        ("/webhooks/connec/initialization_path", "webhooks.connec.initialization_path"),
    ] {
        for bad in
            ["maestrano/x", "//evil.example/x", "/a\\b", "/a b", "@evil.example", "/\u{e9}", "/a\r\nb", "/a/../b"]
        {
            let error = changed(|entry| *entry.pointer_mut(pointer).unwrap() = json!(bad)).unwrap_err();
            assert_eq!(error, MarketplaceError::Path { field }, "{bad}");
        }
    }
}

#[test]
fn debug_does_not_print_the_key() {
    assert!(!format!("{:?}", changed(|_| ()).unwrap()).contains("k-acme"));
}
