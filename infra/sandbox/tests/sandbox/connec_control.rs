//! Connec!'s records and calls through the control API.

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, MEDIA_TYPE, external, own};
use crate::running::Running;

const RECORDS: &str = "marketplaces/acme-hub/groups/cld-7a1c/records";
const CALLS: &str = "marketplaces/acme-hub/connec/calls";

async fn counts(running: &Running) -> Value {
    running.get(&format!("/control/{RECORDS}")).send().await.json()
}

async fn calls(running: &Running) -> Value {
    running.get(&format!("/control/{CALLS}")).send().await.json()
}

#[tokio::test]
async fn the_seed_has_a_few_records_in_one_group_of_each_marketplace() {
    let running = Running::start().await;
    let expected = json!({ "invoices": 1, "items": 2, "organizations": 1, "people": 2 });
    assert_eq!(counts(&running).await, expected);
    assert_eq!(running.get("/control/marketplaces/northbank/groups/cld-7a1c/records").send().await.json(), expected);
    assert_eq!(running.get("/control/marketplaces/acme-hub/groups/cld-9e4f/records").send().await.json(), json!({}));
}

#[tokio::test]
async fn seeded_references_lead_to_seeded_records() {
    let running = Running::start().await;
    let acme = running.marketplace("acme-hub");
    let invoices = running.get(&format!("/acme-hub/api/v2/{GROUP}/invoices")).basic(&acme.api_id, &acme.api_key);
    let invoice = invoices.send().await.json()["invoices"][0].clone();
    let mut references = vec![("organizations", invoice["organization_id"].clone())];
    references.extend(invoice["lines"].as_array().unwrap().iter().map(|line| ("items", line["item_id"].clone())));
    assert_eq!(references.len(), 3);
    for (resource, id) in references {
        let path = format!("/acme-hub/api/v2/{GROUP}/{resource}/{}", id.as_str().unwrap());
        assert_eq!(running.get(&path).basic(&acme.api_id, &acme.api_key).send().await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_record_is_told_whole() {
    let connec = Connec::start().await;
    let id = connec.create("people", json!({ "id": [external("c-1")], "last_name": "Quill" })).await;
    connec.put("people", &id, json!({ "code": "PE1" })).await;
    let records = connec.records("people").await;
    assert_eq!(records.len(), 1);
    let whole = &records[0];
    let mut names: Vec<&String> = whole.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["connec_id", "external_ids", "record", "revision"]);
    assert_eq!((&whole["connec_id"], &whole["revision"]), (&json!(id), &json!(2)));
    assert_eq!(whole["external_ids"], json!([external("c-1")]));
    let asked = connec.ask_group("GET", &format!("people/{id}")).header("CONNEC-EXTERNAL-IDS", "true");
    assert_eq!(whole["record"], asked.send().await.json()["people"]);
    assert_eq!(whole["record"]["id"], json!([own(&id), external("c-1")]));
}

#[tokio::test]
async fn a_record_is_created_and_changed_past_the_app() {
    let connec = Connec::start().await;
    let created = connec.running.change("POST", &format!("{RECORDS}/items"), r#"{"name":"Tea","code":"T"}"#).await;
    assert_eq!((created.status, &created.json()["revision"]), (201, &json!(1)));
    let id = created.json()["connec_id"].as_str().unwrap().to_owned();
    assert_eq!(connec.shown("items", &id).await["name"], "Tea");
    let changed = connec.running.change("PUT", &format!("{RECORDS}/items/{id}"), r#"{"name":"Coffee"}"#).await;
    assert_eq!((changed.status, &changed.json()["revision"]), (200, &json!(2)));
    let shown = connec.shown("items", &id).await;
    assert_eq!((&shown["name"], &shown["code"]), (&json!("Coffee"), &json!("T")));
    assert_eq!(changed.json()["record"]["updated_at"], shown["updated_at"]);
    assert!(shown["updated_at"].as_str() > shown["created_at"].as_str());
    assert_eq!(counts(&connec.running).await, json!({ "items": 1 }));
    let told = connec.running.told().await;
    let expected = format!("Record {id} of items in {GROUP} was written.");
    assert_eq!(told.iter().filter(|text| **text == expected).count(), 2);
}

#[tokio::test]
async fn the_company_is_written_past_the_app_as_well() {
    let connec = Connec::start().await;
    for (name, revision) in [("Quay", 2), ("Harbour", 3)] {
        let body = json!({ "name": name }).to_string();
        let answer = connec.running.change("POST", &format!("{RECORDS}/company"), &body).await;
        assert_eq!((answer.status, &answer.json()["revision"]), (200, &json!(revision)), "made and written");
    }
    assert_eq!(connec.get("company").await.json()["company"]["name"], "Harbour");
}

#[tokio::test]
async fn records_of_a_group_can_be_cleared_and_come_back_with_a_reset() {
    let running = Running::start().await;
    assert_eq!(running.change("DELETE", RECORDS, "").await.status, 204);
    assert_eq!(counts(&running).await, json!({}));
    let north = running.get("/control/marketplaces/northbank/groups/cld-7a1c/records").send().await.json();
    assert_eq!(north["people"], 2);
    assert!(running.told().await.contains(&"The records of cld-7a1c are gone.".to_owned()));
    running.change("POST", "reset", "").await;
    assert_eq!(counts(&running).await["people"], 2);
}

#[tokio::test]
async fn records_of_a_cancelled_group_can_still_be_looked_at() {
    let running = Running::start().await;
    running.change("POST", "marketplaces/acme-hub/groups/cld-7a1c/cancel", r#"{"deliver":false}"#).await;
    assert_eq!(counts(&running).await["people"], 2);
}

#[tokio::test]
async fn the_records_of_a_deleted_group_are_forgotten_with_it() {
    let running = Running::start().await;
    let path = "marketplaces/acme-hub/groups/cld-7a1c";
    let group = r#"{"name":"New GmbH","email":"office@example.test","free_trial_end_at":"2031-01-01T00:00:00Z",
                    "currency":"EUR","timezone":"Europe/Berlin","country":"DE","city":"Köln"}"#;
    assert_eq!(running.change("PUT", path, group).await.status, 200);
    assert_eq!(counts(&running).await["people"], 2, "a group that is only written keeps them");
    assert_eq!(running.change("DELETE", path, "").await.status, 204);
    assert_eq!(running.change("PUT", path, group).await.status, 200);
    assert_eq!(counts(&running).await, json!({}));
}

#[tokio::test]
async fn what_is_unknown_or_unfit_is_refused() {
    let running = Running::start().await;
    let cases = [
        ("GET", "marketplaces/nowhere/groups/cld-7a1c/records", "", 404),
        ("GET", "marketplaces/acme-hub/groups/cld-none/records", "", 404),
        ("GET", "marketplaces/acme-hub/groups/cld-7a1c/records/unicorns", "", 404),
        ("DELETE", "marketplaces/acme-hub/groups/cld-none/records", "", 404),
        ("POST", "marketplaces/acme-hub/groups/cld-7a1c/records/unicorns", "{}", 404),
        ("POST", "marketplaces/acme-hub/groups/cld-7a1c/records/people", "[]", 400),
        ("POST", "marketplaces/acme-hub/groups/cld-7a1c/records/people", r#"{"id":"x"}"#, 422),
        ("POST", "marketplaces/acme-hub/groups/cld-7a1c/records/people", r#"{"last_name":""}"#, 422),
        ("PUT", "marketplaces/acme-hub/groups/cld-7a1c/records/people/none", "{}", 404),
        ("GET", "marketplaces/nowhere/connec/calls", "", 404),
        ("DELETE", "marketplaces/nowhere/connec/calls", "", 404),
    ];
    for (method, path, body, status) in cases {
        let answer = running.change(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {}", answer.body);
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(counts(&running).await["people"], 2);
}

#[tokio::test]
async fn changes_must_be_declared_as_json_and_addressed_to_loopback() {
    let running = Running::start().await;
    let url = format!("{}/{RECORDS}/items", running.sandbox.control_url());
    let undeclared = crate::http::request("POST", &url).body("text/plain", r#"{"name":"x"}"#).send().await;
    assert_eq!(undeclared.status, 415);
    for path in [RECORDS, CALLS] {
        let foreign = running.get(&format!("/control/{path}")).header("host", "sandbox.example.com").send().await;
        assert_eq!(foreign.status, 421);
    }
    assert_eq!(counts(&running).await["items"], 2);
}

#[tokio::test]
async fn calls_are_told_with_method_path_and_status() {
    let connec = Connec::start().await;
    connec.get("people?$top=1").await;
    connec.post("people", json!({})).await;
    connec.set_fault(json!({ "route": "connec_version", "kind": "status", "status": 503, "times": 1 })).await;
    connec.ask("GET", "/version").send().await;
    connec.running.get("/acme-hub/api/v1/ping").send().await;
    connec.running.get(&format!("/northbank/api/v2/{GROUP}/people")).send().await;
    let url = format!("/api/v2/{GROUP}/people");
    let get = json!({ "method": "get", "url": url });
    connec.batch(json!([get, get, get])).await;
    connec.batch(json!([get])).await;
    connec.ask("POST", "/batch").body(MEDIA_TYPE, "{").send().await;
    let expected = json!({
        "requests": [
            { "method": "GET", "path": format!("/acme-hub{url}?$top=1"), "status": 200 },
            { "method": "POST", "path": format!("/acme-hub{url}"), "status": 201 },
            { "method": "GET", "path": "/acme-hub/version", "status": 503 },
            { "method": "POST", "path": "/acme-hub/batch", "status": 200 },
            { "method": "POST", "path": "/acme-hub/batch", "status": 200 },
            { "method": "POST", "path": "/acme-hub/batch", "status": 400 },
        ],
        "batches": 2,
        "operations": 4,
    });
    assert_eq!(calls(&connec.running).await, expected);
}

#[tokio::test]
async fn a_dropped_call_is_told_as_well() {
    let connec = Connec::start().await;
    connec.set_fault(json!({ "route": "connec_list", "kind": "drop", "times": 1 })).await;
    assert!(connec.ask_group("GET", "people").try_send().await.is_none());
    assert_eq!(calls(&connec.running).await["requests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn counting_starts_anew_when_told_and_with_a_reset() {
    let connec = Connec::start().await;
    let nothing = json!({ "requests": [], "batches": 0, "operations": 0 });
    for (method, path, status) in [("DELETE", CALLS, 204), ("POST", "reset", 200)] {
        connec.batch(json!([])).await;
        assert_eq!(calls(&connec.running).await["batches"], 1);
        assert_eq!(connec.running.change(method, path, "").await.status, status);
        assert_eq!(calls(&connec.running).await, nothing);
    }
}
