//! Every broken way in which the developer platform can answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Answer;
use crate::running::{CONFIG, Running};

const DAMAGES: [&str; 6] =
    ["not_json", "half_document", "error_document", "no_marketplaces", "no_entries", "single_object"];

async fn set(running: &Running, fault: Value) {
    let answer = running.change("POST", "faults", &fault.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.json()["kind"], fault["kind"]);
}

/// What the app gets while this kind of fault is set.
async fn answered(running: &Running, kind: &str) -> Answer {
    set(running, json!({"route": "config", "kind": kind, "times": 1})).await;
    let answer = running.configuration().send().await;
    assert_eq!(answer.status, 200);
    answer
}

#[tokio::test]
async fn not_json_is_a_web_page() {
    let answer = answered(&Running::start().await, "not_json").await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.body.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn half_document_is_the_first_half_of_the_real_one() {
    let running = Running::start().await;
    let whole = running.configuration().send().await.body;
    let half = answered(&running, "half_document").await;
    assert_eq!(half.header("content-type"), Some("application/json"));
    assert_eq!(half.body, whole[..whole.len() / 2]);
    assert!(serde_json::from_str::<Value>(&half.body).is_err());
}

#[tokio::test]
async fn the_documents_without_marketplaces_are_json() {
    let running = Running::start().await;
    let cases = [
        ("error_document", json!({"error": "Unauthorized: unknown environment credentials"})),
        ("no_marketplaces", json!({"status": "ok"})),
        ("no_entries", json!({"marketplaces": []})),
    ];
    for (kind, expected) in cases {
        let answer = answered(&running, kind).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn single_object_is_the_first_listed_marketplace_with_its_patch() {
    let running = Running::start().await;
    let whole = running.document().await;
    assert_eq!(answered(&running, "single_object").await.json(), json!({"marketplaces": whole["marketplaces"][0]}));
    running.change("PUT", "marketplaces/acme-hub/configuration", "null").await;
    running.change("PUT", "marketplaces/northbank/configuration", r#"{"nid":"patched"}"#).await;
    assert_eq!(answered(&running, "single_object").await.json()["marketplaces"]["nid"], "patched");
    running.change("PUT", "marketplaces/northbank/configuration", "null").await;
    assert_eq!(answered(&running, "single_object").await.json(), json!({"marketplaces": null}));
}

#[tokio::test]
async fn a_damaged_document_is_counted_told_and_healed() {
    let running = Running::start().await;
    let whole = running.document().await;
    for kind in DAMAGES {
        let damaged = answered(&running, kind).await;
        assert_ne!(serde_json::from_str::<Value>(&damaged.body).ok().as_ref(), Some(&whole), "{kind}");
        assert_eq!(running.document().await, whole, "{kind}");
    }
    let events = running.get("/control/events").send().await.body;
    assert!(events.contains("(half_document) struck a config request"));
}

#[tokio::test]
async fn wrong_credentials_are_refused_by_a_damaged_platform_as_well() {
    let running = Running::start().await;
    for kind in DAMAGES {
        set(&running, json!({"route": "config", "kind": kind, "times": 1})).await;
        assert_eq!(running.get(CONFIG).send().await.status, 401, "{kind}");
    }
}

#[tokio::test]
async fn a_damaged_document_is_refused_on_every_other_route() {
    let running = Running::start().await;
    for kind in DAMAGES {
        for route in ["saml", "session_check", "ping", "openid"] {
            let fault = json!({"route": route, "kind": kind});
            let answer = running.change("POST", "faults", &fault.to_string()).await;
            assert_eq!(answer.status, 422);
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(error.contains(kind) && error.contains("\"config\" only"), "{error}");
        }
    }
}

#[tokio::test]
async fn the_platform_can_answer_any_error_status() {
    let running = Running::start().await;
    for status in [401, 403, 404, 500, 502, 503, 504] {
        set(&running, json!({"route": "config", "kind": "status", "status": status, "times": 1})).await;
        assert_eq!(running.configuration().send().await.status, status);
    }
}

#[tokio::test]
async fn the_platform_can_be_slow() {
    let running = Running::start().await;
    set(&running, json!({"route": "config", "kind": "delay", "delay_ms": 300, "times": 1})).await;
    let started = Instant::now();
    assert!(running.document().await["marketplaces"].is_array());
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn the_platform_can_break_the_connection() {
    let running = Running::start().await;
    set(&running, json!({"route": "config", "kind": "drop", "times": 1})).await;
    assert!(running.configuration().try_send().await.is_none());
    assert!(running.configuration().try_send().await.is_some());
}

#[tokio::test]
async fn the_platform_can_answer_with_malformed_json() {
    let answer = answered(&Running::start().await, "malformed").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(serde_json::from_str::<Value>(&answer.body).is_err());
}
