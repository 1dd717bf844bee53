//! Connec!: ids of apps, references, and the ids of lines.

use serde_json::{Value, json};

use crate::connec_client::{Connec, error, external, own, own_id, vector};

#[tokio::test]
async fn a_post_with_a_known_external_id_updates_that_record() {
    let connec = Connec::with_external_ids().await;
    let created = connec.post("people", json!({ "id": [external("c-1")], "last_name": "Quill", "code": "PE1" })).await;
    assert_eq!(created.status, 201);
    let id = own_id(&created.json()["people"]["id"]);
    assert_eq!(created.json()["people"]["id"], json!([own(&id), external("c-1")]));
    let again = connec.post("people", json!({ "id": [external("c-1")], "last_name": "Quill-Ray" })).await;
    assert_eq!((again.status, again.header("location")), (200, None));
    let record = again.json()["people"].clone();
    assert_eq!(record["id"], json!([own(&id), external("c-1")]));
    assert_eq!((&record["last_name"], &record["code"]), (&json!("Quill-Ray"), &json!("PE1")));
    assert_eq!(connec.records("people").await.len(), 1);
}

#[tokio::test]
async fn an_external_id_counts_with_provider_and_realm_in_its_group_and_resource() {
    let connec = Connec::start().await;
    connec.create("people", json!({ "id": [external("1")] })).await;
    for other in [
        json!({ "id": "2", "provider": "ledgerly", "realm": "acct-5501" }),
        json!({ "id": "1", "provider": "shopworks", "realm": "acct-5501" }),
        json!({ "id": "1", "provider": "ledgerly", "realm": "acct-other" }),
    ] {
        connec.create("people", json!({ "id": [other] })).await;
    }
    connec.create("items", json!({ "id": [external("1")] })).await;
    let body = json!({ "people": { "id": [external("1")] } }).to_string();
    let elsewhere = connec.ask("POST", "/api/v2/cld-9e4f/people").json(body).send().await;
    assert_eq!(elsewhere.status, 201);
}

#[tokio::test]
async fn a_post_with_an_own_id_in_its_array_updates_that_record() {
    let connec = Connec::with_external_ids().await;
    let id = connec.create("people", json!({ "last_name": "Quill" })).await;
    let answer = connec.post("people", json!({ "id": [own(&id), external("c-9")], "code": "x" })).await;
    assert_eq!((answer.status, &answer.json()["people"]["id"]), (200, &json!([own(&id), external("c-9")])));
}

#[tokio::test]
async fn a_put_registers_external_ids_and_never_removes_one() {
    let connec = Connec::with_external_ids().await;
    let id = connec.create("items", json!({ "id": [external("item-1")], "name": "Tea" })).await;
    let other = json!({ "id": "77", "provider": "shopworks", "realm": "shop-1" });
    let put = connec.put("items", &id, json!({ "id": [other] })).await;
    assert_eq!(put.status, 200);
    assert_eq!(put.json()["items"]["id"], json!([own(&id), external("item-1"), other]));
    for kept in [json!([]), Value::Null, json!(id), json!([own(&id)]), json!([external("item-1")])] {
        let put = connec.put("items", &id, json!({ "id": kept })).await;
        assert_eq!(put.json()["items"]["id"], json!([own(&id), external("item-1"), other]), "{kept}");
    }
    let found = connec.post("items", json!({ "id": [other], "code": "T" })).await.json();
    assert_eq!(own_id(&found["items"]["id"]), id);
}

#[tokio::test]
async fn an_external_id_of_another_record_is_refused() {
    let connec = Connec::with_external_ids().await;
    let first = connec.create("items", json!({ "id": [external("item-1")] })).await;
    let second = connec.create("items", json!({ "id": [external("item-2")] })).await;
    for answer in [
        connec.put("items", &second, json!({ "id": [external("item-1")], "name": "x" })).await,
        connec.post("items", json!({ "id": [external("item-1"), external("item-2")], "name": "x" })).await,
        connec.post("items", json!({ "id": [own(&first), external("item-2")], "name": "x" })).await,
    ] {
        assert_eq!(answer.status, 409);
        assert!(error(&answer)["detail"].as_str().unwrap().contains("item-"));
    }
    for id in [first, second] {
        assert_eq!(connec.shown("items", &id).await.get("name"), None, "nothing was written");
    }
}

