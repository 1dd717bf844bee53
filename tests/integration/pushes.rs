//! Pushes where the stack runs in this process: what they cost, that a version that was superseded is pushed once, that a marketplace which
//! does not answer holds up no other, and that what is tried for too long is given up.

use std::time::{Duration, Instant};

use connec_push::Limits;
use jiff::SignedDuration;
use local::Options;
use serde_json::{Value, json};
use shared::{
    clock::{Clock as _, SystemClock},
    connec::Circuit,
};

use crate::harness::{World, sharing::organization};

const ACME: &str = "acme-hub";
const NORTH: &str = "northbank";

fn change(id: &str, name: &str, version: u64, keys: &[&str]) -> Value {
    let mut change = organization(name, version, keys);
    change["class"] = json!("customer");
    change["id"] = json!(id);
    change
}

#[tokio::test]
async fn fifty_records_for_a_group_are_one_call_and_a_few_requests() {
    let world = World::embedded_with(Options { push_workers: 0, ..Options::default() }).await;
    world.serve(&[ACME]).await;
    let before = world.stack().calls().counted("connec-push");
    let changes: Vec<Value> = (0..50).map(|at| change(&format!("c-{at}"), &format!("N{at}"), 1, &[ACME])).collect();
    world.put_records(&changes).await;
    world.stack().push_once().await;
    let calls = world.connec_calls(ACME).await;
    assert_eq!((&calls["operations"], &calls["batches"]), (&json!(50), &json!(1)));
    let after = world.stack().calls().counted("connec-push");
    let counted = |action: &str, resource: &'static str| {
        let of = |calls: &std::collections::BTreeMap<local::Action, u64>| {
            calls.get(&(action.to_owned(), resource)).copied().unwrap_or_default()
        };
        of(&after) - of(&before)
    };
    // Of each: one claim, and the two parts of the transaction that links it. For all together: the records, the group, how the
    // marketplace does, the configuration's age, and the right to ask it, taken and given back.
    assert_eq!(counted("dynamodb:UpdateItem", "IdMapTable"), 100);
    assert_eq!(counted("dynamodb:PutItem", "IdMapTable"), 50);
    assert_eq!(counted("dynamodb:GetItem", "IdMapTable") + counted("dynamodb:Query", "IdMapTable"), 0);
    assert_eq!(counted("dynamodb:BatchGetItem", "AccountsTable"), 2);
    assert_eq!(counted("dynamodb:PutItem", "AccountsTable") + counted("dynamodb:DeleteItem", "AccountsTable"), 2);
    assert_eq!(counted("sqs:SendMessage", "PushQueue"), 0);
    world.stop().await;
}

#[tokio::test]
async fn a_version_that_was_superseded_while_it_waited_is_never_pushed() {
    let world = World::embedded_with(Options { push_workers: 0, ..Options::default() }).await;
    world.serve(&[ACME]).await;
    for version in 1..=20 {
        world.put_record("customer", "c-1", &organization(&format!("V{version}"), version, &[ACME])).await;
    }
    world.stack().push_once().await;
    let [record] = &world.connec_records(ACME, "cld-7a1c", "organizations").await[..] else { panic!("there is one") };
    assert_eq!((&record["record"]["name"], &record["revision"]), (&json!("V20"), &json!(1)));
    world.stop().await;
}

/// Where the gateway keeps it apart from a path's own slashes, as here; the emulated account's does not.
#[tokio::test]
async fn an_id_with_a_slash_is_refused_by_name() {
    let world = World::embedded_with(Options { push_workers: 0, ..Options::default() }).await;
    let change = organization("A", 1, &[]);
    let path = "/app/v1/records/customer/a%2Fb";
    let refused = world.call(reqwest::Method::PUT, path, |request| request.json(&change)).await;
    assert_eq!((refused.problem(), &refused.body["field"]), ("invalid", &json!("id")));
    world.stop().await;
}

#[tokio::test]
async fn a_record_that_was_taken_out_of_a_group_is_not_brought_back_by_a_message_that_was_on_its_way() {
    let world = World::embedded_with(Options { push_workers: 0, ..Options::default() }).await;
    world.serve(&[ACME]).await;
    world.put_record("customer", "c-1", &organization("In", 1, &[ACME])).await;
    world.stack().push_once().await;
    world.put_record("customer", "c-1", &organization("Out", 2, &[])).await;
    let path = "/app/v1/records/customer/c-1/links/acme-hub/cld-7a1c/organizations";
    world.call(reqwest::Method::DELETE, path, |request| request).await;
    world.stack().push_once().await;
    assert_eq!(world.organizations(ACME).await, ["In"]);
    assert_eq!(world.links("customer", "c-1").await, [] as [Value; 0]);
    world.stop().await;
}

