//! The account API's ping.

use serde_json::json;

use crate::running::Running;

const PING: &str = "/acme-hub/api/v1/ping";

#[tokio::test]
async fn a_ping_with_the_apps_id_and_key_is_successful() {
    let running = Running::start().await;
    for key in ["acme-hub", "northbank"] {
        let marketplace = running.marketplace(key);
        let request = running.get(&format!("/{key}/api/v1/ping"));
        let answer = request.basic(&marketplace.api_id, &marketplace.api_key).send().await;
        assert_eq!(answer.status, 200);
        let data = json!({ "msg": "Ping successful! (API Authentication successful)" });
        assert_eq!(answer.json(), json!({ "success": true, "errors": {}, "data": data }));
    }
}

#[tokio::test]
async fn a_ping_without_the_credentials_of_that_marketplace_is_refused() {
    let running = Running::start().await;
    let (acme, north) = (running.marketplace("acme-hub"), running.marketplace("northbank"));
    let refused = [
        running.get(PING),
        running.get(PING).basic(&acme.api_id, "wrong"),
        running.get(PING).basic(&acme.api_id, &north.api_key),
        running.get(PING).basic(&north.api_id, &north.api_key),
    ];
    for request in refused {
        let answer = request.send().await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
        let errors = json!({ "authentication": ["Invalid API token"] });
        assert_eq!(answer.json(), json!({ "success": false, "errors": errors, "data": {} }));
    }
}

#[tokio::test]
async fn a_ping_to_an_unknown_marketplace_is_not_found() {
    assert_eq!(Running::start().await.get("/nowhere/api/v1/ping").send().await.status, 404);
}

#[tokio::test]
async fn a_ping_can_be_made_to_fail_on_one_marketplace() {
    let running = Running::start().await;
    let fault = r#"{"route":"ping","marketplace":"acme-hub","kind":"status","status":500}"#;
    assert_eq!(running.change("POST", "faults", fault).await.status, 201);
    assert_eq!(running.get(PING).send().await.status, 500);
    assert_eq!(running.get("/northbank/api/v1/ping").send().await.status, 401);
}
