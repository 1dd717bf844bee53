//! What only the embedded stack can show: its gateway, its start, and times to the second.

use std::sync::Arc;

use jiff::SignedDuration;
use local::Options;
use reqwest::StatusCode;
use sandbox::IdpKeys;
use serde_json::json;
use shared::{
    clock::{Clock, FixedClock, SystemClock},
    testing::IdentityProvider,
};

use crate::harness::{Browser, Form, World, authn_request, events::types};

/// The best of a few, because other tests run beside this one; the first may have to make keys.
#[tokio::test]
async fn a_stack_starts_in_well_under_a_second() {
    let mut best = std::time::Duration::MAX;
    for _ in 0..4 {
        let start = std::time::Instant::now();
        let world = World::embedded(Arc::new(SystemClock)).await;
        best = best.min(start.elapsed());
        world.stop().await;
    }
    assert!(best < std::time::Duration::from_millis(700), "{best:?}");
}

#[tokio::test]
async fn a_host_that_is_none_is_refused_before_any_function_sees_it() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let client = reqwest::Client::builder().build().unwrap();
    for host in ["a b", "localhost:99999", "[::1"] {
        let answer = client.get(world.service("/health")).header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{host}");
    }
    let odd = client.get(world.service("/health")).header("x-forwarded-proto", "a b").send().await.unwrap();
    assert_eq!(odd.status(), StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_to_the_second() {
    let clock = Arc::new(FixedClock::at(SystemClock.now()));
    let world = World::embedded(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    clock.advance(SignedDuration::from_secs(12 * 3_600 - 1));
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::OK);
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED);
    world.stop().await;
}

