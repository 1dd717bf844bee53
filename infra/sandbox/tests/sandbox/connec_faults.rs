//! Connec! failing on demand.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, error};

/// Every route with its fault name.
const ROUTES: [(&str, &str, &str); 8] = [
    ("connec_index", "GET", "/api/v2/cld-7a1c"),
    ("connec_list", "GET", "/api/v2/cld-7a1c/people"),
    ("connec_list", "POST", "/api/v2/cld-7a1c/people/"),
    ("connec_show", "GET", "/api/v2/cld-7a1c/people/none"),
    ("connec_show", "PUT", "/api/v2/cld-7a1c/people/none"),
    ("connec_batch", "POST", "/batch"),
    ("connec_version", "GET", "/version"),
    ("connec_report", "GET", "/api/reports/cld-7a1c/accounts_summary"),
];

fn post(code: &str) -> Value {
    let url = format!("/api/v2/{GROUP}/people/");
    json!({ "method": "post", "url": url, "params": { "people": { "code": code } } })
}

async fn stored_codes(connec: &Connec) -> Vec<Value> {
    connec.records("people").await.iter().map(|whole| whole["record"]["code"].clone()).collect()
}

#[tokio::test]
async fn every_route_fails_on_demand_and_only_on_the_marketplace_it_is_told() {
    let connec = Connec::start().await;
    let north = connec.running.marketplace("northbank");
    for (route, method, path) in ROUTES {
        connec.set_fault(json!({ "route": route, "marketplace": "northbank", "kind": "status", "status": 500 })).await;
        let fine = connec.ask(method, path).json("{}").send().await.status;
        assert_ne!(fine, 500, "{route}");
        let there = crate::http::request(method, format!("{}{path}", north.host)).json("{}").send().await;
        assert_eq!(there.status, 500, "{route}");
        connec.set_fault(json!({ "route": route, "kind": "malformed", "marketplace": "acme-hub", "times": 1 })).await;
        let malformed = connec.ask(method, path).json("{}").send().await;
        assert_eq!(malformed.status, 200, "{route}");
        let expected = connec.ask(method, path).json("{}").send().await;
        assert_eq!(malformed.header("content-type"), expected.header("content-type"), "{route}");
        assert!(serde_json::from_str::<Value>(&malformed.body).is_err());
        assert_eq!(connec.running.change("DELETE", "faults", "").await.status, 204);
    }
}

#[tokio::test]
async fn a_status_can_say_when_to_come_back() {
    let connec = Connec::start().await;
    let fault = json!({ "route": "connec_list", "kind": "status", "status": 429, "retry_after_s": 7, "times": 1 });
    connec.set_fault(fault).await;
    assert_eq!(connec.running.state().await["faults"][0]["retry_after_s"], 7);
    let answer = connec.get("people").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    connec.set_fault(json!({ "route": "connec_list", "kind": "status", "times": 1 })).await;
    let answer = connec.get("people").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, None));
    assert_eq!(connec.get("people").await.status, 200);
}

#[tokio::test]
async fn a_dropped_write_is_done_and_not_answered() {
    let connec = Connec::start().await;
    connec.set_fault(json!({ "route": "connec_list", "kind": "drop", "times": 1 })).await;
    let body = json!({ "people": { "code": "PE1" } }).to_string();
    assert!(connec.ask_group("POST", "people").json(body).try_send().await.is_none());
    assert_eq!(stored_codes(&connec).await, ["PE1"]);
    connec.set_fault(json!({ "route": "connec_batch", "kind": "drop", "times": 1 })).await;
    let batch = json!({ "ops": [post("PE2"), post("PE3")] }).to_string();
    assert!(connec.ask("POST", "/batch").json(batch).try_send().await.is_none());
    assert_eq!(stored_codes(&connec).await, ["PE1", "PE2", "PE3"]);
}

