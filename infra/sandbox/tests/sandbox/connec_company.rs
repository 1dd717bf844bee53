//! Connec!: the one company of a group.

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, MEDIA_TYPE, own_id, redacted, vector};

async fn write(connec: &Connec, method: &'static str, path: &str, fields: Value) -> (u16, Value) {
    let body = json!({ "company": fields }).to_string();
    let answer = connec.ask_group(method, path).body(MEDIA_TYPE, body).send().await;
    (answer.status, answer.json()["company"].clone())
}

#[tokio::test]
async fn a_company_is_made_when_it_is_first_read_and_has_the_vectors_shape() {
    let connec = Connec::with_external_ids().await;
    assert_eq!(connec.records("company").await.len(), 0);
    let first = connec.get("company").await;
    assert_eq!(first.status, 200);
    let mut expected = redacted(&vector(include_str!("../vectors/connec_company_singular.json")));
    expected["company"]["email"]["address"] = json!(format!("{GROUP}@example.com"));
    assert_eq!(redacted(&first.json()), expected);
    assert_eq!(connec.get("company/").await.json(), first.json());
    assert_eq!(connec.records("company").await.len(), 1);
}

#[tokio::test]
async fn a_company_is_changed_with_and_without_its_id() {
    let connec = Connec::start().await;
    let (status, company) = write(&connec, "PUT", "company", json!({ "currency": "NZD" })).await;
    assert_eq!((status, &company["currency"], &company["timezone"]), (200, &json!("NZD"), &json!("Australia/Sydney")));
    let id = own_id(&company["id"]);
    let (status, company) = write(&connec, "PUT", &format!("company/{id}"), json!({ "name": "Harbour" })).await;
    assert_eq!((status, &company["name"], &company["currency"]), (200, &json!("Harbour"), &json!("NZD")));
    let (status, company) = write(&connec, "POST", "company/", json!({ "name": "Quay" })).await;
    assert_eq!((status, &company["name"], own_id(&company["id"])), (200, &json!("Quay"), id));
    assert_eq!(connec.records("company").await.len(), 1);
}

#[tokio::test]
async fn a_company_of_another_id_is_not_found() {
    let connec = Connec::start().await;
    let id = own_id(&connec.get("company").await.json()["company"]["id"]);
    assert_eq!(connec.get(&format!("company/{id}")).await.status, 200);
    assert_eq!(connec.get("company/another").await.status, 404);
    assert_eq!(write(&connec, "PUT", "company/another", json!({ "name": "x" })).await.0, 404);
    assert_ne!(connec.get("company").await.json()["company"]["name"], "x");
}
