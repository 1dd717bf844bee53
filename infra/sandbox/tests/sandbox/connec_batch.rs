//! Connec!: many calls in one.

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, error, external, own_id, vector};

fn post(last_name: &str) -> Value {
    let url = format!("/api/v2/{GROUP}/people/");
    json!({ "method": "post", "url": url, "params": { "people": { "last_name": last_name } } })
}

/// The statuses of an answer's results.
fn statuses(answer: &Value) -> Vec<u64> {
    answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

/// An error document without what differs each time or from place to place.
fn essence(document: &Value) -> Value {
    let mut document = document.clone();
    let error = document["errors"][0].as_object_mut().unwrap();
    error.retain(|name, _| name != "id" && name != "href");
    document
}

#[tokio::test]
async fn the_vectors_batch_ends_as_its_vector_says() {
    let connec = Connec::with_external_ids().await;
    connec.create("people", json!({ "id": [external("c-1")], "first_name": "Ada", "last_name": "Quill" })).await;
    let second = connec.create("people", json!({ "first_name": "Bo", "last_name": "Quill" })).await;
    let request = include_str!("../vectors/connec_batch_request.json");
    let request = request.replace("00000000-0000-4000-8000-000000000002", &second);
    let answer = connec.ask("POST", "/batch").body("application/vnd.api+json", request).send().await;
    assert_eq!(answer.status, 200);
    let expected = vector(include_str!("../vectors/connec_batch_response_partial_failure.json"));
    let answered = answer.json();
    assert_eq!(statuses(&answered), statuses(&expected));
    for (number, external_id, last_name) in [(0, "c-44", "Moss"), (1, "c-1", "Quill-Ray"), (3, "c-46", "Quill")] {
        let record = &answered["results"][number]["body"]["people"];
        assert_eq!((&record["id"][1], &record["last_name"]), (&external(external_id), &json!(last_name)));
        assert_eq!(record["id"].as_array().unwrap().len(), 2);
    }
    for number in [2, 4] {
        let bodies = [&answered, &expected].map(|answer| essence(&answer["results"][number]["body"]));
        assert_eq!(bodies[0], bodies[1]);
    }
    assert_eq!(
        answered["results"][2]["body"]["errors"][0]["href"],
        expected["results"][2]["body"]["errors"][0]["href"]
    );
    assert_eq!(connec.records("people").await.len(), 3);
}

#[tokio::test]
async fn a_later_call_sees_what_an_earlier_one_did() {
    let connec = Connec::with_external_ids().await;
    let url = format!("/api/v2/{GROUP}/organizations");
    let organization = json!({ "organizations": { "id": [external("co-1")], "name": "DoveTail" } });
    let person = json!({ "people": { "organization_id": [external("co-1")] } });
    let answer = connec
        .batch(json!([
            { "method": "POST", "url": url, "params": organization },
            { "method": "post", "url": format!("/api/v2/{GROUP}/people/"), "params": person },
            { "method": "post", "url": url, "params": organization },
            { "method": "get", "url": format!("{url}?$top=1") },
            { "method": "get", "url": url, "params": { "$filter": "name eq 'Nobody'", "$top": 5 } },
        ]))
        .await
        .json();
    assert_eq!(statuses(&answer), [201, 201, 200, 200, 200]);
    let bodies: Vec<&Value> = answer["results"].as_array().unwrap().iter().map(|result| &result["body"]).collect();
    assert_eq!(bodies[1]["people"]["organization_id"], bodies[0]["organizations"]["id"]);
    assert_eq!(bodies[3]["pagination"], json!({ "skip": 0, "top": 1, "total": 1 }));
    assert_eq!(bodies[4]["pagination"], json!({ "skip": 0, "top": 5, "total": 0 }));
}

#[tokio::test]
async fn ids_are_plain_without_the_header() {
    let connec = Connec::start().await;
    let answer = connec.batch(json!([post("Quill")])).await.json();
    assert_eq!(own_id(&answer["results"][0]["body"]["people"]["id"]).len(), 36);
}

#[tokio::test]
async fn a_call_that_fails_leaves_the_others_alone() {
    let connec = Connec::start().await;
    let cancel = "marketplaces/acme-hub/groups/cld-2b6d/cancel";
    connec.running.change("POST", cancel, r#"{"deliver":false}"#).await;
    let at = |method: &str, url: &str| json!({ "method": method, "url": url, "params": { "people": { "code": "x" } } });
    let answer = connec
        .batch(json!([
            at("post", "/api/v2/cld-none/people/"),
            at("post", "/api/v2/cld-2b6d/people/"),
            at("post", "/api/v2/cld-7a1c/unicorns/"),
            at("put", "/api/v2/cld-7a1c/people/none"),
            at("delete", "/api/v2/cld-7a1c/people/none"),
            at("post", "/api/v1/cld-7a1c/people/"),
            at("post", "/api/v2/cld-7a1c"),
            at("post", "http://elsewhere.example/api/v2/cld-7a1c/people/"),
            at("no method", "/api/v2/cld-7a1c/people/"),
            { "method": "post" },
            "post",
            { "method": "post", "url": "/api/v2/cld-7a1c/people/" },
            post("Quill"),
        ]))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(statuses(&answer.json()), [401, 401, 400, 404, 405, 404, 404, 404, 405, 400, 400, 400, 201]);
    let results = answer.json()["results"].as_array().unwrap().clone();
    assert!(results[..12].iter().all(|result| result["body"]["errors"][0]["title"].is_string()));
    assert_eq!(connec.records("people").await.len(), 1);
}

#[tokio::test]
async fn a_batch_has_at_most_a_hundred_calls() {
    let connec = Connec::start().await;
    let calls = |count: usize| Value::Array((0..count).map(|_| post("Quill")).collect());
    let answer = connec.batch(calls(101)).await;
    assert_eq!(answer.status, 400);
    assert!(error(&answer)["detail"].as_str().unwrap().contains("at most 100 ops, not 101"));
    assert_eq!(connec.records("people").await.len(), 0);
    assert_eq!(statuses(&connec.batch(calls(100)).await.json()), [201; 100]);
    assert_eq!(connec.batch(json!([])).await.json(), json!({ "results": [] }));
}

#[tokio::test]
async fn a_batch_without_a_list_of_calls_is_refused() {
    let connec = Connec::start().await;
    for body in ["{", "[]", "{}", r#"{"ops":{}}"#] {
        let answer = connec.ask("POST", "/batch").json(body).send().await;
        assert_eq!((answer.status, error(&answer)["code"].as_str()), (400, Some("invalid-request")), "{body}");
    }
    assert_eq!(connec.ask("POST", "/batch/").json(r#"{"ops":[]}"#).send().await.status, 200);
}
