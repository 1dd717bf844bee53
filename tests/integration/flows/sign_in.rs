//! A person signs in through a marketplace and ends in the vendor's app.

use std::collections::HashSet;

use reqwest::StatusCode;
use serde_json::Value;

use crate::harness::{Browser, World};

#[tokio::test]
async fn through_each_marketplace_the_right_person_arrives() {
    let world = World::start().await;
    for (marketplace, user, group) in [("acme-hub", "usr-5k2", "cld-7a1c"), ("northbank", "usr-5k2", "cld-7a1c")] {
        let expected = seeded(&world, marketplace, user, group).await;
        let page = Browser::new().sign_in(&world, marketplace, user, group).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.url.as_str().starts_with(world.app_url()), "{}", page.url);
        assert_eq!(page.text_of("marketplace"), marketplace);
        assert_eq!(page.text_of("user-id"), user);
        assert_eq!(page.text_of("group-id"), group);
        let shown = [page.text_of("name"), page.text_of("email"), page.text_of("group"), page.text_of("role")];
        assert_eq!(shown, expected, "{marketplace}");
    }
    world.stop().await;
}

/// Name, e-mail address, group and role as the sandbox's control API has them.
async fn seeded(world: &World, marketplace: &str, user: &str, group: &str) -> [String; 4] {
    let state = Browser::new().get(&format!("{}/control/state", world.sandbox_url())).await.json();
    let all = state["marketplaces"].as_array().unwrap();
    let of = |list: &Value, name: &str, value: &str| {
        list.as_array().unwrap().iter().find(|one| one[name] == value).unwrap().clone()
    };
    let marketplace = all.iter().find(|one| one["key"] == marketplace).unwrap();
    let person = of(&marketplace["users"], "uid", user);
    let company = of(&marketplace["groups"], "uid", group);
    let memberships = marketplace["memberships"].as_array().unwrap().iter();
    let membership = memberships.clone().find(|one| one["user_uid"] == user && one["group_uid"] == group).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    [
        format!("{} {}", text(&person["name"]), text(&person["surname"])),
        text(&person["email"]),
        text(&company["name"]),
        text(&membership["role"]),
    ]
}

#[tokio::test]
async fn the_second_visit_finds_the_same_records() {
    let world = World::start().await;
    Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let first = [world.items_of("user").await, world.items_of("group").await, world.items_of("member").await];
    Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let second = [world.items_of("user").await, world.items_of("group").await, world.items_of("member").await];
    for (first, second) in first.iter().zip(&second) {
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_eq!(first[0], second[0], "the marketplace said the same");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_same_uid_in_the_other_marketplace_is_another_person() {
    let world = World::start().await;
    let acme = Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let north = Browser::new().sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    assert_ne!(acme.text_of("name"), north.text_of("name"));
    let users = world.items_of("user").await;
    let emails: HashSet<&String> = users.iter().map(|item| item["email"].as_s().unwrap()).collect();
    let marketplaces: HashSet<&String> = users.iter().map(|item| item["marketplace"].as_s().unwrap()).collect();
    assert_eq!((users.len(), emails.len(), marketplaces.len()), (2, 2, 2));
    assert_eq!(world.items_of("group").await.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_changed_role_and_name_are_taken_over() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let members = format!("{}/control/marketplaces/acme-hub/groups/cld-7a1c/members/usr-5k2", world.sandbox_url());
    let changed =
        reqwest::Client::builder().build().unwrap().put(members).json(&serde_json::json!({ "role": "Member" }));
    assert!(changed.send().await.unwrap().status().is_success());
    let user = format!("{}/control/marketplaces/acme-hub/users/usr-5k2", world.sandbox_url());
    let renamed = serde_json::json!({
        "name": "In\u{ea}s", "surname": "Okoro-Lind", "email": "ines.lind@example.org", "country": "NZ"
    });
    let changed = reqwest::Client::builder().build().unwrap().put(user).json(&renamed);
    assert!(changed.send().await.unwrap().status().is_success());
    let page = browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert_eq!(page.text_of("role"), "Member");
    assert_eq!(page.text_of("name"), "In\u{ea}s Okoro-Lind");
    assert_eq!(page.text_of("email"), "ines.lind@example.org");
    world.stop().await;
}

#[tokio::test]
async fn the_session_tells_who_is_signed_in_until_it_ends() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let stranger = browser.get(&world.service("/session")).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.headers["content-type"], "application/problem+json");

    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let session = browser.get(&world.service("/session")).await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.json()["user"]["id"], "usr-5k2");
    assert_eq!(session.json()["group"]["id"], "cld-7a1c");
    assert_eq!(session.json()["marketplace"], "acme-hub");

    let before = browser.copy();
    assert_eq!(browser.post(&world.service("/session/logout")).await.status, StatusCode::NO_CONTENT);
    let mut before = before;
    let gone = before.get(&world.service("/session")).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED, "the old cookie must not open anything");
    world.stop().await;
}

#[tokio::test]
async fn a_session_that_has_expired_opens_nothing() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.age("session", jiff::SignedDuration::from_secs(12 * 3_600 - 60)).await;
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::OK);
    world.age("session", jiff::SignedDuration::from_secs(60)).await;
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED);
    world.stop().await;
}

