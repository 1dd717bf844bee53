//! Connec!: records are created, shown, changed and matched.

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, REALM, error, external, own, own_id, redacted, vector};

/// What Connec! adds to the fields of a record.
fn added(record: &Value) -> [&Value; 3] {
    [&record["group_id"], &record["channel_id"], &record["resource_type"]]
}

#[tokio::test]
async fn a_created_record_is_answered_with_its_address_and_shown_there() {
    let connec = Connec::start().await;
    let answer = connec.post("people", json!({ "first_name": "Ada", "last_name": "Quill" })).await;
    assert_eq!(answer.status, 201);
    let record = answer.json()["people"].clone();
    let id = own_id(&record["id"]);
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "a UUID: {id}");
    assert_eq!((&record["first_name"], &record["last_name"]), (&json!("Ada"), &json!("Quill")));
    assert_eq!(added(&record), [&json!(GROUP), &json!(REALM), &json!("people")]);
    assert_eq!(record["created_at"], record["updated_at"]);
    let host = connec.running.marketplace("acme-hub").host;
    assert_eq!(answer.header("location"), Some(format!("{host}/api/v2/{GROUP}/people/{id}").as_str()));
    for path in [format!("people/{id}"), format!("people/{id}/")] {
        assert_eq!(connec.get(&path).await.json(), answer.json(), "{path}");
    }
}

#[tokio::test]
async fn what_connec_writes_itself_cannot_be_sent() {
    let connec = Connec::start().await;
    let sent = json!({
        "last_name": "Quill", "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z",
        "group_id": "cld-9e4f", "channel_id": "org-x", "resource_type": "items", "opts": { "sparse": true },
    });
    let id = connec.create("people", sent).await;
    let record = connec.shown("people", &id).await;
    assert_eq!(added(&record), [&json!(GROUP), &json!(REALM), &json!("people")]);
    assert!(record["created_at"].as_str().unwrap() > "2026");
    assert!(record["updated_at"].as_str().unwrap() > "2026");
    assert_eq!(record.get("opts"), None);
}

#[tokio::test]
async fn every_write_has_a_later_instant_to_the_millisecond() {
    let connec = Connec::start().await;
    let first = connec.create("people", json!({ "last_name": "Quill" })).await;
    let mut last = connec.shown("people", &first).await;
    for number in 0..20 {
        let changed = connec.put("people", &first, json!({ "code": number })).await.json()["people"].clone();
        assert!(changed["updated_at"].as_str() > last["updated_at"].as_str());
        assert_eq!(changed["created_at"], last["created_at"]);
        last = changed;
    }
    let instant = last["updated_at"].as_str().unwrap();
    assert_eq!((instant.len(), instant.ends_with('Z')), ("2030-01-15T10:00:07.120Z".len(), true), "{instant}");
}

#[tokio::test]
async fn a_put_keeps_what_it_does_not_name_and_replaces_what_it_does() {
    let connec = Connec::start().await;
    let sent = json!({ "last_name": "Quill", "code": "PE1", "email": { "address": "a@example.org", "address2": "b" } });
    let id = connec.create("people", sent).await;
    let answer = connec.put("people", &id, json!({ "code": null, "email": { "address": "c@example.org" } })).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    let record = connec.shown("people", &id).await;
    assert_eq!(answer.json()["people"], record);
    assert_eq!((&record["last_name"], record.get("code")), (&json!("Quill"), Some(&Value::Null)));
    assert_eq!(record["email"], json!({ "address": "c@example.org" }));
}

#[tokio::test]
async fn an_unknown_record_is_not_found_as_in_the_vector() {
    let connec = Connec::start().await;
    connec.create("people", json!({ "last_name": "Quill" })).await;
    let mut expected = vector(include_str!("../vectors/connec_error_404.json"));
    let shown = connec.get("people/00000000-0000-4000-8000-00000000dead").await;
    expected["errors"][0]["id"] = error(&shown)["id"].clone();
    assert_eq!((shown.status, shown.json()), (404, expected));
    for resource in ["people", "items"] {
        let put = connec.put(resource, "00000000-0000-4000-8000-00000000dead", json!({ "code": "x" })).await;
        assert_eq!((put.status, error(&put)["code"].as_str()), (404, Some("resource-not-found")));
    }
}

#[tokio::test]
async fn a_creation_with_a_plain_id_is_refused_as_in_the_vector() {
    let connec = Connec::start().await;
    let known = connec.create("people", json!({ "last_name": "Quill" })).await;
    let mut expected = vector(include_str!("../vectors/connec_error_409_create_with_id.json"));
    for id in [known.as_str(), "made-up"] {
        let answer = connec.post("people", json!({ "id": id, "last_name": "Moss" })).await;
        expected["errors"][0]["id"] = error(&answer)["id"].clone();
        assert_eq!((answer.status, answer.json()), (409, expected.clone()));
    }
    let answer = connec.post("people", json!({ "id": [own("made-up")], "last_name": "Moss" })).await;
    assert_eq!(answer.status, 409, "an own id nobody gave");
    assert_eq!(connec.records("people").await.len(), 1);
}

