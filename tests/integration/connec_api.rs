//! The Connec! client against the sandbox's Connec!.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use shared::{
    connec::{ConnecApi, ConnecError, ConnecVersion, Entity, Operation, OperationResult, Query, connec_id},
    domain::GroupId,
    marketplace::Marketplace,
    testing::acme,
};

use crate::harness::World;

const ACME: &str = "acme-hub";

/// The sandbox's `acme-hub`, with nothing in it.
async fn marketplace(world: &World) -> Marketplace {
    world.clear_connec(ACME, "cld-7a1c").await;
    let summary = world.marketplace(ACME);
    let mut marketplace = acme();
    marketplace.app_id.clone_from(&summary.api_id);
    marketplace.api_key = summary.api_key.as_str().into();
    let connec = marketplace.connec.as_mut().unwrap();
    connec.host = format!("{}/{ACME}", world.sandbox_url());
    connec.base_path = "/api/v2".to_owned();
    connec.timeout = Duration::from_secs(5);
    marketplace
}

fn api() -> ConnecApi {
    ConnecApi::new(Duration::from_secs(5))
}

fn group() -> GroupId {
    "cld-7a1c".parse().unwrap()
}

fn people() -> Entity {
    Entity::parse("people").unwrap()
}

fn person(name: &str) -> Map<String, Value> {
    json!({ "first_name": name, "last_name": "Moss" }).as_object().unwrap().clone()
}

#[tokio::test]
async fn records_are_made_changed_shown_and_listed_page_by_page() {
    let world = World::start().await;
    let (marketplace, api) = (marketplace(&world).await, api());
    let mut ids = Vec::new();
    for at in 0..25 {
        let made = api.create(&marketplace, &group(), people(), person(&format!("P{at:02}"))).await.unwrap();
        ids.push(connec_id(&made).unwrap().to_owned());
    }
    let changed = api.update(&marketplace, &group(), people(), &ids[0], person("Changed")).await.unwrap();
    assert_eq!(changed["first_name"], "Changed");
    let shown = api.show(&marketplace, &group(), people(), &ids[0]).await.unwrap();
    assert_eq!((connec_id(&shown), &shown["first_name"]), (Some(&*ids[0]), &json!("Changed")));

    let (mut query, mut names) = (Query::default().order_by("first_name ASC").top(10), Vec::new());
    loop {
        let page = api.list(&marketplace, &group(), people(), &query).await.unwrap();
        assert_eq!(page.total, Some(25));
        names.extend(page.records.iter().map(|record| record["first_name"].as_str().unwrap().to_owned()));
        let Some(next) = page.next else { break };
        query = next;
    }
    let expected: Vec<String> =
        std::iter::once("Changed".to_owned()).chain((1..25).map(|at| format!("P{at:02}"))).collect();
    assert_eq!(names, expected);
    let one =
        api.list(&marketplace, &group(), people(), &Query::default().filter("first_name", "eq", "P07")).await.unwrap();
    assert_eq!((one.records.len(), one.next), (1, None));
    let company = api.show(&marketplace, &group(), Entity::parse("company").unwrap(), "").await.unwrap();
    assert!(connec_id(&company).is_some());
    world.stop().await;
}

#[tokio::test]
async fn versions_and_reports_are_read() {
    let world = World::start().await;
    let (marketplace, api) = (marketplace(&world).await, api());
    assert!(api.version(&marketplace).await.unwrap() >= ConnecVersion::parse("1.0"));
    let parameters = [("from", "2030-01-01"), ("to", "2030-01-31")];
    let report = api.report(&marketplace, &group(), "accounts_summary", &parameters).await.unwrap();
    assert_eq!(report["period"], "MONTHLY");
    let unknown = api.report(&marketplace, &group(), "../../unicorns", &[]).await.unwrap_err();
    assert!(matches!(unknown, ConnecError::Refused { status: 400, .. } | ConnecError::NotFound), "{unknown}");
    world.stop().await;
}

#[tokio::test]
async fn what_is_refused_says_why_and_is_asked_once() {
    let world = World::start().await;
    let (marketplace, api) = (marketplace(&world).await, api());
    let unknown = api.show(&marketplace, &group(), people(), "00000000-0000-4000-8000-00000000ffff").await;
    assert!(matches!(unknown.unwrap_err(), ConnecError::NotFound));
    let mut with_id = person("A");
    with_id.insert("id".to_owned(), "mine".into());
    let refused = api.create(&marketplace, &group(), people(), with_id).await.unwrap_err();
    assert_eq!(refused.to_string(), "Connec! refuses (status 409): Creation of resource with id");
    let stranger = Marketplace { api_key: "wrong".into(), ..marketplace.clone() };
    let refused = api.create(&stranger, &group(), people(), person("A")).await.unwrap_err();
    assert!(matches!(refused, ConnecError::Credentials { status: 401 }));
    let without = Marketplace { connec: None, ..marketplace };
    assert!(matches!(api.version(&without).await.unwrap_err(), ConnecError::None));
    assert_eq!(world.connec_calls(ACME).await["requests"].as_array().unwrap().len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn reading_is_tried_again_and_writing_is_not() {
    let world = World::start().await;
    let (marketplace, api) = (marketplace(&world).await, api());
    world.set_fault(json!({ "route": "connec_list", "kind": "status", "status": 503, "times": 2 })).await;
    api.list(&marketplace, &group(), people(), &Query::default()).await.unwrap();
    world
        .set_fault(json!({ "route": "connec_list", "kind": "status", "status": 429, "retry_after_s": 1, "times": 1 }))
        .await;
    let began = Instant::now();
    api.list(&marketplace, &group(), people(), &Query::default()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "it was told when to come again");
    world.set_fault(json!({ "route": "connec_list", "kind": "malformed", "times": 3 })).await;
    let garbage = api.list(&marketplace, &group(), people(), &Query::default()).await.unwrap_err();
    assert!(matches!(garbage, ConnecError::Answer { status: 200 }));
    world.set_fault(json!({ "route": "connec_list", "kind": "drop", "times": 1 })).await;
    let lost = api.create(&marketplace, &group(), people(), person("A")).await.unwrap_err();
    assert!(matches!(lost, ConnecError::Transport(_)), "{lost:?}");
    world.set_fault(json!({ "route": "connec_show", "kind": "delay", "delay_ms": 20_000 })).await;
    let mut hasty = marketplace.clone();
    hasty.connec.as_mut().unwrap().timeout = Duration::from_millis(300);
    let slow = api.update(&hasty, &group(), people(), "k-1", person("A")).await.unwrap_err();
    assert!(matches!(slow, ConnecError::Timeout), "{slow:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_batch_is_done_in_order_and_answered_one_by_one() {
    let world = World::start().await;
    let (marketplace, api) = (marketplace(&world).await, api());
    let operations = [
        Operation::create(&group(), people(), person("A")),
        Operation::create(&group(), people(), json!({ "last_name": "" }).as_object().unwrap().clone()),
        Operation::update(&group(), people(), "00000000-0000-4000-8000-00000000ffff", person("B")),
        Operation::create(&"cld-nobody".parse().unwrap(), people(), person("C")),
    ];
    let results = api.batch(&marketplace, &operations).await.unwrap();
    assert!(matches!(results[0], OperationResult::Done { .. }));
    assert_eq!(results[3], OperationResult::Delayed { status: 401 });
    let statuses: Vec<u16> = results[1..3]
        .iter()
        .map(|result| match result {
            OperationResult::Refused { status, .. } => *status,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(statuses, [400, 404]);
    world.stop().await;
}
