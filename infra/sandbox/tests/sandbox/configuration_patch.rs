//! Changing what the developer platform says of a marketplace.

use serde_json::{Value, json};

use crate::running::{Running, login_url, saml_response};

const ACME: &str = "marketplaces/acme-hub/configuration";

async fn put(running: &Running, patch: Value) {
    let answer = running.change("PUT", ACME, &patch.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json(), patch);
}

async fn in_force(running: &Running) -> Value {
    running.get(&format!("/control/{ACME}")).send().await.json()
}

#[tokio::test]
async fn a_patch_changes_the_entry_it_is_for_and_no_other() {
    let running = Running::start().await;
    let before = running.document().await;
    put(&running, json!({"api": {"key": "another"}, "sso": {"x509_certificate": "broken"}})).await;
    let after = running.document().await;
    let mut expected = before.clone();
    expected["marketplaces"][0]["api"]["key"] = json!("another");
    expected["marketplaces"][0]["sso"]["x509_certificate"] = json!("broken");
    assert_eq!(after, expected);
}

#[tokio::test]
async fn a_null_in_a_patch_removes_a_field_so_that_keys_can_be_renamed() {
    let running = Running::start().await;
    let webhooks = json!({"account": {"groups_path": "/groups/:id"}});
    put(&running, json!({"webhooks": null, "webhook": webhooks, "marketplace": null})).await;
    let entry = running.document().await["marketplaces"][0].take();
    assert_eq!(entry["webhook"], webhooks);
    assert!(entry.get("webhooks").is_none() && entry.get("marketplace").is_none());
}

#[tokio::test]
async fn a_null_patch_takes_the_marketplace_off_the_list() {
    let running = Running::start().await;
    put(&running, Value::Null).await;
    assert_eq!(running.listed().await, ["northbank"]);
    assert_eq!(in_force(&running).await, Value::Null);
}

#[tokio::test]
async fn a_patch_is_replaced_by_the_next_one_and_laid_over_later_settings() {
    let running = Running::start().await;
    put(&running, json!({"nid": "one"})).await;
    put(&running, json!({"environment": "two"})).await;
    running.change("PATCH", "marketplaces/acme-hub", r#"{"app_host":"http://localhost:7"}"#).await;
    let entry = running.document().await["marketplaces"][0].take();
    assert_eq!(entry["nid"], "stallholder-acme");
    assert_eq!(entry["environment"], "two");
    assert_eq!(entry["app"]["host"], "http://localhost:7");
}

#[tokio::test]
async fn removing_the_patch_and_a_reset_bring_the_plain_entry_back() {
    let running = Running::start().await;
    let plain = running.document().await;
    for (method, path, status) in [("DELETE", ACME, 204), ("POST", "reset", 200)] {
        put(&running, Value::Null).await;
        assert_ne!(running.document().await, plain);
        assert_eq!(running.change(method, path, "").await.status, status);
        assert_eq!(running.document().await, plain);
        assert_eq!(in_force(&running).await, json!({}));
    }
    assert_eq!(running.change("DELETE", ACME, "").await.status, 204);
}

#[tokio::test]
async fn the_marketplace_itself_goes_on_as_if_nothing_had_been_patched() {
    let running = Running::start().await;
    let before = running.marketplace("acme-hub");
    put(&running, json!({"api": {"id": "x", "key": "x"}, "sso": {"x509_certificate": "x"}})).await;
    let after = running.marketplace("acme-hub");
    assert_eq!(after.idp_certificate_pem, before.idp_certificate_pem);
    let ping = running.get("/acme-hub/api/v1/ping").basic(&before.api_id, &before.api_key).send().await;
    assert_eq!(ping.status, 200);
    put(&running, Value::Null).await;
    let login = login_url(&before, &before.acs_url, "&user_uid=usr-5k2&group_id=cld-7a1c");
    saml_response(&crate::http::get(login).send().await);
}

#[tokio::test]
async fn what_is_no_patch_and_whom_nobody_knows_is_refused() {
    let running = Running::start().await;
    for body in ["[]", "3", "\"null\"", "true", "{", ""] {
        let answer = running.change("PUT", ACME, body).await;
        assert_eq!(answer.status, 400, "{body}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        let explained = matches!(body, "{" | "") || error.contains("an object, or null");
        assert!(explained, "{error}");
    }
    for (method, body) in [("GET", ""), ("PUT", "{}"), ("DELETE", "")] {
        let answer = running.change(method, "marketplaces/nowhere/configuration", body).await;
        assert_eq!(answer.status, 404, "{method}");
    }
    assert_eq!(running.listed().await, ["acme-hub", "northbank"]);
}

#[tokio::test]
async fn every_change_is_recorded_without_what_it_says() {
    let running = Running::start().await;
    put(&running, json!({"api": {"key": "a-secret"}})).await;
    running.change("DELETE", ACME, "").await;
    let events = running.get("/control/events").send().await;
    assert!(!events.body.contains("a-secret"));
    let events = events.json();
    let kinds: Vec<&str> =
        events["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["control.configuration_patched", "control.configuration_restored"]);
    assert_eq!(events["events"][0]["marketplace"], "acme-hub");
}
