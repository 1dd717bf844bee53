//! The app shares records: each reaches every group it is for, once, in its latest version, whatever goes wrong on the way.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{
    World,
    sharing::{group, organization},
};

const ACME: &str = "acme-hub";
const NORTH: &str = "northbank";

/// Everything of it that needs a permission of its own.
pub(crate) async fn share_in_every_way(world: &World) {
    world.clear_connec(ACME, "cld-7a1c").await;
    world.put_record("customer", "c-1", &organization("One", 1, &[ACME])).await;
    world.until(("customer", "c-1", ACME), "pushed", 1).await;
    world.put_record("customer", "c-1", &organization("Two", 2, &[])).await;
    world.until(("customer", "c-1", ACME), "pushed", 2).await;
    world.send_to_push_queue(&named("customer", "c-2", organization("Three", 1, &[ACME])).to_string()).await;
    world.until(("customer", "c-2", ACME), "pushed", 1).await;
    world.send_to_push_queue("{}").await;
    let path = link_path("customer", "c-2", ACME);
    world.call(Method::DELETE, &path, |request| request).await;
    world.set_fault(json!({ "route": "connec_batch", "kind": "status", "times": 1 })).await;
    world.put_record("customer", "c-3", &organization("Four", 1, &[ACME])).await;
    world.until(("customer", "c-3", ACME), "pushed", 1).await;
    world
        .call(Method::PUT, &link_path("customer", "c-4", ACME), |request| request.json(&json!({"connec_id": "k-4"})))
        .await;
    // One whose link has expired, and is not deleted yet.
    world.expire_links().await;
    world.put_record("customer", "c-1", &organization("Five", 3, &[ACME])).await;
    world.until(("customer", "c-1", ACME), "pushed", 3).await;
    // One that Connec! takes for the counterpart of another record.
    let mut twin = organization("Five", 1, &[ACME]);
    twin["document"]["opts"] = json!({ "matching_fields": [["name"]] });
    world.put_record("customer", "c-5", &twin).await;
    world.until(("customer", "c-5", ACME), "rejected", 1).await;
    // One that comes for a record which belongs to the group no more.
    let push = json!({ "push": group(ACME), "record": { "class_name": "customer", "id": "c-2" } });
    world.put_record("customer", "c-2", &organization("Three", 2, &[])).await;
    world.send_to_push_queue(&push.to_string()).await;
    while world.stack().queues().messages("stallholder-push-dead-letters").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// A change as it stands in a batch, and on the queue.
fn named(class: &str, id: &str, mut change: Value) -> Value {
    change["class"] = json!(class);
    change["id"] = json!(id);
    change
}

fn link_path(class: &str, id: &str, key: &str) -> String {
    format!("/app/v1/records/{class}/{id}/links/{key}/cld-7a1c/organizations")
}

#[tokio::test]
async fn a_record_reaches_each_of_its_groups_once_and_again_when_it_changes() {
    let world = World::start().await;
    world.serve(&[ACME, NORTH]).await;
    let accepted = world.put_record("customer", "c-1", &organization("Paper Ltd", 1, &[ACME, NORTH])).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    assert_eq!(accepted.body["groups"], json!([group(ACME), group(NORTH)]));
    for key in [ACME, NORTH] {
        let link = world.until(("customer", "c-1", key), "pushed", 1).await;
        let [record] = &world.connec_records(key, "cld-7a1c", "organizations").await[..] else {
            panic!("there is one")
        };
        assert_eq!(record["record"]["name"], "Paper Ltd");
        assert_eq!(record["external_ids"][0]["id"], "customer:c-1");
        assert_eq!(link["connec_id"], record["connec_id"]);
        let place = format!("/api/v2/cld-7a1c/organizations/{}", record["connec_id"].as_str().unwrap());
        assert!(link["url"].as_str().unwrap().ends_with(&place), "{link}");
    }
    // A change goes to where it is linked, whether its groups are named again or not.
    world.put_record("customer", "c-1", &organization("Paper & Ink Ltd", 2, &[])).await;
    for key in [ACME, NORTH] {
        world.until(("customer", "c-1", key), "pushed", 2).await;
        assert_eq!(world.organizations(key).await, ["Paper & Ink Ltd"]);
    }
    // Where it is not shared nobody knows of it.
    assert_eq!(world.connec_records(ACME, "cld-9e4f", "organizations").await, [] as [Value; 0]);
    world.stop().await;
}

#[tokio::test]
async fn an_older_version_never_overtakes_and_the_same_one_can_come_again() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    world.put_record("customer", "c-1", &organization("Second", 2, &[ACME])).await;
    world.until(("customer", "c-1", ACME), "pushed", 2).await;
    for (change, what) in
        [(organization("First", 1, &[ACME]), "older"), (organization("Other", 2, &[ACME]), "same, but other")]
    {
        let refused = world.put_record("customer", "c-1", &change).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "stale-version"), "{what}");
        assert_eq!(refused.body["stored"], json!({ "version": 2 }), "{what}");
    }
    let again = world.put_record("customer", "c-1", &organization("Second", 2, &[ACME])).await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    // It was pushed, so nothing is pushed again: the one that follows comes alone.
    world.put_record("customer", "c-1", &organization("Third", 3, &[ACME])).await;
    world.until(("customer", "c-1", ACME), "pushed", 3).await;
    let [record] = &world.connec_records(ACME, "cld-7a1c", "organizations").await[..] else { panic!("there is one") };
    assert_eq!((&record["record"]["name"], &record["revision"]), (&json!("Third"), &json!(2)));
    // A moment is later than any count.
    let mut dated = organization("Fourth", 0, &[]);
    dated.as_object_mut().unwrap().remove("version");
    dated["updated_at"] = json!("2026-11-22T10:00:00Z");
    assert_eq!(world.put_record("customer", "c-1", &dated).await.status, StatusCode::ACCEPTED);
    let refused = world.put_record("customer", "c-1", &organization("Fifth", 5, &[])).await;
    assert_eq!(refused.body["stored"], json!({ "updated_at": "2026-11-22T10:00:00Z" }));
    world.stop().await;
}

