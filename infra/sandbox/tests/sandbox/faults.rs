//! Every kind of fault.

use std::time::{Duration, Instant};

use crate::running::Running;

const LOGOUT: &str = "/acme-hub/app_logout";

async fn add(running: &Running, body: &str) -> u64 {
    let answer = running.change("POST", "faults", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_u64().unwrap()
}

#[tokio::test]
async fn a_status_fault_strikes_as_often_as_told() {
    let running = Running::start().await;
    add(&running, r#"{"route":"app_logout","kind":"status","status":502,"times":2}"#).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(running.get(LOGOUT).send().await.status);
    }
    assert_eq!(statuses, [502, 502, 200]);
    assert_eq!(running.state().await["faults"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_fault_without_times_stays_until_it_is_removed() {
    let running = Running::start().await;
    let id = add(&running, r#"{"route":"app_logout","kind":"status"}"#).await;
    for _ in 0..3 {
        assert_eq!(running.get(LOGOUT).send().await.status, 503);
    }
    assert_eq!(running.change("DELETE", &format!("faults/{id}"), "").await.status, 204);
    assert_eq!(running.get(LOGOUT).send().await.status, 200);
    assert_eq!(running.change("DELETE", &format!("faults/{id}"), "").await.status, 404);
}

#[tokio::test]
async fn a_fault_of_one_marketplace_spares_the_other_and_other_routes() {
    let running = Running::start().await;
    add(&running, r#"{"route":"app_logout","marketplace":"acme-hub","kind":"status"}"#).await;
    assert_eq!(running.get(LOGOUT).send().await.status, 503);
    assert_eq!(running.get("/northbank/app_logout").send().await.status, 200);
    assert_eq!(running.get("/acme-hub/app_access_unauthorized").send().await.status, 200);
}

#[tokio::test]
async fn a_delay_waits_and_then_goes_on() {
    let running = Running::start().await;
    add(&running, r#"{"route":"app_logout","kind":"delay","delay_ms":300,"times":1}"#).await;
    let started = Instant::now();
    assert_eq!(running.get(LOGOUT).send().await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_drop_does_the_work_and_breaks_the_connection() {
    let running = Running::start().await;
    add(&running, r#"{"route":"sso_trigger","kind":"drop","times":1}"#).await;
    let launch = "/acme-hub/sso_trigger?user_uid=usr-5k2&group_id=cld-7a1c&reseller_sso=true";
    assert!(running.get(launch).try_send().await.is_none());
    assert_eq!(running.state().await["marketplaces"][0]["pending_reseller"], "true");
    assert!(running.get(launch).try_send().await.is_some());
}

#[tokio::test]
async fn a_malformed_answer_claims_to_be_fine() {
    let running = Running::start().await;
    add(&running, r#"{"route":"session_check","kind":"malformed","times":1}"#).await;
    let answer = running.get("/acme-hub/api/v1/auth/saml/usr-5k2?session=x").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(serde_json::from_str::<serde_json::Value>(&answer.body).is_err());
}

#[tokio::test]
async fn the_config_route_fails_before_credentials_are_looked_at() {
    let running = Running::start().await;
    add(&running, r#"{"route":"config","kind":"status","status":500}"#).await;
    for path in ["/api/config/v1/marketplaces", "/api/config/v1/marketplaces/"] {
        assert_eq!(running.get(path).send().await.status, 500);
    }
}

#[tokio::test]
async fn a_fault_nobody_could_hit_is_refused_with_what_there_is() {
    let running = Running::start().await;
    let cases = [
        (r#"{"route":"samel","kind":"status"}"#, "config, saml, sso_trigger"),
        (r#"{"route":"saml","kind":"explode"}"#, "status, delay, drop, malformed, not_json, half_document"),
        (r#"{"route":"saml","kind":"status","marketplace":"nowhere"}"#, "acme-hub, northbank"),
        (r#"{"route":"config","kind":"status","marketplace":"acme-hub"}"#, "leave marketplace null"),
        (r#"{"route":"saml","kind":"delay","delay_ms":60001}"#, "60000"),
        (r#"{"route":"saml","kind":"status","status":200}"#, "between 400 and 599"),
        (r#"{"route":"saml","kind":"status","times":0}"#, "at least 1"),
    ];
    for (body, expected) in cases {
        let answer = running.change("POST", "faults", body).await;
        assert_eq!(answer.status, 422, "{body}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(expected), "{error}");
    }
}
