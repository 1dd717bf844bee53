//! What must not sign anybody in: each input is broken in exactly one way, and afterwards nothing has happened.

use jiff::SignedDuration;
use reqwest::StatusCode;
use shared::{
    clock::{Clock as _, SystemClock},
    testing::{IdentityProvider, ResponseDraft},
};

use crate::harness::{Answer, Browser, Form, World};

/// A refusal: this status, a page with a reference, no session, no redirect, nothing written but its trace.
async fn assert_refused(world: &World, answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.location(), None);
    assert!(answer.set_cookies().iter().all(|cookie| !cookie.starts_with("__Host-stallholder-session=")));
    assert!(answer.body.contains("tell support this reference"), "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(world.records().await.len(), 0, "something was written");
}

async fn refused(world: &World, browser: &mut Browser, xml: &str) {
    let form = Form::with_response(&world.marketplace("acme-hub").acs_url, xml);
    let answer = browser.submit(&form).await;
    assert_refused(world, &answer, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn the_drafts_these_tests_break_are_accepted_unbroken() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let xml = world.draft("acme-hub", &request).sign(&world.identity_provider("acme-hub"));
    let answer = browser.submit(&Form::with_response(&world.marketplace("acme-hub").acs_url, &xml)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    world.stop().await;
}

#[tokio::test]
async fn a_tampered_response_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let genuine = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await.xml();
    for (from, to) in [("usr-5k2", "usr-8w1"), ("cld-7a1c", "cld-9e4f"), (">Admin<", ">Super Admin<")] {
        let tampered = genuine.replace(from, to);
        assert_ne!(tampered, genuine, "the response has no {from}");
        refused(&world, &mut browser, &tampered).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn a_replayed_response_is_refused_in_any_browser() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let mut with_the_same_cookies = browser.copy();
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    let sessions = world.items_of("session").await.len();
    for browser in [&mut browser, &mut with_the_same_cookies, &mut Browser::new()] {
        let answer = browser.submit(&form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.starts_with("__Host-stallholder-session=")));
    }
    assert_eq!(world.items_of("session").await.len(), sessions);
    world.stop().await;
}

#[tokio::test]
async fn of_many_replays_at_once_exactly_one_signs_in() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let statuses = browser.submit_at_once(&form, 10).await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count(), 9, "{statuses:?}");
    assert_eq!(world.items_of("session").await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_second_assertion_for_an_answered_request_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let mut copy = browser.copy();
    let idp = world.identity_provider("acme-hub");
    let acs_url = &world.marketplace("acme-hub").acs_url;
    let first = Form::with_response(acs_url, &world.draft("acme-hub", &request).sign(&idp));
    let second = Form::with_response(acs_url, &world.draft("acme-hub", &request).sign(&idp));
    assert_eq!(browser.submit(&first).await.status, StatusCode::SEE_OTHER);
    assert_eq!(copy.submit(&second).await.status, StatusCode::FORBIDDEN);
    world.stop().await;
}

#[tokio::test]
async fn a_response_of_another_time_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let idp = world.identity_provider("acme-hub");
    for minutes in [-5, 3] {
        let then = SystemClock.now() + SignedDuration::from_mins(minutes);
        refused(&world, &mut browser, &world.draft_at("acme-hub", &request, then).sign(&idp)).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn a_response_by_a_foreign_key_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let draft = world.draft("acme-hub", &request);
    refused(&world, &mut browser, &draft.sign(&IdentityProvider::generate())).await;
    refused(&world, &mut browser, &draft.sign(&world.identity_provider("northbank"))).await;
    world.stop().await;
}

#[tokio::test]
async fn a_historical_signature_is_refused() {
    let world = World::start().await;
    let settings = format!("{}/control/marketplaces/acme-hub", world.sandbox_url());
    let client = reqwest::Client::builder().build().unwrap();
    let changed = client.patch(settings).json(&serde_json::json!({ "signature": "historical" })).send().await.unwrap();
    assert!(changed.status().is_success());
    let mut browser = Browser::new();
    let form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    assert!(form.xml().contains("xmldsig#rsa-sha1"));
    let answer = browser.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN).await;
    world.stop().await;
}

