//! The outbox on its way to the bus, whatever happens on that way: the bus refuses some entries, fails, loses its answer, and the function
//! is killed between publishing and acknowledging. The bus here is a real HTTP server that does all of it on demand.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use events::{App, Batch, Bus, DeadLetters};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use shared::{
    batch::PartialBatchResponse,
    clock::{Clock as _, SystemClock},
    domain::{GroupId, MarketplaceKey},
    event::{Change, Event},
};
use tokio::{net::TcpListener, sync::Notify};

/// How many records the stream brings at once: fewer than there are, so that batches follow each other.
const BATCH: usize = 9;

/// What the bus does with one request.
#[derive(Debug, Clone)]
enum Turn {
    Takes,
    /// Says of these entries that they failed, and does not take them.
    FailsEntries(u16),
    /// Answers 500 and takes nothing.
    Fails,
    /// Takes everything, and its answer is an error.
    LosesAnswer,
    /// Takes everything, and the function is killed before it hears of it.
    Kills,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        2 => Just(Turn::Takes),
        2 => any::<u16>().prop_map(Turn::FailsEntries),
        1 => Just(Turn::Fails),
        1 => Just(Turn::LosesAnswer),
        1 => Just(Turn::Kills),
    ]
}

/// The bus, with what it will do and what has arrived.
#[derive(Clone, Default)]
struct FaultyBus {
    turns: Arc<Mutex<VecDeque<Turn>>>,
    arrived: Arc<Mutex<Vec<Event>>>,
    dead: Arc<Mutex<Vec<String>>>,
    kill: Arc<Notify>,
}

impl FaultyBus {
    async fn start(turns: Vec<Turn>) -> (Self, String) {
        let bus = Self { turns: Arc::new(Mutex::new(turns.into())), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(put)).with_state(bus.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (bus, url)
    }

    fn take(&self, event: Event) -> Value {
        self.arrived.lock().unwrap().push(event);
        json!({ "EventId": "1" })
    }
}

async fn put(State(bus): State<FaultyBus>, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    if let Some(message) = body["MessageBody"].as_str() {
        bus.dead.lock().unwrap().push(message.to_owned());
        return Json(json!({ "MessageId": "1" })).into_response();
    }
    let entries = body["Entries"].as_array().unwrap();
    assert!((1..=10).contains(&entries.len()), "{}", entries.len());
    let events: Vec<Event> =
        entries.iter().map(|entry| serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap()).collect();
    let groups: HashSet<(&MarketplaceKey, &GroupId)> =
        events.iter().map(|event| (&event.marketplace, &event.group)).collect();
    assert_eq!(groups.len(), events.len(), "of a group one event is under way at a time");
    let turn = bus.turns.lock().unwrap().pop_front().unwrap_or(Turn::Takes);
    if matches!(turn, Turn::Fails) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let fails = |at: usize| matches!(turn, Turn::FailsEntries(which) if which >> at & 1 == 1);
    let results: Vec<Value> = events
        .into_iter()
        .enumerate()
        .map(|(at, event)| if fails(at) { json!({ "ErrorCode": "InternalFailure" }) } else { bus.take(event) })
        .collect();
    match turn {
        Turn::LosesAnswer => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Turn::Kills => {
            bus.kill.notify_one();
            std::future::pending().await
        }
        _ => {
            let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
            Json(json!({ "FailedEntryCount": failed, "Entries": results })).into_response()
        }
    }
}

/// A fresh execution environment.
fn app(url: &str) -> App {
    let credentials = || Credentials::new("test", "test", None, None, "test");
    let bus = aws_sdk_eventbridge::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials())
        .endpoint_url(url)
        .region(Region::from_static("eu-west-1"))
        // The function's own attempts are what is tried here.
        .retry_config(RetryConfig::disabled())
        .build();
    let queue = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials())
        .endpoint_url(url)
        .region(Region::from_static("eu-west-1"))
        .build();
    App::new(
        Bus::new(aws_sdk_eventbridge::Client::from_conf(bus), "bus".to_owned()),
        DeadLetters::new(aws_sdk_sqs::Client::from_conf(queue), format!("{url}/")),
    )
}

/// Events of some groups, mixed as this says, numbered in each.
fn mixed(groups: &[u8]) -> Vec<Event> {
    let user = "usr-5k2".parse().unwrap();
    let mut numbers: BTreeMap<u8, u64> = BTreeMap::new();
    let event = |group: &u8| {
        let number = numbers.entry(*group).or_default();
        *number += 1;
        // The same group id at two marketplaces is two groups.
        let marketplace = if group.is_multiple_of(2) { "acme-hub" } else { "northbank" }.parse().unwrap();
        let id: GroupId = format!("cld-{}", group / 2).parse().unwrap();
        Change::UserBlocked(&user).event(&marketplace, &id, *number, SystemClock.now())
    };
    groups.iter().map(event).collect()
}

