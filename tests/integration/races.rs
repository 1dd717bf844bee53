//! Sign-ins, removals of members and groups, and what finishes them, all at once: whatever the order in which the table takes them, what
//! it says in the end agrees with itself.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use reqwest::StatusCode;
use shared::{
    clock::{Clock as _, SystemClock},
    domain::{GroupId, MarketplaceKey, UserId},
};

use crate::harness::{Browser, Form, World};

type Item = HashMap<String, AttributeValue>;

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

/// One person signs in through one of two groups, while others take them out, cancel the group, and finish that.
async fn churn(world: &World, turn: usize) {
    let marketplace: MarketplaceKey = "acme-hub".parse().unwrap();
    let group: GroupId = ["cld-7a1c", "cld-9e4f"][turn % 2].parse().unwrap();
    let user: UserId = "usr-5k2".parse().unwrap();
    let accounts = world.accounts();
    let now = SystemClock.now();
    match turn % 5 {
        0..=2 => {
            let mut browser = Browser::new();
            let request = world.begin(&mut browser, "acme-hub").await;
            let draft = world.draft("acme-hub", &request).replacing("cld-7a1c", group.as_str());
            let xml = draft.sign(&world.identity_provider("acme-hub"));
            let answer = browser.submit(&Form::with_response(&world.marketplace("acme-hub").acs_url, &xml)).await;
            // A removal may have come after it began.
            assert!([StatusCode::SEE_OTHER, StatusCode::FORBIDDEN].contains(&answer.status), "{}", answer.body);
        }
        3 => {
            let purge_at = now + SignedDuration::from_hours(1);
            accounts.remove_member((&marketplace, &group, &user), purge_at, now).await.unwrap();
        }
        _ => {
            accounts.cancel_group(&marketplace, &group, now).await.unwrap();
            world.stack().finish_removals().await.unwrap();
        }
    }
}

#[tokio::test]
async fn whatever_happens_at_once_the_records_agree_in_the_end() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    for round in 0..6 {
        let at_once = (0..12).map(|turn| churn(&world, round * 12 + turn));
        futures::future::join_all(at_once).await;
    }
    world.make_removals_due().await;
    world.stack().finish_removals().await.unwrap();

    let (groups, members) = (world.items_of("group").await, world.items_of("member").await);
    let is_open = |member: &&Item| !member.contains_key("removed_at");
    let open: Vec<&Item> = members.iter().filter(is_open).collect();
    for user in world.items_of("user").await {
        let counted: usize = user["memberships"].as_n().unwrap().parse().unwrap();
        assert_eq!(counted, open.len(), "{user:?}\n{members:?}");
        assert_eq!(user.contains_key("blocked_at"), counted == 0, "{user:?}");
        assert!(counted == 0 || !user.contains_key("expires_at"), "nobody expires who is a member: {user:?}");
    }
    for member in open {
        let group = groups.iter().find(|group| text(group, "id") == text(member, "group")).unwrap();
        assert!(!group.contains_key("cancelled_at"), "no membership is open in a cancelled group");
        assert!(text(member, "since") >= text(group, "since") && !member.contains_key("expires_at"), "{member:?}");
    }
    for group in &groups {
        assert!(group.contains_key("cancelled_at") || !group.contains_key("expires_at"), "{group:?}");
    }
    world.stop().await;
}