#[tokio::test]
async fn an_id_in_a_put_must_be_the_one_in_the_path() {
    let connec = Connec::start().await;
    let id = connec.create("items", json!({ "name": "Tea" })).await;
    for odd in [json!("another"), json!([own("another")])] {
        let answer = connec.put("items", &id, json!({ "id": odd, "name": "x" })).await;
        assert_eq!((answer.status, error(&answer)["code"].as_str()), (400, Some("invalid-request")));
    }
    assert_eq!(connec.shown("items", &id).await["name"], "Tea");
}

#[tokio::test]
async fn an_id_that_is_no_array_of_ids_is_refused() {
    let connec = Connec::start().await;
    let entry = |id: Value, provider: &str, realm: &str| json!([{ "id": id, "provider": provider, "realm": realm }]);
    let cases = [
        json!(7),
        json!({ "id": "a", "provider": "b", "realm": "c" }),
        json!(["a"]),
        json!([{ "id": "a", "provider": "b" }]),
        entry(json!(7), "b", "c"),
        entry(json!(""), "b", "c"),
        entry(json!("a"), " ", "c"),
        entry(json!("a"), "b", ""),
    ];
    for id in cases {
        let answer = connec.post("items", json!({ "id": id })).await;
        assert_eq!(answer.status, 400, "{id}");
        assert!(error(&answer)["detail"].as_str().unwrap().contains("{id, provider, realm}"));
    }
}

#[tokio::test]
async fn a_reference_is_answered_in_both_forms_however_it_was_sent() {
    let mut connec = Connec::with_external_ids().await;
    let organization = connec.create("organizations", json!({ "id": [external("co-9")], "name": "DoveTail" })).await;
    let everything = json!([own(&organization), external("co-9")]);
    for sent in [json!(organization), json!([external("co-9")]), json!([own(&organization)]), everything.clone()] {
        connec.external_ids = true;
        let id = connec.create("people", json!({ "organization_id": sent })).await;
        assert_eq!(connec.shown("people", &id).await["organization_id"], everything, "{sent}");
        connec.external_ids = false;
        assert_eq!(connec.shown("people", &id).await["organization_id"], json!(organization), "{sent}");
    }
}

#[tokio::test]
async fn a_reference_to_what_is_not_known_yet_is_kept_and_resolved_later() {
    let mut connec = Connec::with_external_ids().await;
    let id = connec.create("people", json!({ "organization_id": [external("co-9")] })).await;
    assert_eq!(connec.shown("people", &id).await["organization_id"], json!([external("co-9")]));
    connec.external_ids = false;
    assert_eq!(connec.shown("people", &id).await["organization_id"], Value::Null);
    let organization = connec.create("organizations", json!({ "id": [external("co-9")] })).await;
    assert_eq!(connec.shown("people", &id).await["organization_id"], json!(organization));
    connec.external_ids = true;
    let both = json!([own(&organization), external("co-9")]);
    assert_eq!(connec.shown("people", &id).await["organization_id"], both);
}

#[tokio::test]
async fn a_reference_means_the_resource_it_is_named_after() {
    let connec = Connec::start().await;
    let item = connec.create("items", json!({ "id": [external("1")] })).await;
    let account = connec.create("accounts", json!({ "id": [external("1")] })).await;
    let sent = json!({ "x": { "parent_item_id": [external("1")] }, "sale_account_id": [external("1")],
        "odd_id": [external("1")], "null_id": null, "number_id": 7 });
    let id = connec.create("items", sent).await;
    let record = connec.shown("items", &id).await;
    assert_eq!((&record["x"]["parent_item_id"], &record["sale_account_id"]), (&json!(item), &json!(account)));
    assert_eq!(record["odd_id"], Value::Null, "two records could be meant");
    assert_eq!((&record["null_id"], &record["number_id"]), (&Value::Null, &json!(7)));
}

/// An invoice with two lines, and the ids Connec! gave these.
async fn invoice(connec: &Connec, first: Value, second: Value) -> (String, [String; 2]) {
    let id = connec.create("invoices", json!({ "title": "June", "lines": [first, second] })).await;
    let lines = connec.shown("invoices", &id).await["lines"].clone();
    (id, [own_id(&lines[0]["id"]), own_id(&lines[1]["id"])])
}