#[tokio::test]
async fn a_marketplace_that_is_not_even_text_is_a_clear_page() {
    let world = World::start().await;
    for odd in ["%00%ff", "caf%C3%A9", "a%20b", "%0d%0ax", &"x".repeat(4_000)] {
        let answer = Browser::new().get(&world.service(&format!("/mno-enterprise/{odd}/saml/initialize"))).await;
        assert_refused(&world, &answer, StatusCode::NOT_FOUND).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn the_other_marketplaces_response_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let _ = world.begin(&mut browser, "acme-hub").await;
    let mut form = browser.launch(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    form.action = world.marketplace("acme-hub").acs_url.clone();
    let answer = browser.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN).await;
    world.stop().await;
}

#[tokio::test]
async fn a_response_to_the_other_marketplaces_request_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let _ = world.begin(&mut browser, "acme-hub").await;
    let request = world.begin(&mut browser, "northbank").await;
    let xml = world.draft("acme-hub", &request).sign(&world.identity_provider("acme-hub"));
    refused(&world, &mut browser, &xml).await;
    world.stop().await;
}

#[tokio::test]
async fn an_unsolicited_response_is_refused() {
    let world = World::start().await;
    let idp = world.identity_provider("acme-hub");
    let xml = world.draft("acme-hub", "_never-asked").sign(&idp);
    refused(&world, &mut Browser::new(), &xml).await;

    let mut browser = Browser::new();
    let _ = world.begin(&mut browser, "acme-hub").await;
    refused(&world, &mut browser, &xml).await;
    world.stop().await;
}

#[tokio::test]
async fn a_response_to_another_browsers_request_is_refused() {
    let world = World::start().await;
    let (mut attacker, mut victim) = (Browser::new(), Browser::new());
    let form = attacker.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let _ = world.begin(&mut victim, "acme-hub").await;
    let answer = victim.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::FORBIDDEN).await;
    world.stop().await;
}