#[tokio::test]
async fn a_batch_answers_for_each_of_its_records() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    let mut changes: Vec<Value> =
        (0..5).map(|at| named("customer", &format!("c-{at}"), organization(&format!("N{at}"), 1, &[ACME]))).collect();
    changes[1]["entity"] = json!("unicorns");
    changes[3]["groups"] = json!([group("nowhere")]);
    // Two versions of one record, in order.
    changes.push(named("customer", "c-0", organization("N0 again", 2, &[ACME])));
    let answer = world.put_records(&changes).await;
    let results = answer.body["results"].as_array().unwrap();
    let statuses: Vec<u64> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [202, 400, 202, 409, 202, 202]);
    assert_eq!((&results[1]["field"], &results[3]["field"]), (&json!("entity"), &json!("groups/0")));
    for (id, version) in [("c-0", 2), ("c-2", 1), ("c-4", 1)] {
        world.until(("customer", id, ACME), "pushed", version).await;
    }
    assert_eq!(world.organizations(ACME).await, ["N0 again", "N2", "N4"]);
    for wrong in [vec![], vec![json!({}); 101]] {
        let refused = world.put_records(&wrong).await;
        assert_eq!((refused.status, &refused.body["field"]), (StatusCode::BAD_REQUEST, &json!("records")));
    }
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_named() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    let good = organization("A", 1, &[ACME]);
    let with = |member: &str, value: Value| {
        let mut changed = good.clone();
        changed[member] = value;
        changed
    };
    for (path, change, status, field) in [
        ("customer/c-1", with("entity", json!("unicorns")), 400, "entity"),
        ("customer/c-1", with("document", json!([1])), 400, "document"),
        ("customer/c-1", with("document", json!({"id": "x"})), 400, "document/id"),
        ("customer/c-1", with("document", json!({"name": "x".repeat(270_000)})), 400, "document"),
        ("customer/c-1", with("version", json!(-1)), 400, "version"),
        ("customer/c-1", with("groups", json!([group("nowhere")])), 409, "groups/0"),
        (
            "customer/c-1",
            with("groups", json!([group(ACME), {"marketplace": ACME, "group": "cld-nobody"}])),
            409,
            "groups/1",
        ),
        // Its marketplace has it, and nobody has signed in through it.
        ("customer/c-1", with("groups", json!([{"marketplace": ACME, "group": "cld-9e4f"}])), 409, "groups/0"),
        ("customer/a%0Ab", good.clone(), 400, "id"),
        ("cust%20omer/c-1", good.clone(), 400, "class"),
    ] {
        let refused =
            world.call(Method::PUT, &format!("/app/v1/records/{path}"), |request| request.json(&change)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["field"]), (status, &json!(field)), "{path} {field}");
    }
    let path = "/app/v1/records/customer/c-1";
    let text = |body: String| {
        world.call(Method::PUT, path, |request| request.header("content-type", "application/json").body(body))
    };
    assert_eq!(text("{".to_owned()).await.problem(), "malformed");
    assert_eq!(text("[".repeat(500)).await.problem(), "malformed");
    assert_eq!(text(format!("\"{}\"", "x".repeat(400_000))).await.problem(), "too-large");
    let plain = world.call(Method::PUT, path, |request| request.header("content-type", "text/plain").body("x")).await;
    assert_eq!(plain.problem(), "media-type");
    assert_eq!(world.call(Method::POST, path, |request| request.json(&good)).await.problem(), "method-not-allowed");
    assert_eq!(world.links("customer", "c-1").await, [] as [Value; 0], "nothing of it was kept");
    world.stop().await;
}