#[tokio::test]
async fn lines_get_ids_of_their_own_and_references_in_them_are_resolved() {
    let mut connec = Connec::with_external_ids().await;
    let item = connec.create("items", json!({ "id": [external("item-1")] })).await;
    let line = |id: &str| json!({ "id": [external(id)], "item_id": [external("item-1")], "quantity": 2 });
    let (id, lines) = invoice(&connec, line("l-1"), json!({ "quantity": 3 })).await;
    let shown = connec.shown("invoices", &id).await["lines"].clone();
    assert_eq!(shown[0]["id"], json!([own(&lines[0]), external("l-1")]));
    assert_eq!(shown[0]["item_id"], json!([own(&item), external("item-1")]));
    assert_eq!(shown[1]["id"], json!([own(&lines[1])]));
    connec.external_ids = false;
    let shown = connec.shown("invoices", &id).await["lines"].clone();
    assert_eq!(shown[0], json!({ "id": lines[0], "item_id": item, "quantity": 2 }));
    assert_eq!(shown[1], json!({ "id": lines[1], "quantity": 3 }));
}

#[tokio::test]
async fn the_vectors_link_request_gives_lines_ids_and_keeps_what_they_hold() {
    let connec = Connec::with_external_ids().await;
    assert_eq!(connec.running.change("POST", "reset", "").await.status, 200);
    let id = connec.records("invoices").await[0]["connec_id"].as_str().unwrap().to_owned();
    let before = connec.shown("invoices", &id).await;
    let request = vector(include_str!("../vectors/connec_link_id_request.json"));
    let answer = connec.put("invoices", &id, request["body"]["invoices"].clone()).await;
    assert_eq!(answer.status, 200);
    let after = connec.shown("invoices", &id).await;
    assert_eq!(after["id"], json!([own(&id), external("inv-8")]));
    let mut expected = before["lines"].clone();
    for number in 0..2 {
        expected[number]["id"] = request["body"]["invoices"]["lines"][number]["id"].clone();
    }
    assert_eq!(after["lines"], expected);
    assert_eq!(expected[0]["quantity"], 2, "the seed's");
}

#[tokio::test]
async fn lines_that_all_name_themselves_are_merged() {
    let connec = Connec::with_external_ids().await;
    let line = |id: &str, quantity: i32| json!({ "id": [external(id)], "quantity": quantity, "note": id });
    let (id, lines) = invoice(&connec, line("l-1", 1), line("l-2", 2)).await;
    let sent = json!([{ "id": [external("l-2")], "quantity": 20 }, { "id": [external("l-3")], "quantity": 3 }]);
    let after = connec.put("invoices", &id, json!({ "lines": sent })).await.json()["invoices"]["lines"].clone();
    assert_eq!(after.as_array().unwrap().len(), 3);
    assert_eq!(after[0], json!({ "id": [own(&lines[0]), external("l-1")], "quantity": 1, "note": "l-1" }));
    assert_eq!(after[1], json!({ "id": [own(&lines[1]), external("l-2")], "quantity": 20, "note": "l-2" }));
    assert_eq!(after[2]["id"][1], external("l-3"));
}

#[tokio::test]
async fn lines_are_replaced_when_told_to_or_when_one_has_no_name() {
    let connec = Connec::with_external_ids().await;
    for (extra, opts) in [(None, json!({ "sparse": false })), (Some(json!({ "quantity": 9 })), json!({}))] {
        let line = |id: &str| json!({ "id": [external(id)], "note": id });
        let (id, lines) = invoice(&connec, line("l-1"), line("l-2")).await;
        let mut sent = vec![json!({ "id": own_id(&json!(lines[1])), "quantity": 20 })];
        sent.extend(extra.clone());
        let after = connec.put("invoices", &id, json!({ "lines": sent, "opts": opts })).await.json();
        let after = after["invoices"]["lines"].as_array().unwrap().clone();
        assert_eq!(after[0], json!({ "id": [own(&lines[1]), external("l-2")], "quantity": 20 }), "its ids stay");
        assert_eq!(after.len(), sent.len());
    }
}

#[tokio::test]
async fn a_list_of_texts_is_no_list_of_documents() {
    let connec = Connec::with_external_ids().await;
    let sent = json!({ "tags": ["a", "b"], "lines": [], "phones": [{ "number": "1" }] });
    let id = connec.create("organizations", sent.clone()).await;
    let record = connec.shown("organizations", &id).await;
    for name in ["tags", "lines", "phones"] {
        assert_eq!(record[name], sent[name], "{name}");
    }
}
