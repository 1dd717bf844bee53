//! How the OpenID provider is set, made to fail and put back.

use crate::http::get;
use crate::relying_party::{Browser, Fields, check_id, endpoint, is_genuine};
use crate::running::Running;

const ELSEWHERE: &str = "http://elsewhere.test/return";

fn to_elsewhere() -> Fields {
    check_id("checkid_setup").with("return_to", ELSEWHERE).without("realm")
}

#[tokio::test]
async fn an_unregistered_return_address_is_refused_until_the_check_is_switched_off() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    let refused = browser.bring(&to_elsewhere()).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains(ELSEWHERE));
    running.change("PATCH", "marketplaces/acme-hub", r#"{"check_acs":false}"#).await;
    browser.launch("usr-8w1", "cld-9e4f", "").await;
    let page = browser.bring(&to_elsewhere()).await;
    assert!(page.body.contains(&format!("method=\"post\" action=\"{ELSEWHERE}\"")), "{}", page.body);
}

#[tokio::test]
async fn an_immediate_request_to_an_unregistered_address_is_refused_as_well() {
    let running = Running::start().await;
    let request = to_elsewhere().with("mode", "checkid_immediate");
    assert_eq!(Browser::new(&running).bring(&request).await.status, 403);
}

#[tokio::test]
async fn a_return_address_that_is_no_web_address_is_always_refused() {
    let running = Running::start().await;
    running.change("PATCH", "marketplaces/acme-hub", r#"{"check_acs":false}"#).await;
    let request = to_elsewhere().with("return_to", "javascript:alert(1)");
    assert_eq!(Browser::new(&running).bring(&request).await.status, 500);
}

#[tokio::test]
async fn an_app_that_starts_openid_elsewhere_is_launched_there() {
    let running = Running::start().await;
    let body = r#"{"openid_init_path":"/openid/start?marketplace=acme-hub"}"#;
    let changed = running.change("PATCH", "marketplaces/acme-hub", body).await;
    assert_eq!(changed.json()["openid_init_path"], "/openid/start?marketplace=acme-hub");
    let expected = "http://localhost:4000/openid/start?marketplace=acme-hub";
    assert_eq!(running.marketplace("acme-hub").openid_initialize_url, expected);
    running.change("PATCH", "marketplaces/acme-hub", r#"{"openid_init_path":null}"#).await;
    assert!(
        running.marketplace("acme-hub").openid_initialize_url.ends_with("/mno-enterprise/acme-hub/openid/initialize")
    );
}

#[tokio::test]
async fn a_start_path_that_would_lead_to_another_host_is_refused() {
    let running = Running::start().await;
    for path in [".evil.test/", "@evil.test/", "", "/a b"] {
        let body = format!("{{\"openid_init_path\":\"{path}\"}}");
        let refused = running.change("PATCH", "marketplaces/acme-hub", &body).await;
        assert_eq!(refused.status, 422, "{path}");
    }
}

#[tokio::test]
async fn every_route_of_the_provider_fails_on_demand() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let routes = [
        ("openid", ""),
        ("openid", ".xrds"),
        ("openid_proceed", "/proceed"),
        ("openid_decide", "/decide"),
        ("openid_complete", "/complete"),
        ("openid_user", "/users/usr-5k2"),
        ("openid_user", "/users/usr-5k2.xrds"),
    ];
    for (route, path) in routes {
        let fault = format!("{{\"route\":\"{route}\",\"marketplace\":\"acme-hub\",\"kind\":\"status\",\"times\":1}}");
        assert_eq!(running.change("POST", "faults", &fault).await.status, 201);
        assert_eq!(get(format!("{endpoint}{path}")).send().await.status, 503, "{route}");
        assert_ne!(get(format!("{endpoint}{path}")).send().await.status, 503, "{route}");
    }
}

#[tokio::test]
async fn malformed_answers_are_of_the_type_the_app_expects() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let routes = [
        ("openid", "", "text/plain"),
        ("openid_user", "/users/usr-5k2", "application/xrds+xml"),
        ("openid_complete", "/complete", "text/html; charset=utf-8"),
    ];
    for (route, path, content_type) in routes {
        let fault = format!("{{\"route\":\"{route}\",\"kind\":\"malformed\",\"times\":1}}");
        running.change("POST", "faults", &fault).await;
        let answer = get(format!("{endpoint}{path}")).send().await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)));
        assert!(!answer.body.contains("is_valid:") && roxmltree::Document::parse(&answer.body).is_err());
    }
}

#[tokio::test]
async fn a_reset_forgets_assertions_and_waiting_requests() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    let assertion = browser.log_in("usr-8w1", "cld-9e4f").await;
    browser.bring(&check_id("checkid_setup")).await;
    running.change("POST", "reset", "").await;
    assert!(!is_genuine(&endpoint(&running, "acme-hub"), &assertion).await);
    assert_eq!(browser.get("/acme-hub/api/openid/provider/app-acme/proceed").await.status, 400);
}
