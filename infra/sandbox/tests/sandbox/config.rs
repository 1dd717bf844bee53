//! The developer platform's document.

use serde_json::{Value, json};

use crate::running::{APP, CONFIG, Running};

#[tokio::test]
async fn the_document_has_every_documented_key() {
    let running = Running::start().await;
    let document = running.document().await;
    let acme = running.marketplace("acme-hub");
    let fingerprint = document["marketplaces"][0]["sso"]["x509_fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(fingerprint.len(), 59);
    let expected = json!({
        "nid": "stallholder-acme",
        "marketplace": "acme-hub",
        "environment": "stallholder-local",
        "app": {
            "host": APP,
            "synchronization_start_path": "/maestrano/acme-hub/synchronizations",
            "synchronization_toggle_path": "/maestrano/acme-hub/synchronizations/toggle_sync",
            "synchronization_status_path": "/maestrano/acme-hub/synchronizations/:cld-uid",
        },
        "api": { "id": "app-acme", "key": acme.api_key, "host": acme.host, "base": "/api/v1/" },
        "sso": {
            "idm": APP,
            "init_path": "/mno-enterprise/acme-hub/saml/initialize",
            "consume_path": "/mno-enterprise/acme-hub/saml/consume",
            "idp": acme.host,
            "x509_fingerprint": fingerprint,
            "x509_certificate": acme.idp_certificate_pem,
        },
        "connec": { "host": acme.host, "base_path": "/api/v2", "timeout": 300 },
        "webhooks": {
            "account": {
                "group_path": "/mno-enterprise/acme-hub/account/group/:id",
                "group_user_path": "/mno-enterprise/acme-hub/account/group/:group_id/user/:id",
            },
            "connec": {
                "external_ids": true,
                "initialization_path": null,
                "notification_path": "/mno-enterprise/acme-hub/connec/receive",
            },
        },
    });
    assert_eq!(document["marketplaces"][0], expected);
}

#[tokio::test]
async fn the_second_marketplace_has_a_null_idm_and_the_historical_paths() {
    let document = Running::start().await.document().await;
    let north = &document["marketplaces"][1];
    assert_eq!(north["sso"]["idm"], Value::Null);
    assert_eq!(north["sso"]["init_path"], "/maestrano/auth/saml/init/northbank");
    assert_eq!(north["sso"]["consume_path"], "/maestrano/auth/saml/consume/northbank");
    let account = &north["webhooks"]["account"];
    assert_eq!(account["group_path"], "/maestrano/account/groups/:id/northbank");
    assert_eq!(account["group_user_path"], "/maestrano/account/groups/:group_id/users/:id/northbank");
    assert_eq!(north["webhooks"]["connec"]["notification_path"], "/maestrano/connec/notifications/northbank");
}

#[tokio::test]
async fn a_trailing_slash_is_tolerated() {
    let running = Running::start().await;
    let environment = running.sandbox.environment();
    let request = running.get(&format!("{CONFIG}/")).basic(&environment.key, &environment.secret);
    assert_eq!(request.send().await.status, 200);
}

#[tokio::test]
async fn wrong_and_missing_credentials_are_refused_with_a_challenge() {
    let running = Running::start().await;
    let key = running.sandbox.environment().key.clone();
    for request in [running.get(CONFIG), running.get(CONFIG).basic(&key, "wrong")] {
        let answer = request.send().await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
        assert!(answer.json()["error"].is_string());
    }
}