#[tokio::test]
async fn a_link_can_be_made_and_taken_back_by_hand_and_tells_what_it_meets() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    let put = async |id: &str, connec_id: &str| {
        let body = json!({ "connec_id": connec_id });
        world.call(Method::PUT, &link_path("customer", id, ACME), |request| request.json(&body)).await
    };
    let linked = put("c-1", "k-1").await;
    assert_eq!((linked.status, &linked.body["connec_id"]), (StatusCode::CREATED, &json!("k-1")));
    assert_eq!(put("c-1", "k-1").await.status, StatusCode::OK);
    let taken = put("c-1", "k-2").await;
    assert_eq!((taken.problem(), &taken.body["connec_id"]), ("linked-elsewhere", &json!("k-1")));
    let taken = put("c-2", "k-1").await;
    assert_eq!(
        (taken.problem(), &taken.body["record"]),
        ("linked-elsewhere", &json!({"class": "customer", "id": "c-1"}))
    );
    for (path, field) in [
        (link_path("customer", "c-1", "Acme"), "marketplace"),
        (link_path("customer", "c-1", ACME).replace("organizations", "unicorns"), "entity"),
        (link_path("customer", "c-1", ACME).replace("cld-7a1c", "a.b"), "group"),
    ] {
        let refused = world.call(Method::PUT, &path, |request| request.json(&json!({ "connec_id": "k" }))).await;
        assert_eq!((refused.problem(), &refused.body["field"]), ("invalid", &json!(field)));
    }
    for (path, field) in [
        (link_path("customer", "c-1", "nowhere"), "marketplace"),
        (link_path("customer", "c-1", ACME).replace("cld-7a1c", "cld-nobody"), "group"),
    ] {
        let refused = world.call(Method::PUT, &path, |request| request.json(&json!({ "connec_id": "k" }))).await;
        assert_eq!((refused.problem(), &refused.body["field"]), ("group-not-served", &json!(field)));
    }
    assert_eq!(put("c-3", "").await.body["field"], json!("connec_id"));
    for _ in 0..2 {
        let path = link_path("customer", "c-1", ACME);
        let gone = world.call(Method::DELETE, &path, |request| request).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(put("c-2", "k-1").await.status, StatusCode::CREATED);
    world.stop().await;
}