#[tokio::test]
async fn a_refused_write_is_not_done() {
    let connec = Connec::start().await;
    for route in ["connec_list", "connec_batch"] {
        connec.set_fault(json!({ "route": route, "kind": "status", "status": 502, "times": 1 })).await;
    }
    assert_eq!(connec.post("people", json!({ "code": "PE1" })).await.status, 502);
    assert_eq!(connec.batch(json!([post("PE2")])).await.status, 502);
    assert_eq!(stored_codes(&connec).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_delayed_list_is_answered_in_the_end() {
    let connec = Connec::start().await;
    connec.set_fault(json!({ "route": "connec_list", "kind": "delay", "delay_ms": 300, "times": 1 })).await;
    let started = Instant::now();
    assert_eq!(connec.get("people").await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn one_call_of_a_batch_can_be_made_to_fail() {
    let connec = Connec::start().await;
    let fault = json!({ "route": "connec_batch", "kind": "item_status", "item": 2, "status": 429, "times": 1 });
    connec.set_fault(fault).await;
    let ops = json!([post("PE1"), post("PE2"), post("PE3")]);
    let results = connec.batch(ops.clone()).await.json()["results"].as_array().unwrap().clone();
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [201, 429, 201]);
    let failure = &results[1]["body"]["errors"][0];
    assert_eq!((&failure["status"], &failure["code"]), (&json!("429"), &json!("failure-on-demand")));
    assert_eq!(stored_codes(&connec).await, ["PE1", "PE3"]);
    connec.set_fault(json!({ "route": "connec_batch", "kind": "item_status", "item": 9, "times": 1 })).await;
    let all = connec.batch(ops).await.json();
    assert!(all["results"].as_array().unwrap().iter().all(|result| result["status"] == 201));
    assert_eq!(connec.running.state().await["faults"], json!([]), "used up all the same");
}

#[tokio::test]
async fn the_last_result_of_a_batch_can_be_left_out() {
    let connec = Connec::start().await;
    connec.set_fault(json!({ "route": "connec_batch", "kind": "short_results", "times": 1 })).await;
    let answer = connec.batch(json!([post("PE1"), post("PE2")])).await;
    assert_eq!((answer.status, answer.json()["results"].as_array().unwrap().len()), (200, 1));
    assert_eq!(answer.json()["results"][0]["body"]["people"]["code"], "PE1");
    assert_eq!(stored_codes(&connec).await, ["PE1", "PE2"]);
}

#[tokio::test]
async fn a_fault_with_what_is_not_its_own_is_refused() {
    let connec = Connec::start().await;
    let cases = [
        (json!({ "route": "connec_batch", "kind": "item_status" }), "needs item"),
        (json!({ "route": "connec_batch", "kind": "item_status", "item": 0 }), "from 1 to 100"),
        (json!({ "route": "connec_batch", "kind": "item_status", "item": 101 }), "from 1 to 100"),
        (json!({ "route": "connec_batch", "kind": "status", "item": 1 }), "\"item_status\" only"),
        (json!({ "route": "connec_list", "kind": "item_status", "item": 1 }), "\"connec_batch\" only"),
        (json!({ "route": "config", "kind": "short_results" }), "\"connec_batch\" only"),
        (json!({ "route": "connec_batch", "kind": "not_json" }), "\"config\" only"),
        (json!({ "route": "connec_list", "kind": "delay", "retry_after_s": 1 }), "\"status\" only"),
        (json!({ "route": "connec_batch", "kind": "item_status", "item": 1, "retry_after_s": 1 }), "\"status\" only"),
    ];
    for (fault, expected) in cases {
        let answer = connec.running.change("POST", "faults", &fault.to_string()).await;
        assert_eq!(answer.status, 422, "{fault}");
        assert!(answer.json()["error"].as_str().unwrap().contains(expected), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_malformed_answer_is_no_error_document() {
    let connec = Connec::start().await;
    connec.set_fault(json!({ "route": "connec_list", "kind": "malformed", "times": 1 })).await;
    assert_eq!(connec.post("people", json!({ "code": "PE1" })).await.status, 200);
    assert_eq!(stored_codes(&connec).await, Vec::<Value>::new(), "nothing is done");
    let answer = connec.get("people/none").await;
    assert_eq!(error(&answer)["code"], "resource-not-found");
}