#[tokio::test]
async fn a_marketplace_in_trouble_is_left_alone_by_all_and_asked_again_by_one() {
    let world = World::embedded_with(Options { push_workers: 0, ..Options::default() }).await;
    let (accounts, key) = (world.accounts(), ACME.parse().unwrap());
    let now = SystemClock.now();
    let mut was = accounts.circuit(&key).await.unwrap();
    for at_most in [None, None, Some(Duration::from_secs(15)), Some(Duration::from_secs(30))] {
        let is = was.after_trouble(now, None, false);
        assert_eq!(is.open_for(now), at_most);
        assert!(accounts.put_circuit(&key, was, is).await.unwrap());
        // Whoever has not heard of it says nothing.
        assert!(!accounts.put_circuit(&key, was, Circuit::default()).await.unwrap());
        was = accounts.circuit(&key).await.unwrap();
        assert_eq!(was, is);
    }
    for is in
        [was.tried(now, Duration::from_secs(10)), Circuit::default(), Circuit::default().after_trouble(now, None, true)]
    {
        assert!(accounts.put_circuit(&key, was, is).await.unwrap(), "{was:?} to {is:?}");
        was = accounts.circuit(&key).await.unwrap();
        assert_eq!(was, is);
    }
    world.stop().await;
}

#[tokio::test]
async fn only_so_many_are_at_a_marketplace_at_a_time() {
    let world = World::embedded_with(Options { push_workers: 0, ..Options::default() }).await;
    let (accounts, key) = (world.accounts(), ACME.parse().unwrap());
    let (now, until) = (SystemClock.now(), SystemClock.now() + SignedDuration::from_secs(60));
    let mut slots = Vec::new();
    for _ in 0..3 {
        slots.push(accounts.take_slot(&key, 3, now, until).await.unwrap().unwrap());
    }
    assert!(accounts.take_slot(&key, 3, now, until).await.unwrap().is_none());
    assert!(accounts.take_slot(&NORTH.parse().unwrap(), 3, now, until).await.unwrap().is_some());
    accounts.free_slot(slots.pop().unwrap()).await.unwrap();
    assert!(accounts.take_slot(&key, 3, now, until).await.unwrap().is_some());
    // One whose holder broke off is free when its time is over.
    assert!(accounts.take_slot(&key, 3, until, until).await.unwrap().is_some());
    world.stop().await;
}

/// How long each of these took from being handed in to being there, longest last.
async fn push_times(world: &World, run: &str) -> Vec<Duration> {
    let mut times = Vec::new();
    for at in 0..40 {
        let (id, began) = (format!("{run}-{at}"), Instant::now());
        world.put_record("customer", &id, &organization(&id, 1, &[ACME])).await;
        loop {
            let links = world.links("customer", &id).await;
            if links.first().is_some_and(|link| link["push"]["outcome"] == "pushed") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.push(began.elapsed());
    }
    times.sort();
    times
}

fn p95(times: &[Duration]) -> Duration {
    times[times.len() * 95 / 100]
}

#[tokio::test]
async fn a_marketplace_that_does_not_answer_holds_up_no_other() {
    let world = World::start().await;
    world.serve(&[ACME, NORTH]).await;
    push_times(&world, "warm").await;
    let alone = p95(&push_times(&world, "alone").await);
    world
        .set_fault(json!({ "route": "connec_batch", "marketplace": NORTH, "kind": "delay", "delay_ms": 60_000 }))
        .await;
    let hanging: Vec<Value> = (0..100).map(|at| change(&format!("h-{at}"), "H", 1, &[NORTH])).collect();
    for some in hanging.chunks(10) {
        world.put_records(some).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let beside = p95(&push_times(&world, "beside").await);
    println!("p95 alone {alone:?}, beside one that hangs {beside:?}");
    // Ten of a hundred, and what the clock of a busy machine is worth.
    assert!(
        beside <= alone.mul_f64(1.1) + Duration::from_millis(50),
        "{alone:?} alone, {beside:?} beside one that hangs"
    );
    assert!(world.connec_calls(NORTH).await["batches"].as_u64().unwrap() <= 4, "only some are at it at a time");
    world.stop().await;
}

#[tokio::test]
async fn what_was_tried_for_too_long_is_given_up_with_its_reason_and_can_be_sent_again() {
    let push_limits = Limits { patience: SignedDuration::from_millis(1), ..Limits::default() };
    let world = World::embedded_with(Options { push_limits, ..Options::default() }).await;
    world.serve(&[ACME]).await;
    world.set_fault(json!({ "route": "connec_batch", "kind": "item_status", "item": 1, "status": 500 })).await;
    world.put_record("customer", "c-1", &organization("One", 1, &[ACME])).await;
    world.until(("customer", "c-1", ACME), "given_up", 1).await;
    let kept = world.take_push_dead_letters().await;
    let [(body, reason)] = &kept[..] else { panic!("there is one: {kept:?}") };
    assert_eq!(reason.as_deref(), Some("Connec! answered 500"));
    world.mend().await;
    let mut again: Value = serde_json::from_str(body).unwrap();
    again.as_object_mut().unwrap().remove("since");
    world.send_to_push_queue(&again.to_string()).await;
    world.until(("customer", "c-1", ACME), "pushed", 1).await;
    world.stop().await;
}