#[tokio::test]
async fn a_linked_record_is_changed_and_not_made_again() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    world.put_record("customer", "c-1", &organization("Here first", 1, &[ACME])).await;
    let link = world.until(("customer", "c-1", ACME), "pushed", 1).await;
    world.call(Method::DELETE, &link_path("customer", "c-1", ACME), |request| request).await;
    let body = json!({ "connec_id": link["connec_id"] });
    world.call(Method::PUT, &link_path("client", "77", ACME), |request| request.json(&body)).await;
    world.put_record("client", "77", &organization("Known by its id", 1, &[])).await;
    world.until(("client", "77", ACME), "pushed", 1).await;
    assert_eq!(world.organizations(ACME).await, ["Known by its id"]);
    world.stop().await;
}

#[tokio::test]
async fn references_to_the_apps_own_records_arrive_as_references() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    world.put_record("customer", "c-1", &organization("Paper Ltd", 1, &[ACME])).await;
    let organization_link = world.until(("customer", "c-1", ACME), "pushed", 1).await;
    let change = json!({
        "entity": "invoices", "version": 1, "groups": [group(ACME)],
        "document": { "title": "Paper", "organization_id": "c-1" }, "references": { "organization_id": "customer" },
    });
    world.put_record("invoice", "inv-1", &change).await;
    world.until(("invoice", "inv-1", ACME), "pushed", 1).await;
    let [invoice] = &world.connec_records(ACME, "cld-7a1c", "invoices").await[..] else { panic!("there is one") };
    let ids = invoice["record"]["organization_id"].as_array().unwrap();
    assert!(ids.iter().any(|id| id["provider"] == "connec" && id["id"] == organization_link["connec_id"]), "{ids:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_record_that_connec_does_not_take_is_rejected_with_its_reason_and_harms_no_other() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    let person = |name: &str, version: u64| json!({ "entity": "people", "version": version, "groups": [group(ACME)], "document": { "first_name": "A", "last_name": name } });
    let changes = [named("person", "p-1", person("", 1)), named("person", "p-2", person("Quill", 1))];
    world.put_records(&changes).await;
    world.until(("person", "p-2", ACME), "pushed", 1).await;
    let rejected = world.until(("person", "p-1", ACME), "rejected", 1).await;
    assert!(rejected["push"]["reason"].as_str().unwrap().starts_with("4"), "{rejected}");
    assert_eq!(rejected["connec_id"], Value::Null);
    // The next version is tried.
    world.put_record("person", "p-1", &person("Moss", 2)).await;
    world.until(("person", "p-1", ACME), "pushed", 2).await;
    assert_eq!(world.connec_records(ACME, "cld-7a1c", "people").await.len(), 2);
    world.stop().await;
}

/// Whatever the marketplace does, every record ends there once.
async fn despite(fault: Value) {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    world.set_fault(fault.clone()).await;
    let changes: Vec<Value> =
        (0..10).map(|at| named("customer", &format!("c-{at}"), organization(&format!("N{at}"), 1, &[ACME]))).collect();
    let answer = world.put_records(&changes).await;
    assert!(answer.body["results"].as_array().unwrap().iter().all(|result| result["status"] == 202));
    for at in 0..10 {
        world.until(("customer", &format!("c-{at}"), ACME), "pushed", 1).await;
    }
    let expected: Vec<String> = (0..10).map(|at| format!("N{at}")).collect();
    assert_eq!(world.organizations(ACME).await, expected, "{fault}");
    let struck = reqwest::get(format!("{}/control/faults", world.sandbox_url())).await.unwrap();
    assert_eq!(struck.json::<Value>().await.unwrap(), json!({ "faults": [] }), "{fault} never struck");
    assert_eq!(world.take_push_dead_letters().await, [] as [(String, Option<String>); 0]);
    world.stop().await;
}

#[tokio::test]
async fn an_answer_that_never_came_makes_nothing_twice() {
    despite(json!({ "route": "connec_batch", "kind": "drop", "times": 1 })).await;
}

