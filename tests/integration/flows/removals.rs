//! A marketplace takes somebody or something away: access ends with its answer, in that group of that marketplace and nowhere else.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::code_of;
use crate::harness::{Answer, Browser, World, events::types};

/// A browser that this person is signed in with.
async fn signed_in(world: &World, key: &str, user: &str, group: &str) -> Browser {
    let mut browser = Browser::new();
    browser.sign_in(world, key, user, group).await;
    assert_eq!(session(world, &mut browser).await.status, StatusCode::OK);
    browser
}

async fn session(world: &World, browser: &mut Browser) -> Answer {
    browser.get(&world.service("/session")).await
}

/// Sends a removal as a hub does.
pub(crate) async fn send_removal(world: &World, key: &str, path: &str) -> StatusCode {
    let marketplace = world.marketplace(key);
    let client = reqwest::Client::builder().build().unwrap();
    let request = client.request(Method::DELETE, world.service(path));
    request.basic_auth(&marketplace.api_id, Some(&marketplace.api_key)).send().await.unwrap().status()
}

fn once() -> Value {
    json!({})
}

#[tokio::test]
async fn after_a_groups_removal_the_next_request_of_every_session_is_refused() {
    let world = World::start().await;
    let mut ines = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut other_group = signed_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let mut elsewhere = signed_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;

    let answer = world.cancel_group("acme-hub", "cld-7a1c", &once()).await;
    assert_eq!(answer, json!({ "sent": true, "status": 200, "attempts": 1 }));
    assert_eq!(session(&world, &mut ines).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(session(&world, &mut other_group).await.status, StatusCode::OK);
    assert_eq!(
        session(&world, &mut elsewhere).await.status,
        StatusCode::OK,
        "the other marketplace's group is another"
    );
    world.stop().await;
}

#[tokio::test]
async fn the_app_is_told_that_a_session_has_ended_and_by_whom() {
    let world = World::start().await;
    let exchanged = world.exchange(&code_of(&world, "acme-hub", "usr-5k2", "cld-7a1c").await).await;
    let token = exchanged.body["token"].as_str().unwrap();
    assert_eq!(world.session(token).await.status, StatusCode::OK);
    world.cancel_group("acme-hub", "cld-7a1c", &once()).await;
    let ended = world.session(token).await;
    assert_eq!((ended.status, ended.problem()), (StatusCode::UNAUTHORIZED, "session-ended"));
    let events = world.events(&["group.created", "user.created", "member.added", "group.cancelled"]).await;
    let cancelled = &events[3];
    assert_eq!((&cancelled["marketplace"], &cancelled["group"]), (&json!("acme-hub"), &json!("cld-7a1c")));
    world.stop().await;
}

#[tokio::test]
async fn a_removed_member_loses_exactly_that_group() {
    let world = World::start().await;
    let mut here = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut there = signed_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let mut colleague = signed_in(&world, "acme-hub", "usr-8w1", "cld-9e4f").await;
    let mut elsewhere = signed_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;

    let answer = world.remove_member("acme-hub", "cld-7a1c", "usr-5k2", &once()).await;
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(session(&world, &mut here).await.status, StatusCode::UNAUTHORIZED);
    for browser in [&mut there, &mut colleague, &mut elsewhere] {
        assert_eq!(session(&world, browser).await.status, StatusCode::OK);
    }
    let removed = |events: &[Value]| types(events).iter().filter(|kind| **kind == "member.removed").count();
    let events = world.events_until(|events| removed(events) == 1).await;
    let last = events.iter().find(|event| event["type"] == "member.removed").unwrap();
    assert_eq!(last["data"]["user"]["id"], "usr-5k2");
    assert_eq!(last["data"]["reason"], "member_removed");
    assert!(!types(&events).contains(&"user.blocked"), "there is another group");

    world.remove_member("acme-hub", "cld-9e4f", "usr-5k2", &once()).await;
    assert_eq!(session(&world, &mut there).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(session(&world, &mut colleague).await.status, StatusCode::OK);
    let events = world.events_until(|events| types(events).contains(&"user.blocked")).await;
    let blocked = events.iter().find(|event| event["type"] == "user.blocked").unwrap();
    assert_eq!((&blocked["marketplace"], &blocked["data"]["user"]["id"]), (&json!("acme-hub"), &json!("usr-5k2")));
    world.stop().await;
}

#[tokio::test]
async fn removals_can_be_repeated_and_come_for_what_is_not_there() {
    let world = World::start().await;
    world.refresh_configuration().await;
    let _ines = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let group = "/mno-enterprise/acme-hub/account/group/cld-7a1c";
    for path in [
        "/mno-enterprise/acme-hub/account/group/cld-nobody",
        "/mno-enterprise/acme-hub/account/group/cld-7a1c/user/usr-nobody",
        "/mno-enterprise/acme-hub/account/group/cld-nobody/user/usr-5k2",
    ] {
        assert_eq!(send_removal(&world, "acme-hub", path).await, StatusCode::NO_CONTENT, "{path}");
    }
    let user = format!("{group}/user/usr-5k2");
    for path in [&*user, &*user, group, group, &*user] {
        assert_eq!(send_removal(&world, "acme-hub", path).await, StatusCode::OK, "{path}");
    }
    world
        .events(&["group.created", "user.created", "member.added", "member.removed", "user.blocked", "group.cancelled"])
        .await;
    world.stop().await;
}

#[tokio::test]
async fn twenty_deliveries_at_once_are_one_removal() {
    let world = World::start().await;
    let _ines = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let answer = world.cancel_group("acme-hub", "cld-7a1c", &json!({ "times": 20 })).await;
    let statuses: Vec<&Value> = answer["deliveries"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [200; 20].map(|status| json!(status)).iter().collect::<Vec<_>>());
    world.events(&["group.created", "user.created", "member.added", "group.cancelled"]).await;
    world.stop().await;
}

#[tokio::test]
async fn every_spelling_of_the_protocol_is_heard() {
    let world = World::start().await;
    world.refresh_configuration().await;
    for path in account_webhooks::PATHS {
        let mut browser = signed_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
        let path = path.replace("{mp}", "northbank").replace("{group}", "cld-7a1c").replace("{user}", "usr-5k2");
        assert_eq!(send_removal(&world, "northbank", &path).await, StatusCode::OK, "{path}");
        assert_eq!(session(&world, &mut browser).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_answer_that_was_under_way_brings_nothing_back_and_a_new_sign_in_does() {
    let world = World::start().await;
    let mut old = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut late = Browser::new();
    let under_way = late.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.cancel_group("acme-hub", "cld-7a1c", &json!({ "only_deliver": true })).await;
    let refused = late.submit(&under_way).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(world.trace(refused.reference()).await.outcome, "group-cancelled");

    let mut new = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert_eq!(
        session(&world, &mut new).await.json()["created"],
        json!({ "group": true, "user": false, "member": true })
    );
    assert_eq!(session(&world, &mut old).await.status, StatusCode::UNAUTHORIZED, "what ended stays ended");

    let under_way = late.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.remove_member("acme-hub", "cld-7a1c", "usr-5k2", &json!({ "only_deliver": true })).await;
    let refused = late.submit(&under_way).await;
    assert_eq!(world.trace(refused.reference()).await.outcome, "member-removed");
    let mut again = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert_eq!(session(&world, &mut new).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(session(&world, &mut again).await.status, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn a_removal_that_comes_before_the_first_sign_in_has_ended_keeps_them_out() {
    let world = World::start().await;
    let mut first = Browser::new();
    let under_way = first.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let answer = world.cancel_group("acme-hub", "cld-7a1c", &json!({ "only_deliver": true })).await;
    assert_eq!(answer["status"], 204, "nobody has met it: {answer}");
    let refused = first.submit(&under_way).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(world.trace(refused.reference()).await.outcome, "group-cancelled");
    assert!(world.items_of("group").await.is_empty());
    let _ = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;

    let under_way = first.launch(&world, "acme-hub", "usr-8w1", "cld-9e4f").await;
    let _ = signed_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let answer = world.remove_member("acme-hub", "cld-9e4f", "usr-8w1", &json!({ "only_deliver": true })).await;
    assert_eq!(answer["status"], 204, "{answer}");
    let refused = first.submit(&under_way).await;
    assert_eq!(world.trace(refused.reference()).await.outcome, "member-removed");
    let _ = signed_in(&world, "acme-hub", "usr-8w1", "cld-9e4f").await;
    world.stop().await;
}

/// The items of the group: its own and its members', each with when it expires.
async fn expiries(world: &World) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for kind in ["group", "member", "user"] {
        for item in world.items_of(kind).await {
            found.push((kind.to_owned(), item.contains_key("expires_at")));
        }
    }
    found
}

#[tokio::test]
async fn a_confirmed_removal_ends_the_memberships_and_lets_all_of_it_expire() {
    let world = World::start().await;
    let _ines = signed_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let _colleague = signed_in(&world, "acme-hub", "usr-8w1", "cld-9e4f").await;
    world.cancel_group("acme-hub", "cld-9e4f", &once()).await;
    assert!(expiries(&world).await.iter().all(|(_, expires)| !expires));

    let report = world.finish_removals().await;
    assert_eq!((&report["members_ended"], &report["finished"]), (&json!(2), &json!(1)), "{report}");
    assert!(world.items_of("removal").await.is_empty());
    let expiries = expiries(&world).await;
    assert_eq!(expiries.len(), 5, "a group, two members, two people");
    assert!(expiries.iter().all(|(_, expires)| *expires), "{expiries:?}");
    let events =
        world.events_until(|events| types(events).iter().filter(|kind| **kind == "user.blocked").count() == 2).await;
    let reasons: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "member.removed").map(|event| &event["data"]["reason"]).collect();
    assert_eq!(reasons, [&json!("group_cancelled"); 2]);
    world.stop().await;
}

#[tokio::test]
async fn what_the_marketplace_does_not_confirm_is_kept() {
    let world = World::start().await;
    let mut ines = signed_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.cancel_group("acme-hub", "cld-7a1c", &json!({ "only_deliver": true })).await;
    assert_eq!(session(&world, &mut ines).await.status, StatusCode::UNAUTHORIZED, "access ends all the same");
    let disputed = world.finish_removals().await;
    assert_eq!((&disputed["disputed"], &disputed["finished"]), (&json!(1), &json!(0)), "{disputed}");
    assert!(expiries(&world).await.iter().all(|(_, expires)| !expires));
    let not_due = world.finish_removals().await;
    assert_eq!(
        (&not_due["open"], &not_due["disputed"]),
        (&json!(1), &json!(1)),
        "it stays so, and is asked once an hour"
    );

    world.make_removals_due().await;
    world.break_route("account_group").await;
    let silent = world.finish_removals().await;
    assert_eq!((&silent["unconfirmed"], &silent["finished"]), (&json!(1), &json!(0)), "{silent}");
    world.mend().await;

    world.cancel_group("acme-hub", "cld-7a1c", &json!({ "deliver": false })).await;
    world.make_removals_due().await;
    assert_eq!(world.finish_removals().await["finished"], 1);
    assert!(expiries(&world).await.iter().all(|(_, expires)| *expires));
    world.stop().await;
}

#[tokio::test]
async fn whoever_comes_back_before_the_purge_keeps_everything() {
    let world = World::start().await;
    let _ines = signed_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let _colleague = signed_in(&world, "acme-hub", "usr-8w1", "cld-9e4f").await;
    world.cancel_group("acme-hub", "cld-9e4f", &json!({ "only_deliver": true })).await;
    let mut back = signed_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let report = world.finish_removals().await;
    assert_eq!(
        (&report["members_ended"], &report["finished"]),
        (&json!(1), &json!(1)),
        "the colleague of then: {report}"
    );
    assert_eq!(session(&world, &mut back).await.status, StatusCode::OK);
    let kept: Vec<bool> = expiries(&world).await.into_iter().map(|(_, expires)| !expires).collect();
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 3, "the group, Ines and her membership");
    assert_eq!(kept.len(), 5, "what there was of the colleague expires");
    let events = world.events_until(|events| types(events).contains(&"user.blocked")).await;
    assert!(types(&events).contains(&"group.restored"), "{:?}", types(&events));
    let blocked = events.iter().find(|event| event["type"] == "user.blocked").unwrap();
    assert_eq!(blocked["data"]["user"]["id"], "usr-8w1");
    world.stop().await;
}