#[tokio::test]
async fn a_response_to_a_request_of_ten_minutes_ago_is_refused() {
    let clock = Arc::new(FixedClock::at(SystemClock.now()));
    let world = World::embedded(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let mut browser = Browser::new();
    for (age, expected) in [(10 * 60 - 1, StatusCode::SEE_OTHER), (10 * 60, StatusCode::FORBIDDEN)] {
        let request = world.begin(&mut browser, "acme-hub").await;
        clock.advance(SignedDuration::from_secs(age));
        let xml = world.draft_at("acme-hub", &request, clock.now()).sign(&world.identity_provider("acme-hub"));
        let answer = browser.submit(&Form::with_response(&world.marketplace("acme-hub").acs_url, &xml)).await;
        assert_eq!(answer.status, expected, "after {age} s: {}", answer.body);
    }
    world.stop().await;
}

#[tokio::test]
async fn without_the_setting_there_is_no_openid() {
    let world = World::embedded_with(Options { manifest: manifest(r#"{"acme-hub": {}}"#), ..Options::default() }).await;
    for step in ["initialize", "return"] {
        let url = world.service(&format!("/mno-enterprise/acme-hub/openid/{step}"));
        assert_eq!(Browser::new().get(&url).await.status, StatusCode::NOT_FOUND, "{step}");
    }
    let page = Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert_eq!(page.status, StatusCode::OK, "by SAML all the same");
    world.stop().await;
}

/// What the marketplaces' settings change is tried here: a deployed stack has only one set of them.
async fn with_settings(settings: &str) -> World {
    World::embedded_with(Options { manifest: manifest(settings), ..Options::default() }).await
}

/// These settings, for marketplaces that are on this machine.
fn manifest(settings: &str) -> String {
    let mut settings: serde_json::Value = serde_json::from_str(settings).unwrap();
    for key in ["acme-hub", "northbank"] {
        settings[key]["local"] = true.into();
    }
    serde_json::json!({ "marketplaces": settings }).to_string()
}

#[tokio::test]
async fn in_virtual_mode_the_account_is_another_one_in_each_group() {
    let world = with_settings(r#"{"acme-hub":{"creation_mode":"virtual"}}"#).await;
    let mut browser = Browser::new();
    for group in ["cld-7a1c", "cld-9e4f"] {
        browser.sign_in(&world, "acme-hub", "usr-5k2", group).await;
        let session = browser.get(&world.service("/session")).await.json();
        assert_eq!(session["account"]["mode"], "virtual");
        assert_eq!(session["account"]["id"], format!("usr-5k2.{group}"));
        assert_eq!(session["account"]["email"], session["user"]["virtual_email"]);
        assert_ne!(session["account"]["email"], session["user"]["email"]);
    }
    browser.sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    let other = browser.get(&world.service("/session")).await.json();
    assert_eq!((&other["account"]["mode"], &other["account"]["id"]), (&"real".into(), &"usr-5k2".into()));
    world.stop().await;
}

#[tokio::test]
async fn an_unsolicited_response_signs_in_once_where_the_settings_allow_it() {
    let unsolicited = |world: &World, key: &str| {
        let asked = world.draft(key, "_nobody-asked");
        let xml = asked.replacing("InResponseTo=\"_nobody-asked\" ", "").sign(&world.identity_provider(key));
        Form::with_response(&world.marketplace(key).acs_url, &xml)
    };
    let world = with_settings(r#"{"acme-hub":{"unsolicited_responses":true}}"#).await;
    let allowed = unsolicited(&world, "acme-hub");
    let statuses = Browser::new().submit_at_once(&allowed, 6).await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
    let again = Browser::new().submit(&allowed).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "the assertion is used up");
    assert_eq!(world.items_of("consumed").await.len(), 1, "there was no request");
    assert_eq!(world.items_of("session").await.len(), 1);

    let mut waiting = Browser::new();
    let _ = world.begin(&mut waiting, "northbank").await;
    for mut browser in [Browser::new(), waiting] {
        let refused = browser.submit(&unsolicited(&world, "northbank")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "the other marketplace's settings are strict");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_marketplace_that_does_not_answer_ends_sessions_only_after_a_while() {
    let clock = Arc::new(FixedClock::at(SystemClock.now()));
    let world = World::embedded(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let fault =
        serde_json::json!({ "route": "session_check", "marketplace": "acme-hub", "kind": "status", "status": 502 });
    let client = reqwest::Client::builder().build().unwrap();
    let faults = format!("{}/control/faults", world.sandbox_url());
    assert!(client.post(&faults).json(&fault).send().await.unwrap().status().is_success());

    // The sandbox vouches for three minutes: so long again it may be silent.
    let mut after = async |secs: i64| {
        clock.advance(SignedDuration::from_secs(secs));
        browser.get(&world.service("/session")).await.status
    };
    assert_eq!(after(200).await, StatusCode::OK);
    assert_eq!(after(20).await, StatusCode::OK, "it is not asked again at once");
    assert_eq!(after(200).await, StatusCode::UNAUTHORIZED);
    assert!(
        client.delete(&faults).header("content-type", "application/json").send().await.unwrap().status().is_success()
    );
    assert_eq!(after(60).await, StatusCode::OK, "the session was not lost");
    world.stop().await;
}

#[tokio::test]
async fn with_one_key_for_both_marketplaces_each_still_speaks_for_itself() {
    let idp = IdentityProvider::generate();
    let idp_keys =
        IdpKeys::Pem { private_key: idp.private_key_pem().to_owned(), certificate: idp.certificate_pem().to_owned() };
    let world = World::embedded_with(Options { idp_keys, ..Options::default() }).await;
    let acs_url = &world.marketplace("acme-hub").acs_url;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let mut theirs = browser.launch(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    theirs.action.clone_from(acs_url);
    let answer = browser.submit(&theirs).await;
    assert_eq!(world.trace(answer.reference()).await.outcome, "issuer-mismatch");
    let north = world.draft("northbank", &request).sign(&idp);
    let answer = browser.submit(&Form::with_response(acs_url, &north)).await;
    assert_eq!(world.trace(answer.reference()).await.outcome, "issuer-mismatch");
    let acme = world.draft("acme-hub", &request).sign(&idp);
    let answer = browser.submit(&Form::with_response(acs_url, &acme)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    world.stop().await;
}

#[tokio::test]
async fn no_header_changes_where_people_are_sent_or_come_back_to() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let acme = world.marketplace("acme-hub");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (name, value) in [
        ("host", "evil.test"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "ftp"),
        ("forwarded", "host=evil.test;proto=ftp"),
    ] {
        let answer = client.get(&acme.initialize_url).header(name, value).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(&format!("{}?SAMLRequest=", acme.idp_sso_url)), "{name}: {location}");
        let request = authn_request(location);
        assert!(request.contains(&format!("Destination=\"{}\"", acme.idp_sso_url)), "{name}: {request}");
        assert!(request.contains(&format!("AssertionConsumerServiceURL=\"{}\"", acme.acs_url)), "{name}: {request}");
    }
    world.stop().await;
}

#[tokio::test]
async fn in_virtual_mode_a_removed_member_loses_the_account_of_that_group() {
    let world = with_settings(r#"{"acme-hub":{"creation_mode":"virtual"}}"#).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.remove_member("acme-hub", "cld-7a1c", "usr-5k2", &json!({})).await;
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED);
    let events =
        world.events(&["group.created", "user.created", "member.added", "member.removed", "user.removed"]).await;
    for event in &events[2..] {
        assert_eq!(event["data"]["account"]["id"], "usr-5k2.cld-7a1c");
    }
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    world.cancel_group("acme-hub", "cld-9e4f", &json!({})).await;
    world.finish_removals().await;
    let events =
        world.events_until(|events| types(events).iter().filter(|kind| **kind == "user.removed").count() == 2).await;
    assert_eq!(events.last().unwrap()["data"]["account"]["id"], "usr-5k2.cld-9e4f");
    world.stop().await;
}

#[tokio::test]
async fn the_demo_app_hears_that_somebody_has_left_and_signs_them_out() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let mut browser = Browser::new();
    let page = browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert!(page.body.contains("id=\"name\""), "{}", page.body);
    world.cancel_group("acme-hub", "cld-7a1c", &json!({})).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while browser.get(world.app_url()).await.body.contains("id=\"name\"") {
        assert!(tokio::time::Instant::now() < deadline, "{}", world.feed().await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let feed = world.feed().await;
    assert!(feed.contains("group.cancelled · acme-hub · cld-7a1c"), "{feed}");
    assert!(feed.contains("heard group.cancelled and signed 1 out"), "{feed}");
    world.stop().await;
}

#[tokio::test]
async fn the_demo_app_believes_no_delivery_that_is_not_signed() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let genuine = world.events(&["group.created", "user.created", "member.added"]).await;
    let mut forged = genuine[0].clone();
    forged["type"] = json!("group.cancelled");
    let client = reqwest::Client::builder().build().unwrap();
    let now = SystemClock.now().as_second();
    for signature in ["", "v1,AAAA"] {
        let request = client.post(format!("{}/events", world.app_url())).body(forged.to_string());
        let request = request.header("webhook-id", "evt_x").header("webhook-timestamp", now);
        assert_eq!(
            request.header("webhook-signature", signature).send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED
        );
    }
    assert!(browser.get(world.app_url()).await.body.contains("id=\"name\""));
    world.stop().await;
}

#[tokio::test]
async fn a_customer_saved_in_the_demo_app_is_in_both_marketplaces_and_so_is_its_change() {
    let marketplaces = ["acme-hub", "northbank"];
    let world = World::embedded(Arc::new(SystemClock)).await;
    let (mut browser, cookie) = signed_in_to_app(&world, "acme-hub").await;
    let _ = signed_in_to_app(&world, "northbank").await;
    for key in marketplaces {
        world.clear_connec(key, "cld-7a1c").await;
    }
    let records = format!("{}/records", world.app_url());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let save = async |site: &str, fields: &[(&str, &str)]| {
        let request = client.post(format!("{records}/customers")).header("cookie", &cookie).form(fields);
        request.header("sec-fetch-site", site).send().await.unwrap().status()
    };
    assert_eq!(save("same-site", &[("name", "Forged")]).await, StatusCode::FORBIDDEN);
    assert_eq!(save("same-origin", &[("name", " ")]).await, StatusCode::BAD_REQUEST);
    let new = [("name", "Paper <Ltd>"), ("email", "paper@example.org")];
    assert_eq!(save("same-origin", &new).await, StatusCode::SEE_OTHER);
    for key in marketplaces {
        organization_named(&world, key, "Paper <Ltd>").await;
    }

    let organization = organization_named(&world, "acme-hub", "Paper <Ltd>").await;
    assert_eq!(organization["record"]["email"]["address"], "paper@example.org");
    let id = organization["external_ids"][0]["id"].as_str().unwrap().strip_prefix("customer:").unwrap();
    assert_eq!(save("same-origin", &[("id", id), ("name", "Ink Ltd")]).await, StatusCode::SEE_OTHER);
    for key in marketplaces {
        let changed = organization_named(&world, key, "Ink Ltd").await;
        // Connec! has it a moment before the link tells so.
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        let page = loop {
            let page = browser.get(&records).await;
            if page.text_of(&format!("push-{id}-{key}-cld-7a1c")) == "pushed" {
                break page.body;
            }
            assert!(tokio::time::Instant::now() < deadline, "{}\n{}", page.body, world.feed().await);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert!(page.contains("version 2") && page.contains(changed["connec_id"].as_str().unwrap()), "{page}");
    }
    assert_eq!(Browser::new().get(&records).await.location(), Some("/"), "it is for those who are signed in");
    world.stop().await;
}

/// Somebody in the demo app, and the cookie of their session there.
async fn signed_in_to_app(world: &World, key: &str) -> (Browser, String) {
    let mut browser = Browser::new();
    let form = browser.launch(world, key, "usr-5k2", "cld-7a1c").await;
    let landing = browser.submit(&form).await;
    let signed_in = browser.get(landing.location().unwrap()).await;
    let cookie = signed_in.set_cookies().into_iter().find(|cookie| cookie.starts_with("demo_app_session=")).unwrap();
    (browser, cookie.split_once(';').unwrap().0.to_owned())
}

/// The one organization that a marketplace has, once it has this name.
async fn organization_named(world: &World, key: &str, name: &str) -> serde_json::Value {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let records = world.connec_records(key, "cld-7a1c", "organizations").await;
        match &records[..] {
            [record] if record["record"]["name"] == name => return record.clone(),
            _ => assert!(tokio::time::Instant::now() < deadline, "{key}: {records:?}\n{}", world.feed().await),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_is_left_of_a_removed_group_is_kept_as_long_as_the_settings_say() {
    let world = with_settings(r#"{"acme-hub":{"retention_days":7,"confirm_removals":false}}"#).await;
    Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.cancel_group("acme-hub", "cld-7a1c", &json!({ "only_deliver": true })).await;
    assert_eq!(world.finish_removals().await["finished"], 1, "nobody need confirm it");
    let expected = SystemClock.now() + SignedDuration::from_hours(7 * 24);
    for kind in ["group", "member", "user"] {
        let items = world.items_of(kind).await;
        let expires_at: i64 = items[0]["expires_at"].as_n().unwrap().parse().unwrap();
        assert!((expires_at - expected.as_second()).abs() < 60, "{kind}");
    }
    world.stop().await;
}
