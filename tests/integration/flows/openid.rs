//! Signing in by OpenID 2.0: the same people end in the same place, and nothing else does.

use reqwest::StatusCode;
use url::Url;

use super::session::redeem;
use crate::harness::{Answer, Browser, Form, World};

/// The whole way in, to the app's page.
async fn sign_in(world: &World, browser: &mut Browser, marketplace: &str, user: &str, group: &str) -> Answer {
    let form = browser.launch_by_openid(world, marketplace, user, group).await;
    let answer = browser.submit(&form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}\n{}", answer.body, world.feed().await);
    browser.follow(answer).await
}

/// A page with a reference, no session, no redirect, nobody written down; the trace says why.
async fn assert_refused(world: &World, answer: &Answer, status: StatusCode, codes: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.location(), None);
    assert!(answer.set_cookies().iter().all(|cookie| !cookie.starts_with("__Host-stallholder-session=")));
    assert!(answer.body.contains("tell support this reference"), "{}", answer.body);
    assert!(!answer.body.contains("openid-"), "{}", answer.body);
    assert_eq!(world.items_of("session").await.len() + world.items_of("user").await.len(), 0, "somebody was let in");
    assert_eq!(outcomes(world).await, codes);
}

/// How the attempts ended, by their traces.
async fn outcomes(world: &World) -> Vec<String> {
    let mut outcomes: Vec<String> =
        world.items_of("trace").await.iter().map(|trace| trace["outcome"].as_s().unwrap().clone()).collect();
    outcomes.sort();
    outcomes
}

fn return_url(world: &World, marketplace: &str) -> String {
    world.service(&format!("/mno-enterprise/{marketplace}/openid/return"))
}

#[tokio::test]
async fn through_each_marketplace_the_right_person_arrives() {
    let world = World::start().await;
    for (marketplace, name) in [("acme-hub", "In\u{ea}s Okoro"), ("northbank", "S\u{f8}ren \u{c5}ngstr\u{f6}m")] {
        let page = sign_in(&world, &mut Browser::new(), marketplace, "usr-5k2", "cld-7a1c").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.url.as_str().starts_with(world.app_url()), "{}", page.url);
        assert_eq!(page.text_of("marketplace"), marketplace);
        assert_eq!(page.text_of("user-id"), "usr-5k2");
        assert_eq!(page.text_of("group-id"), "cld-7a1c");
        assert_eq!(page.text_of("name"), name);
    }
    assert_eq!(outcomes(&world).await, ["signed-in", "signed-in"]);
    world.stop().await;
}