#[tokio::test]
async fn one_item_that_fails_is_tried_again_alone() {
    despite(json!({ "route": "connec_batch", "kind": "item_status", "item": 1, "status": 500, "times": 1 })).await;
}

#[tokio::test]
async fn whoever_asks_too_often_comes_back_when_told() {
    despite(json!({ "route": "connec_batch", "kind": "status", "status": 429, "retry_after_s": 1, "times": 1 })).await;
}

#[tokio::test]
async fn a_body_that_is_garbage_says_nothing() {
    despite(json!({ "route": "connec_batch", "kind": "malformed", "times": 1 })).await;
}

#[tokio::test]
async fn an_answer_with_too_few_results_says_nothing() {
    despite(json!({ "route": "connec_batch", "kind": "short_results", "times": 1 })).await;
}

#[tokio::test]
async fn a_connec_that_is_down_for_a_moment_gets_everything_afterwards() {
    despite(json!({ "route": "connec_batch", "kind": "status", "status": 503, "times": 2 })).await;
}

#[tokio::test]
async fn a_push_that_waits_for_a_cancelled_group_is_dropped_with_its_reason() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    world.put_record("customer", "c-1", &organization("One", 1, &[ACME])).await;
    world.until(("customer", "c-1", ACME), "pushed", 1).await;
    world.set_fault(json!({ "route": "connec_batch", "kind": "status", "status": 503 })).await;
    world.put_record("customer", "c-1", &organization("Two", 2, &[])).await;
    world.until(("customer", "c-1", ACME), "waiting", 2).await;
    world.cancel_group(ACME, "cld-7a1c", &json!({})).await;
    let dropped = world.until(("customer", "c-1", ACME), "dropped", 2).await;
    assert_eq!(dropped["push"]["reason"], "the group is not served");
    world.mend().await;
    // And nothing of it is taken any more.
    let refused = world.put_record("customer", "c-1", &organization("Three", 3, &[ACME])).await;
    assert_eq!(refused.problem(), "group-not-served");
    assert_eq!(world.take_push_dead_letters().await, [] as [(String, Option<String>); 0]);
    // Its links go with it.
    world.finish_removals().await;
    let links = world
        .id_map()
        .links(&record("customer", "c-1"), jiff::Timestamp::MAX - jiff::SignedDuration::from_hours(48))
        .await;
    assert_eq!(links.unwrap(), []);
    world.stop().await;
}

fn record(class_name: &str, id: &str) -> shared::domain::LocalRecord {
    shared::domain::LocalRecord { class_name: class_name.to_owned(), id: id.to_owned() }
}

#[tokio::test]
async fn what_the_app_puts_on_the_queue_is_shared_and_what_cannot_be_taken_there_is_kept_with_its_reason() {
    let world = World::start().await;
    world.serve(&[ACME]).await;
    let good = named("customer", "c-1", organization("From the queue", 1, &[ACME]));
    let unserved = named("customer", "c-2", organization("Nowhere", 1, &[NORTH]));
    let poison = ["not JSON", "{}", r#"{"push":{"marketplace":"acme-hub"}}"#];
    for body in poison.into_iter().chain([good.to_string().as_str(), unserved.to_string().as_str()]) {
        world.send_to_push_queue(body).await;
    }
    world.until(("customer", "c-1", ACME), "pushed", 1).await;
    assert_eq!(world.organizations(ACME).await, ["From the queue"]);
    let mut kept = Vec::new();
    while kept.len() < 4 {
        kept.extend(world.take_push_dead_letters().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let reason = |body: &str| kept.iter().find(|(kept, _)| kept == body).unwrap().1.clone().unwrap();
    assert!(reason("not JSON").contains("is not JSON"));
    assert!(reason("{}").contains("class is missing"));
    assert!(reason(poison[2]).contains("is no push of ours"));
    assert!(reason(&unserved.to_string()).contains("not served"));
    world.stop().await;
}
