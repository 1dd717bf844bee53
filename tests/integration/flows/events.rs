//! What the app learns of each change: once each, in the order of its group, as the schemas say.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{
    Browser, Form, World,
    events::{described_types, examples, problems, types},
};

#[test]
fn every_type_is_described_with_an_example_that_is_as_it_says() {
    assert_eq!(
        described_types(),
        [
            "group.cancelled",
            "group.created",
            "group.restored",
            "group.updated",
            "member.added",
            "member.removed",
            "member.updated",
            "user.blocked",
            "user.created",
            "user.removed",
            "user.unblocked",
            "user.updated",
        ]
    );
    for kind in described_types() {
        for example in examples(kind) {
            assert_eq!(problems(&example), [""; 0], "{kind}");
            let mut wrong = example.clone();
            wrong["data"]["more"] = json!(1);
            assert!(!problems(&wrong).is_empty(), "{kind} takes more than it describes");
        }
        assert!(!examples(kind).is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn fifty_first_sign_ins_at_once_make_one_of_each() {
    let world = World::start().await;
    let acme = world.marketplace("acme-hub");
    let mut attempts = Vec::new();
    for _ in 0..50 {
        let mut browser = Browser::new();
        let request = world.begin(&mut browser, "acme-hub").await;
        let xml = world.draft("acme-hub", &request).sign(&world.identity_provider("acme-hub"));
        attempts.push((browser, Form::with_response(&acme.acs_url, &xml)));
    }
    let signing_in = attempts.iter_mut().map(|(browser, form)| browser.submit(form));
    let statuses: Vec<StatusCode> =
        futures::future::join_all(signing_in).await.into_iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [StatusCode::SEE_OTHER; 50]);
    for kind in ["group", "user", "member"] {
        assert_eq!(world.items_of(kind).await.len(), 1, "{kind}");
    }
    assert_eq!(world.items_of("session").await.len(), 50);
    world.events(&["group.created", "user.created", "member.added"]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_later_sign_in_tells_what_has_changed_and_nothing_else() {
    let world = World::start().await;
    let acme = world.marketplace("acme-hub");
    let sign_in = async |changes: &[(&str, &str)]| {
        let mut browser = Browser::new();
        let request = world.begin(&mut browser, "acme-hub").await;
        let mut draft = world.draft("acme-hub", &request);
        for (from, to) in changes {
            draft = draft.replacing(from, to);
        }
        let xml = draft.sign(&world.identity_provider("acme-hub"));
        let answer = browser.submit(&Form::with_response(&acme.acs_url, &xml)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    };
    sign_in(&[]).await;
    let mut known = sign_in(&[]).await;
    world.events(&["group.created", "user.created", "member.added"]).await;

    let before = known.get(&world.service("/session")).await.json();
    let (role, name) =
        (before["role"].as_str().unwrap(), before["group"]["name"].as_str().unwrap().replace('&', "&amp;"));
    sign_in(&[(&format!(">{role}<"), ">Member<"), (&format!(">{name}<"), ">Renamed Ltd<")]).await;
    let events =
        world.events(&["group.created", "user.created", "member.added", "group.updated", "member.updated"]).await;
    assert_eq!(events[3]["data"]["group"]["name"], "Renamed Ltd");
    assert_eq!((&events[4]["data"]["role"], &events[4]["data"]["is_admin"]), (&json!("Member"), &json!(false)));
    // The other browser's session tells the present state as well.
    assert_eq!(known.get(&world.service("/session")).await.json()["role"], "Member");
    world.stop().await;
}

#[tokio::test]
async fn the_events_of_a_group_are_numbered_without_gaps_and_come_in_that_order() {
    let world = World::start().await;
    for (user, group) in [("usr-5k2", "cld-7a1c"), ("usr-5k2", "cld-9e4f"), ("usr-8w1", "cld-9e4f")] {
        Browser::new().sign_in(&world, "acme-hub", user, group).await;
        Browser::new().sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    }
    world.remove_member("acme-hub", "cld-9e4f", "usr-5k2", &json!({})).await;
    world.cancel_group("acme-hub", "cld-9e4f", &json!({})).await;
    world.finish_removals().await;
    let blocked = |events: &[Value]| types(events).contains(&"user.blocked");
    let events = world.events_until(blocked).await;
    let mut numbers: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for event in &events {
        let group = (event["marketplace"].as_str().unwrap(), event["group"].as_str().unwrap());
        numbers.entry(group).or_default().push(event["sequence"].as_u64().unwrap());
    }
    assert_eq!(numbers.len(), 3);
    for (group, numbers) in numbers {
        let expected: Vec<u64> = (numbers[0]..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "{group:?}");
    }
    world.stop().await;
}