#[tokio::test]
async fn a_new_sign_in_gets_a_new_session_in_place_of_the_old_one() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut before = browser.copy();
    browser.sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    assert_eq!(before.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED, "the old one has ended");
    assert_eq!(world.items_of("session").await.len(), 1);
    assert_eq!(browser.get(&world.service("/session")).await.json()["marketplace"], "northbank");
    world.stop().await;
}

#[tokio::test]
async fn a_reseller_signs_in_with_the_role_the_marketplace_gives() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let acme = world.marketplace("acme-hub");
    let url = format!(
        "{}/sso_trigger?user_uid=usr-5k2&group_id=cld-7a1c&reseller_sso=true&sso_init_endpoint={}",
        acme.host, acme.initialize_url
    );
    let page = browser.get(&url).await;
    let page = browser.follow(page).await;
    let answer = browser.submit(&page.form()).await;
    assert_eq!(browser.follow(answer).await.text_of("group-id"), "cld-7a1c", "{}", world.feed().await);
    world.stop().await;
}

#[tokio::test]
async fn the_app_does_not_let_a_link_sign_somebody_in_as_another_person() {
    let world = World::start().await;
    let (mut attacker, mut victim) = (Browser::new(), Browser::new());
    let form = attacker.launch(&world, "northbank", "usr-8w1", "cld-9e4f").await;
    let link = attacker.submit(&form).await.location().unwrap().to_owned();
    victim.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let question = victim.get(&link).await;
    assert!(question.body.contains("Continue as"), "{}", question.body);
    assert_eq!(victim.get(world.app_url()).await.text_of("marketplace"), "acme-hub");
    let answer = victim.post(&format!("{}/switch", world.app_url())).await;
    assert_eq!(victim.follow(answer).await.text_of("marketplace"), "northbank");
    world.stop().await;
}

#[tokio::test]
async fn a_cookie_of_somebody_else_that_is_not_ascii_changes_nothing() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.plant("localhost", "theirs", "caf\u{e9}");
    let page = browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert_eq!(page.text_of("user-id"), "usr-5k2");
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn two_tabs_can_sign_in_at_the_same_time() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let first = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let second = browser.launch(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    for form in [first, second] {
        assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER, "{}", world.feed().await);
    }
    assert_eq!(browser.cookie_names("localhost").iter().filter(|name| name.starts_with("__Host-sign-in-")).count(), 0);
    world.stop().await;
}

#[tokio::test]
async fn many_first_sign_ins_at_once_make_one_user_one_group_and_one_membership() {
    let world = World::start().await;
    let sign_ins = (0..12).map(|_| {
        let mut browser = Browser::new();
        let world = &world;
        async move { browser.sign_in(world, "acme-hub", "usr-5k2", "cld-7a1c").await.status }
    });
    let statuses = futures::future::join_all(sign_ins).await;
    assert!(statuses.iter().all(|status| *status == StatusCode::OK));
    let counts =
        [world.items_of("user").await.len(), world.items_of("group").await.len(), world.items_of("member").await.len()];
    assert_eq!(counts, [1, 1, 1]);
    assert_eq!(world.items_of("session").await.len(), 12);
    world.stop().await;
}

#[tokio::test]
async fn the_cookies_and_headers_are_those_of_a_careful_service() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let answer = browser.submit(&form).await;
    let session =
        answer.set_cookies().into_iter().find(|cookie| cookie.starts_with("__Host-stallholder-session=")).unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(!session.contains("Domain"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    world.stop().await;
}

#[tokio::test]
async fn only_a_group_id_is_passed_on_to_the_marketplace() {
    let world = World::start().await;
    let url = format!(
        "{}?group_id=cld-7a1c&SAMLRequest=evil&RelayState=https://evil.test",
        world.marketplace("acme-hub").initialize_url
    );
    let answer = Browser::new().get(&url).await;
    let location = url::Url::parse(answer.location().unwrap()).unwrap();
    let names: Vec<String> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["SAMLRequest", "group_id"]);
    world.stop().await;
}

#[tokio::test]
async fn a_relay_state_leads_nowhere() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let mut form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    form.fields.push(("RelayState".to_owned(), "https://evil.test/".to_owned()));
    let answer = browser.submit(&form).await;
    let location = answer.location().unwrap();
    assert!(location.starts_with(world.app_url()) && !location.contains("evil"), "{location}");
    assert_eq!(browser.follow(answer).await.text_of("user-id"), "usr-5k2");
    world.stop().await;
}

#[tokio::test]
async fn only_one_well_formed_group_id_is_passed_on() {
    let world = World::start().await;
    let passed_on = async |query: &str| {
        let url = format!("{}?{query}", world.marketplace("acme-hub").initialize_url);
        let answer = Browser::new().get(&url).await;
        let location = url::Url::parse(answer.location().unwrap()).unwrap();
        let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
        assert_eq!(pairs[0].0, "SAMLRequest", "{query}");
        pairs.into_iter().skip(1).collect::<Vec<_>>()
    };
    let group = [("group_id".to_owned(), "cld-7a1c".to_owned())];
    assert_eq!(passed_on("group_id=cld-7a1c").await, group);
    assert_eq!(passed_on("group_id=cld-7a1c&group_id=cld-9e4f").await, group);
    let long = format!("group_id={}", "a".repeat(129));
    for malformed in ["group_id=a%26SAMLRequest%3Dx", "group_id=..", "group_id=a%0d%0ab", "group_id=", &long] {
        assert_eq!(passed_on(malformed).await, [], "{malformed}");
    }
    world.stop().await;
}