/// The stream's record of an item; some of them are none of ours.
fn record(at: usize, item: &Value) -> Value {
    let image: serde_dynamo::Item = serde_dynamo::to_item(item).unwrap();
    json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": format!("{at:021}"), "NewImage": image } })
}

fn records(events: &[Event]) -> Vec<Value> {
    let items = events.iter().flat_map(|event| {
        [json!({ "type": "event", "event": event, "expires_at": 1 }), json!({ "type": "group", "name": "x" })]
    });
    items.enumerate().map(|(at, item)| record(at, &item)).collect()
}

fn batch(records: &[Value]) -> Batch {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// Brings the stream as Lambda does: on from what was dealt with, again from what failed, all of it again after a crash.
async fn drain(url: &str, bus: &FaultyBus, records: &[Value]) {
    let (mut from, mut app) = (0, self::app(url));
    while from < records.len() {
        let until = (from + BATCH).min(records.len());
        let outcome = tokio::select! {
            outcome = events::handle(&app, batch(&records[from..until])) => Some(outcome),
            () = bus.kill.notified() => None,
        };
        match outcome {
            Some(Ok(PartialBatchResponse { batch_item_failures })) => match batch_item_failures.first() {
                Some(failed) => from = failed.item_identifier.parse().unwrap(),
                None => from = until,
            },
            Some(Err(error)) => panic!("{error}"),
            None => app = self::app(url),
        }
    }
}

#[test]
fn whatever_happens_every_event_arrives_in_the_order_of_its_group_and_duplicates_carry_the_same_id() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let inputs = (prop::collection::vec(0..4_u8, 1..30), prop::collection::vec(turn(), 0..8));
    let outcome = runner.run(&inputs, |(groups, turns)| {
        runtime.block_on(async {
            let events = mixed(&groups);
            let (bus, url) = FaultyBus::start(turns).await;
            tokio::time::timeout(Duration::from_secs(60), drain(&url, &bus, &records(&events))).await.unwrap();
            let arrived = bus.arrived.lock().unwrap().clone();
            let mut seen = HashSet::new();
            let first: Vec<&Event> = arrived.iter().filter(|event| seen.insert(event.id.clone())).collect();
            assert_eq!(first.len(), events.len(), "every event arrives");
            let group = |event: &Event| (event.marketplace.clone(), event.group.clone());
            for one in &first {
                let of_group = |from: Vec<&Event>| -> Vec<Event> {
                    from.into_iter().filter(|event| group(event) == group(one)).cloned().collect()
                };
                assert_eq!(of_group(first.clone()), of_group(events.iter().collect()), "in the order of its group");
            }
            for duplicate in &arrived {
                let original = events.iter().find(|event| event.id == duplicate.id);
                assert_eq!(original, Some(duplicate), "a duplicate is the same event");
            }
            assert!(bus.dead.lock().unwrap().is_empty());
        });
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn an_event_that_fails_holds_back_its_own_group_alone() {
    // Three groups; the bus never takes the first one's.
    let events = mixed(&[0, 2, 0, 4, 2]);
    let (bus, url) = FaultyBus::start(vec![Turn::FailsEntries(1); 50]).await;
    let records = records(&events);
    let answer = events::handle(&app(&url), batch(&records)).await.unwrap();
    assert_eq!(answer.batch_item_failures[0].item_identifier, format!("{:021}", 0));
    let arrived: HashSet<String> = bus.arrived.lock().unwrap().iter().map(|event| event.group.to_string()).collect();
    assert!(!arrived.contains("cld-0") && arrived.contains("cld-1"), "{arrived:?}");
}

#[tokio::test]
async fn what_cannot_be_read_becomes_a_dead_letter_and_holds_nobody_back() {
    let events = mixed(&[0, 2]);
    let mut records = records(&events);
    records.insert(0, record(99, &json!({ "type": "event", "event": { "id": 7 } })));
    let (bus, url) = FaultyBus::start(Vec::new()).await;
    let answer = events::handle(&app(&url), batch(&records)).await.unwrap();
    assert_eq!(answer, PartialBatchResponse::default());
    assert_eq!(bus.arrived.lock().unwrap().len(), 2);
    let dead = bus.dead.lock().unwrap().clone();
    assert!(dead.len() == 1 && dead[0].contains("cannot be read"), "{dead:?}");
}

#[tokio::test]
async fn what_is_changed_or_deleted_is_no_news() {
    let mut record = record(0, &json!({ "type": "event", "event": mixed(&[0])[0] }));
    let (bus, url) = FaultyBus::start(Vec::new()).await;
    for kind in ["MODIFY", "REMOVE"] {
        record["eventName"] = json!(kind);
        assert_eq!(
            events::handle(&app(&url), batch(&[record.clone()])).await.unwrap(),
            PartialBatchResponse::default()
        );
    }
    assert!(bus.arrived.lock().unwrap().is_empty());
}
