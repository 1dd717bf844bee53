//! What a session is worth after the sign-in, and where it leads.

use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::clock::{Clock as _, SystemClock};
use shared::trace::TRACE_LIFETIME;

use crate::harness::{Answer, Browser, Form, World};

/// Starts a sign-in with these parameters and goes on to the landing.
async fn land(world: &World, browser: &mut Browser, parameters: &str) -> Answer {
    let acme = world.marketplace("acme-hub");
    let url = format!("{}?group_id=cld-7a1c&{parameters}", acme.initialize_url);
    let to_marketplace = browser.get(&url).await;
    let location = to_marketplace.location().expect("a redirect to the marketplace");
    let page = browser.get(&format!("{location}&user_uid=usr-5k2")).await;
    browser.submit(&page.form()).await
}

pub(super) async fn redeem(world: &World, landing: &Answer) -> Value {
    let landing = url::Url::parse(landing.location().unwrap()).unwrap();
    let (_, code) = landing.query_pairs().find(|(name, _)| name == "code").unwrap();
    let client = reqwest::Client::builder().build().unwrap();
    let exchange = client.post(world.service("/app/v1/session/token")).bearer_auth(world.app_api_key());
    exchange.json(&json!({ "code": code })).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn where_the_person_wanted_to_go_comes_back_with_the_session() {
    let world = World::start().await;
    let wanted = format!("return_to={}/invoices/7%3Ftab=1&settings=true", world.app_url());
    let landing = land(&world, &mut Browser::new(), &wanted).await;
    assert!(
        !landing.location().unwrap().contains("invoices"),
        "a browser's address could have been written by anybody"
    );
    let session = redeem(&world, &landing).await;
    assert_eq!(session["destination"]["return_to"], format!("{}/invoices/7?tab=1", world.app_url()));
    assert_eq!(session["destination"]["settings"], true);
    let plain = redeem(&world, &land(&world, &mut Browser::new(), "x=y").await).await;
    assert_eq!(plain["destination"], json!({ "return_to": null, "settings": false }));
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_the_apps() {
    let world = World::start().await;
    for evil in ["https://evil.test/", "//evil.test", "%2F%5Cevil.test", "javascript:alert(1)", "/a%0d%0ax:y", ""] {
        let url = format!("{}?return_to={evil}", world.marketplace("acme-hub").initialize_url);
        let answer = Browser::new().get(&url).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{evil}");
        assert!(answer.location().is_none() && answer.set_cookies().is_empty(), "{evil}");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_app_learns_whom_it_meets_for_the_first_time() {
    let world = World::start().await;
    let sign_in = async |user: &str, group: &str| {
        let mut browser = Browser::new();
        let form = browser.launch(&world, "acme-hub", user, group).await;
        let landing = browser.submit(&form).await;
        redeem(&world, &landing).await["created"].clone()
    };
    // The checklist's cases (protocol.md §10): both new, a known person in another group, a new person in a known group, and a
    // person who comes back.
    assert_eq!(sign_in("usr-5k2", "cld-9e4f").await, json!({ "group": true, "user": true, "member": true }));
    assert_eq!(sign_in("usr-5k2", "cld-7a1c").await, json!({ "group": true, "user": false, "member": true }));
    assert_eq!(sign_in("usr-8w1", "cld-9e4f").await, json!({ "group": false, "user": true, "member": true }));
    assert_eq!(sign_in("usr-5k2", "cld-7a1c").await, json!({ "group": false, "user": false, "member": false }));
    world.stop().await;
}

#[tokio::test]
async fn the_account_is_the_real_person_unless_the_marketplaces_settings_say_otherwise() {
    let world = World::start().await;
    let session = redeem(&world, &land(&world, &mut Browser::new(), "").await).await;
    let real = json!({ "mode": "real", "id": "usr-5k2", "email": session["user"]["email"] });
    assert_eq!(session["account"], real);
    assert_eq!(session["user"]["virtual_id"], "usr-5k2.cld-7a1c");
    world.stop().await;
}

#[tokio::test]
async fn a_session_that_the_marketplace_ended_ends_at_its_recheck() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    world.make_rechecks_due().await;
    let held = browser.get(&world.service("/session")).await;
    assert_eq!(held.status, StatusCode::OK, "the marketplace says it holds");

    world.end_at_marketplace("acme-hub", "usr-5k2").await;
    let not_due = browser.get(&world.service("/session")).await;
    assert_eq!(not_due.status, StatusCode::OK, "the marketplace was asked a moment ago");
    world.make_rechecks_due().await;
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED);
    assert!(world.items_of("session").await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn every_attempt_leaves_a_trace_that_names_the_rule_and_no_person() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let draft = world.draft("acme-hub", &request);
    let audience = format!("<Audience>{}</Audience>", world.marketplace("acme-hub").audience);
    let foreign = draft.clone().replacing(&audience, "<Audience>https://other.test/</Audience>");
    let xml = foreign.sign(&world.identity_provider("acme-hub"));
    let form = Form::with_response(&world.marketplace("acme-hub").acs_url, &xml);
    let refused = browser.submit(&form).await;
    let trace = world.trace(refused.reference()).await;
    assert_eq!(trace.outcome, "audience-mismatch");
    assert_eq!(trace.explanation, "audience is https://other.test/");
    assert_eq!(trace.marketplace.as_str(), "acme-hub");
    assert_eq!(trace.claims.user.as_deref(), Some("usr-5k2"));
    assert_eq!(trace.claims.group.as_deref(), Some("cld-7a1c"));
    assert_eq!(trace.claims.in_response_to, Some(request));
    assert_eq!(trace.claims.assertion_id, Some(draft.assertion_id.clone()));

    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let traces = world.items_of("trace").await;
    assert_eq!(traces.len(), 2);
    let outcomes: Vec<&String> = traces.iter().map(|trace| trace["outcome"].as_s().unwrap()).collect();
    assert!(outcomes.iter().any(|outcome| *outcome == "signed-in"), "{outcomes:?}");
    for personal in ["ines", "Okoro", "@", "SAMLRe"] {
        assert!(!format!("{traces:?}").contains(personal), "{personal} in {traces:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body_and_other_methods_are_refused() {
    let world = World::start().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let acme = world.marketplace("acme-hub");
    for (url, status) in [
        (acme.initialize_url.clone(), StatusCode::FOUND),
        (world.service("/health"), StatusCode::OK),
        (world.service("/mno-enterprise/acme-hub/saml/metadata"), StatusCode::OK),
        (world.service("/session"), StatusCode::UNAUTHORIZED),
    ] {
        let head = client.head(&url).send().await.unwrap();
        assert_eq!(head.status(), status, "{url}");
        assert!(head.headers().contains_key("strict-transport-security"), "{url}");
        let put = client.put(&url).send().await.unwrap();
        assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED, "{url}");
        assert_eq!(put.headers()["allow"], "GET, HEAD", "{url}");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_metadata_describes_the_endpoint_the_marketplace_knows() {
    let world = World::start().await;
    let answer = Browser::new().get(&world.service("/mno-enterprise/acme-hub/saml/metadata")).await;
    assert_eq!(answer.headers["content-type"], "application/samlmetadata+xml");
    let document = roxmltree::Document::parse(&answer.body).unwrap();
    let service = document.descendants().find(|node| node.tag_name().name() == "AssertionConsumerService").unwrap();
    assert_eq!(service.attribute("Location"), Some(&*world.marketplace("acme-hub").acs_url));
    let unknown = Browser::new().get(&world.service("/mno-enterprise/nobody/saml/metadata")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    world.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_a_careful_service() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let acme = world.marketplace("acme-hub");
    let answers = [
        ("page", browser.get(&world.service("/mno-enterprise/nobody/saml/initialize")).await),
        ("redirect", browser.get(&acme.initialize_url).await),
        ("JSON", browser.get(&world.service("/health")).await),
        ("problem", browser.get(&world.service("/session")).await),
        ("metadata", browser.get(&world.service("/mno-enterprise/acme-hub/saml/metadata")).await),
        ("nothing", browser.post(&world.service("/session/logout")).await),
    ];
    for (name, answer) in answers {
        for (header, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.headers[header], value, "{name}");
        }
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{name}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_trace_that_has_expired_is_not_told() {
    let world = World::start().await;
    let form = Form::with_response(&world.marketplace("acme-hub").acs_url, "<x/>");
    let refused = Browser::new().submit(&form).await;
    world.age("trace", TRACE_LIFETIME - SignedDuration::from_mins(1)).await;
    assert!(world.find_trace(refused.reference()).await.is_some());
    world.age("trace", SignedDuration::from_mins(1)).await;
    assert!(world.find_trace(refused.reference()).await.is_none());
    assert_eq!(world.items_of("trace").await.len(), 1, "it is still there");
    world.stop().await;
}

#[tokio::test]
async fn another_site_signs_nobody_out() {
    let world = World::start().await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let form = Form { action: world.service("/session/logout"), fields: Vec::new() };
    let answer = browser.submit(&form).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.set_cookies().is_empty(), "the browser would throw its own cookie away");
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn what_is_used_up_is_remembered_for_longer_than_it_could_be_accepted() {
    let world = World::start().await;
    Browser::new().sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let now = SystemClock.now().as_second();
    let consumed = world.items_of("consumed").await;
    let remembered: Vec<i64> =
        consumed.iter().map(|item| item["expires_at"].as_n().unwrap().parse().unwrap()).collect();
    // The assertion holds for three minutes and one of skew, the cookie of the request for ten.
    assert!(remembered.iter().all(|end| *end > now + 4 * 60), "{remembered:?} at {now}");
    assert!(remembered.iter().any(|end| *end > now + 14 * 60), "{remembered:?} at {now}");
    world.stop().await;
}