#[tokio::test]
async fn a_person_is_the_same_by_saml_and_by_openid() {
    let world = World::start().await;
    let by_saml = Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-9e4f").await;
    let first = [world.items_of("user").await, world.items_of("group").await, world.items_of("member").await];
    let by_openid = sign_in(&world, &mut Browser::new(), "acme-hub", "usr-5k2", "cld-9e4f").await;
    let second = [world.items_of("user").await, world.items_of("group").await, world.items_of("member").await];
    for id in ["user-id", "group-id", "name", "email", "group", "role"] {
        assert_eq!(by_saml.text_of(id), by_openid.text_of(id), "{id}");
    }
    for (first, second) in first.into_iter().zip(second) {
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_eq!(first, second, "what OpenID has no word for stays as it was, so nothing has changed");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_answer_may_come_in_the_address() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut address = Url::parse(&form.action).unwrap();
    address.query_pairs_mut().extend_pairs(form.fields.iter().filter(|(name, _)| name.starts_with("openid.")));
    let answer = browser.get(address.as_str()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    world.stop().await;
}

#[tokio::test]
async fn a_replayed_return_is_refused_in_any_browser() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut with_the_same_cookies = browser.copy();
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.items_of("consumed").await.len(), 2, "the nonce and the request, whatever the provider remembers");
    for browser in [&mut browser, &mut with_the_same_cookies, &mut Browser::new()] {
        let answer = browser.submit(&form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    }
    assert_eq!(world.items_of("session").await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn of_many_replays_at_once_exactly_one_signs_in() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let statuses = browser.submit_at_once(&form, 10).await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count(), 9, "{statuses:?}");
    assert_eq!(world.items_of("session").await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_return_to_another_browsers_request_is_refused() {
    let world = World::start().await;
    let (mut attacker, mut victim) = (Browser::new(), Browser::new());
    let form = attacker.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let answer = victim.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN, &["no-pending-request"]).await;
    victim.get(&world.marketplace("acme-hub").openid_initialize_url).await;
    let answer = victim.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN, &["no-pending-request", "openid-request"]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_request_by_saml_is_not_answered_by_openid() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let mut form = Browser::new().launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let own = Url::parse(&form.action).unwrap().query_pairs().next().unwrap().1.into_owned();
    form.action = form.action.replace(&own, &request);
    for (_, value) in &mut form.fields {
        *value = value.replace(&own, &request);
    }
    let answer = browser.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN, &["no-pending-request"]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_tampered_field_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let genuine = browser.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    for (at, value) in [("openid.ax.value.g_u_role", "Super Admin"), ("openid.ax.value.u_guid", "usr-8w1")] {
        let mut form = genuine.clone();
        let field = form.fields.iter_mut().find(|(name, _)| name == at).unwrap();
        assert_ne!(field.1, value);
        value.clone_into(&mut field.1);
        let answer = browser.submit(&form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{at}: {}", answer.body);
    }
    let answer = browser.submit(&Form { fields: vec![], ..genuine.clone() }).await;
    let codes = ["openid-is-valid", "openid-is-valid", "openid-namespace"];
    assert_refused(&world, &answer, StatusCode::BAD_REQUEST, &codes).await;
    assert_eq!(browser.submit(&genuine).await.status, StatusCode::SEE_OTHER, "nothing was used up");
    world.stop().await;
}

#[tokio::test]
async fn the_other_marketplaces_return_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.get(&world.marketplace("acme-hub").openid_initialize_url).await;
    let mut form = browser.launch_by_openid(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    form.action = form.action.replace("northbank", "acme-hub");
    let answer = browser.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN, &["openid-op-endpoint"]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_cancelled_sign_in_is_a_page_that_says_so() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let acme = world.marketplace("acme-hub").clone();
    // Without a group the marketplace asks for one, and the person may choose none.
    let page = browser.trigger(&world, "acme-hub", &acme.openid_initialize_url, &[("user_uid", "usr-5k2")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let cancelled = browser.get(&format!("{}/complete", acme.openid_endpoint)).await;
    let answer = browser.follow(cancelled).await;
    assert!(answer.url.as_str().starts_with(&return_url(&world, "acme-hub")), "{}", answer.url);
    assert!(answer.body.contains("Your sign-in was cancelled"), "{}", answer.body);
    assert_refused(&world, &answer, StatusCode::FORBIDDEN, &["openid-cancel"]).await;
    world.stop().await;
}

#[tokio::test]
async fn while_the_provider_is_down_nothing_is_used_up() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.break_route("openid").await;
    let answer = browser.submit(&form).await;
    assert_eq!(answer.headers["retry-after"], "5");
    assert_refused(&world, &answer, StatusCode::SERVICE_UNAVAILABLE, &["openid-provider-status"]).await;
    world.mend().await;
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    world.stop().await;
}

#[tokio::test]
async fn an_unknown_marketplace_is_a_clear_page() {
    let world = World::start().await;
    for step in ["initialize", "return"] {
        let answer = Browser::new().get(&world.service(&format!("/mno-enterprise/nobody/openid/{step}"))).await;
        assert_refused(&world, &answer, StatusCode::NOT_FOUND, &[]).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn another_media_type_or_encoding_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch_by_openid(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let client = reqwest::Client::builder().build().unwrap();
    let json = client.post(&form.action).json(&form.fields).send().await.unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let gzip = client.post(&form.action).header("content-encoding", "gzip").form(&form.fields).send().await.unwrap();
    assert_eq!(gzip.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(outcomes(&world).await, ["media-type", "media-type"]);
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER, "nothing was used up");
    world.stop().await;
}

#[tokio::test]
async fn no_parameter_goes_along_to_the_provider() {
    let world = World::start().await;
    let acme = world.marketplace("acme-hub");
    let wanted = format!("{}/invoices/7", world.app_url());
    let url = format!(
        "{}?group_id=cld-7a1c&openid.realm=https://evil.test/&openid.return_to=https://evil.test/&return_to={wanted}",
        acme.openid_initialize_url
    );
    let mut browser = Browser::new();
    let answer = browser.get(&url).await;
    let location = Url::parse(answer.location().unwrap()).unwrap();
    let plain = Browser::new().get(&acme.openid_initialize_url).await;
    let plain = Url::parse(plain.location().unwrap()).unwrap();
    let names = |url: &Url| url.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
    assert_eq!(names(&location), names(&plain));
    for theirs in ["evil", "cld-7a1c", "invoices"] {
        assert!(!location.as_str().contains(theirs), "{location}");
    }

    let evil = Browser::new().get(&format!("{}?return_to=https://evil.test/", acme.openid_initialize_url)).await;
    assert_eq!(evil.status, StatusCode::BAD_REQUEST);
    assert!(evil.location().is_none() && evil.set_cookies().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn where_the_person_wanted_to_go_comes_back_with_the_session() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let wanted = format!("{}/invoices/7", world.app_url());
    let start = format!("{}?return_to={wanted}", world.marketplace("acme-hub").openid_initialize_url);
    let page = browser.trigger(&world, "acme-hub", &start, &[("user_uid", "usr-5k2"), ("group_id", "cld-7a1c")]).await;
    let landing = browser.submit(&page.form()).await;
    let session = redeem(&world, &landing).await;
    assert_eq!(session["destination"]["return_to"], wanted);
    world.stop().await;
}