#[tokio::test]
async fn a_blank_last_name_is_refused_with_the_code_of_the_vector() {
    let connec = Connec::start().await;
    let answer = connec.post("people", json!({ "last_name": "" })).await;
    assert_eq!((answer.status, error(&answer)["code"].as_str()), (400, Some("last-name-can-t-be-blank")));
    assert_eq!(error(&answer)["href"], "http://maestrano.github.io/connec/#people-people-list-post");
    let id = connec.create("people", json!({ "last_name": "Quill" })).await;
    assert_eq!(connec.put("people", &id, json!({ "last_name": " " })).await.status, 400);
    assert_eq!(connec.shown("people", &id).await["last_name"], "Quill");
}

#[tokio::test]
async fn the_vectors_creation_is_answered_as_its_vector() {
    let connec = Connec::with_external_ids().await;
    connec.create("organizations", json!({ "id": [external("co-9")], "name": "DoveTail" })).await;
    let expected = vector(include_str!("../vectors/connec_create_response_201.json"));
    let mut sent = vector(include_str!("../vectors/connec_create_request.json"))["people"].clone();
    // The vector's Connec! fills these in; here nobody does.
    for name in ["code", "status", "email", "is_customer", "is_supplier", "is_lead"] {
        sent[name] = expected["people"][name].clone();
    }
    let answer = connec.post("people", sent).await;
    assert_eq!((answer.status, redacted(&answer.json())), (201, redacted(&expected)));
}

#[tokio::test]
async fn the_vectors_creation_is_merged_into_a_match_as_in_its_vector() {
    let connec = Connec::with_external_ids().await;
    connec.create("organizations", json!({ "id": [external("co-9")], "name": "DoveTail" })).await;
    let expected = vector(include_str!("../vectors/connec_create_response_200_merged.json"));
    let mut known = expected["people"].clone();
    known["id"] = Value::Null;
    known["organization_id"] = Value::Null;
    let id = connec.create("people", known).await;
    let sent = vector(include_str!("../vectors/connec_create_request.json"));
    let answer = connec.post("people", sent["people"].clone()).await;
    assert_eq!((answer.status, redacted(&answer.json())), (200, redacted(&expected)));
    assert_eq!(own_id(&answer.json()["people"]["id"]), id);
}

#[tokio::test]
async fn a_match_needs_all_fields_of_one_alternative() {
    let connec = Connec::start().await;
    let ada = json!({ "first_name": "Ada", "last_name": "Quill", "email": { "address": "ada@example.org" } });
    let ada = connec.create("people", ada).await;
    let alternatives = json!([["email/address"], ["first_name", "last_name"]]);
    let cases = [
        (json!({ "first_name": "A.", "email": { "address": "ada@example.org" } }), true),
        (json!({ "first_name": "Ada", "last_name": "Quill" }), false),
        (json!({ "first_name": "A.", "last_name": "Quill" }), true),
        (json!({ "last_name": "Quill" }), false),
        (json!({ "email": { "address": "" }, "first_name": "Bo" }), false),
    ];
    for (mut sent, matches) in cases {
        sent["opts"] = json!({ "matching_fields": alternatives });
        let answer = connec.post("people", sent.clone()).await;
        assert_eq!(answer.status == 200, matches, "{sent}");
        assert_eq!(own_id(&answer.json()["people"]["id"]) == ada, matches, "{sent}");
    }
}

#[tokio::test]
async fn an_alternative_without_fields_and_without_values_matches_nothing() {
    let connec = Connec::start().await;
    connec.create("people", json!({ "first_name": "", "code": null, "last_name": "Quill" })).await;
    for alternatives in [json!([[]]), json!([["first_name"]]), json!([["code"]]), json!([["nickname"]]), json!([])] {
        let sent = json!({ "first_name": "", "code": null, "opts": { "matching_fields": alternatives } });
        assert_eq!(connec.post("people", sent).await.status, 201);
    }
    for odd in [json!(["first_name"]), json!("first_name"), json!([[1]])] {
        let answer = connec.post("people", json!({ "opts": { "matching_fields": odd } })).await;
        assert!(error(&answer)["detail"].as_str().unwrap().contains("matching_fields"));
        assert_eq!(answer.status, 400);
    }
}

#[tokio::test]
async fn every_write_of_the_app_is_told_without_its_content() {
    let connec = Connec::start().await;
    let id = connec.create("people", json!({ "last_name": "Secretive" })).await;
    connec.put("people", &id, json!({ "code": "x" })).await;
    let told = connec.running.told().await;
    assert!(told.contains(&format!("The app created {id} of people in {GROUP}.")));
    assert!(told.contains(&format!("The app updated {id} of people in {GROUP}.")));
    assert!(!told.iter().any(|text| text.contains("Secretive")));
}