#[tokio::test]
async fn a_response_for_another_audience_recipient_or_issuer_is_refused() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let idp = world.identity_provider("acme-hub");
    let (acme, north) = (world.marketplace("acme-hub"), world.marketplace("northbank"));
    let draft = world.draft("acme-hub", &request);
    for (from, to) in [
        (format!("<Audience>{}</Audience>", acme.audience), "<Audience>https://other.test/</Audience>".to_owned()),
        (format!("Recipient=\"{}\"", acme.acs_url), format!("Recipient=\"{}\"", north.acs_url)),
        (acme.idp_sso_url.clone(), north.idp_sso_url.clone()),
    ] {
        refused(&world, &mut browser, &draft.clone().replacing(&from, &to).sign(&idp)).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn an_unknown_marketplace_is_a_clear_page() {
    let world = World::start().await;
    let unknown = Browser::new().get(&world.service("/mno-enterprise/nobody/saml/initialize")).await;
    assert_refused(&world, &unknown, StatusCode::NOT_FOUND).await;
    let form = Form::with_response(&world.service("/mno-enterprise/nobody/saml/consume"), "<x/>");
    let answer = Browser::new().submit(&form).await;
    assert_refused(&world, &answer, StatusCode::NOT_FOUND).await;
    world.stop().await;
}

#[tokio::test]
async fn a_form_without_a_usable_response_is_a_clear_page() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let _ = world.begin(&mut browser, "acme-hub").await;
    let action = world.marketplace("acme-hub").acs_url.clone();
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (fields, status) in [
        (vec![], StatusCode::BAD_REQUEST),
        (vec![field("SAMLResponse", "")], StatusCode::BAD_REQUEST),
        (vec![field("samlresponse", "PGEvPg==")], StatusCode::BAD_REQUEST),
        (vec![field("SAMLResponse", "PGEvPg=="), field("SAMLResponse", "PGEvPg==")], StatusCode::BAD_REQUEST),
        (vec![field("SAMLResponse", "not base64 *")], StatusCode::BAD_REQUEST),
        (vec![field("SAMLResponse", "PGEvPg==")], StatusCode::BAD_REQUEST),
        (vec![field("SAMLResponse", &"A".repeat(300_000))], StatusCode::PAYLOAD_TOO_LARGE),
        (vec![field("SAMLResponse", &"A".repeat(900_000))], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = browser.submit(&Form { action: action.clone(), fields }).await;
        assert_refused(&world, &answer, status).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn another_media_type_method_or_encoding_is_refused() {
    let world = World::start().await;
    let url = &world.marketplace("acme-hub").acs_url;
    let client = reqwest::Client::builder().build().unwrap();
    let json = client.post(url).json(&serde_json::json!({ "SAMLResponse": "PGEvPg==" })).send().await.unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let gzip =
        client.post(url).header("content-encoding", "gzip").form(&[("SAMLResponse", "PGEvPg==")]).send().await.unwrap();
    assert_eq!(gzip.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let get = client.get(format!("{url}?SAMLResponse=PGEvPg==")).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(get.headers()["allow"], "POST");
    assert_eq!(world.records().await.len(), 0);
    world.stop().await;
}

#[tokio::test]
async fn no_refusal_tells_which_rule_broke() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let acme = world.marketplace("acme-hub");
    let idp = world.identity_provider("acme-hub");
    let draft = world.draft("acme-hub", &request);
    let with = |from: &str, to: &str| draft.clone().replacing(from, to).sign(&idp);
    let genuine = draft.sign(&idp);
    let old = SystemClock.now() - SignedDuration::from_hours(1);
    let broken = [
        ("signature-invalid", draft.sign(&IdentityProvider::generate())),
        ("digest-mismatch", genuine.replace(">Admin<", ">Super Admin<")),
        ("signature-count", draft.wrap(&draft.assertion)),
        ("assertion-count", draft.wrap(&format!("<x>{}</x>", draft.assertion))),
        ("algorithm-not-allowed", genuine.replace("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-md5")),
        ("audience-mismatch", with("<Audience>", "<Audience>x")),
        ("issuer-mismatch", with("<Issuer>", "<Issuer>x")),
        ("recipient-mismatch", with(&acme.acs_url, "https://other.test/")),
        ("in-response-to-mismatch", world.draft("acme-hub", "_unknown").sign(&idp)),
        ("expired", world.draft_at("acme-hub", &request, old).sign(&idp)),
        ("confirmation-method", with("cm:bearer", "cm:holder-of-key")),
        ("status-not-success", genuine.replace("status:Success", "status:Responder")),
        (
            "subject-mismatch",
            with("<AttributeValue>usr-5k2</AttributeValue>", "<AttributeValue>usr-8w1</AttributeValue>"),
        ),
    ];
    let submit =
        async |browser: &mut Browser, xml: &str| browser.submit(&Form::with_response(&acme.acs_url, xml)).await;
    let mut answers = Vec::new();
    for (outcome, xml) in &broken {
        answers.push((*outcome, submit(&mut browser, xml).await));
    }
    answers.push(("no-pending-request", submit(&mut Browser::new(), &genuine).await));
    let mut copy = browser.copy();
    assert_eq!(submit(&mut browser, &genuine).await.status, StatusCode::SEE_OTHER);
    answers.push(("assertion-consumed", submit(&mut copy, &genuine).await));
    let told = |answer: &Answer| (answer.status, answer.body.replace(answer.reference(), ""));
    for (outcome, answer) in &answers {
        assert_outcome(&world, answer, StatusCode::FORBIDDEN, outcome).await;
        assert_eq!(told(answer), told(&answers[0].1), "{outcome}");
    }
    world.stop().await;
}

/// A refusal by this rule, which only the trace names.
async fn assert_outcome(world: &World, answer: &Answer, status: StatusCode, outcome: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(world.trace(answer.reference()).await.outcome, outcome);
}

#[tokio::test]
async fn an_assertion_is_good_for_one_of_two_requests() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let first = world.begin(&mut browser, "acme-hub").await;
    let second = world.begin(&mut browser, "acme-hub").await;
    let idp = world.identity_provider("acme-hub");
    let acs_url = &world.marketplace("acme-hub").acs_url;
    let draft = world.draft("acme-hub", &first);
    let again = draft.clone().replacing(&first, &second);
    assert_eq!(browser.submit(&Form::with_response(acs_url, &draft.sign(&idp))).await.status, StatusCode::SEE_OTHER);
    let answer = browser.submit(&Form::with_response(acs_url, &again.sign(&idp))).await;
    assert_outcome(&world, &answer, StatusCode::FORBIDDEN, "assertion-consumed").await;
    assert_eq!(world.items_of("session").await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_replayed_assertion_is_known_in_another_envelope() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let request = world.begin(&mut browser, "acme-hub").await;
    let mut copy = browser.copy();
    let idp = world.identity_provider("acme-hub");
    let acs_url = &world.marketplace("acme-hub").acs_url;
    let draft = world.draft("acme-hub", &request);
    let later = SystemClock.now() + SignedDuration::from_secs(1);
    let other = ResponseDraft { envelope: world.draft_at("acme-hub", &request, later).envelope, ..draft.clone() };
    let mut second = Form::with_response(acs_url, &other.sign(&idp));
    let base64 = &mut second.fields[0].1;
    *base64 = base64.as_bytes().chunks(60).map(|line| format!("{}\r\n", str::from_utf8(line).unwrap())).collect();
    assert_eq!(browser.submit(&Form::with_response(acs_url, &draft.sign(&idp))).await.status, StatusCode::SEE_OTHER);
    let answer = copy.submit(&second).await;
    assert_outcome(&world, &answer, StatusCode::FORBIDDEN, "assertion-consumed").await;
    world.stop().await;
}

#[tokio::test]
async fn a_genuine_response_counts_once_under_its_name_and_in_the_body() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let genuine = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let response = genuine.fields.iter().find(|(name, _)| name == "SAMLResponse").unwrap().clone();
    let twice = Form { fields: vec![response.clone(), response.clone()], ..genuine.clone() };
    let misnamed = Form { fields: vec![("samlresponse".to_owned(), response.1.clone())], ..genuine.clone() };
    let mut address = url::Url::parse(&genuine.action).unwrap();
    address.query_pairs_mut().append_pair("SAMLResponse", &response.1);
    let in_the_query = Form { action: address.to_string(), fields: vec![] };
    for form in [twice, misnamed, in_the_query] {
        let answer = browser.submit(&form).await;
        assert_refused(&world, &answer, StatusCode::BAD_REQUEST).await;
        assert_outcome(&world, &answer, StatusCode::BAD_REQUEST, "form").await;
    }
    assert_eq!(browser.submit(&genuine).await.status, StatusCode::SEE_OTHER, "nothing was used up");
    world.stop().await;
}

#[tokio::test]
async fn a_form_is_too_large_whatever_its_field() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let mut form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    form.fields.push(("x".to_owned(), "x".repeat(400_000)));
    let answer = browser.submit(&form).await;
    assert_refused(&world, &answer, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_outcome(&world, &answer, StatusCode::PAYLOAD_TOO_LARGE, "body-too-large").await;
    world.stop().await;
}

#[tokio::test]
async fn nothing_that_came_in_comes_back_on_a_page() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let script = "<script>alert(1)</script>";
    let in_the_path = world.service("/mno-enterprise/%3Cscript%3Ealert(1)%3C%2Fscript%3E/saml/initialize");
    let in_the_query = format!("{}?return_to=https://evil.test/{script}", world.marketplace("acme-hub").initialize_url);
    let form = |fields: &[(&str, &str)]| Form {
        action: world.marketplace("acme-hub").acs_url.clone(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let answers = [
        browser.get(&in_the_path).await,
        browser.get(&in_the_query).await,
        browser.submit(&form(&[("SAMLResponse", script)])).await,
        browser.submit(&form(&[("SAMLResponse", "PGEvPg=="), ("RelayState", script), (script, script)])).await,
    ];
    for answer in answers {
        assert!(answer.status.is_client_error(), "{}", answer.status);
        let body = answer.body.to_lowercase();
        assert!(!body.contains("script") && !body.contains("alert"), "{body}");
    }
    world.stop().await;
}
