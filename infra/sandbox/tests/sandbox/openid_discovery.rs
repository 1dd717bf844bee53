//! What an app can find out about the OpenID provider and its users.

use crate::http::{Answer, get};
use crate::relying_party::endpoint;
use crate::running::Running;

/// The provider of the vectors.
const VECTOR_ENDPOINT: &str = "https://hub.acme.example/api/openid/provider/app-9f3d";
const PROVIDER: &str = include_str!("../../../../tests/fixtures/vectors/openid_provider.xrds.xml");
const USER: &str = include_str!("../../../../tests/fixtures/vectors/openid_user.xrds.xml");

fn assert_document(answer: &Answer, endpoint: &str, expected: &str) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/xrds+xml"));
    assert_eq!(answer.body.replace(endpoint, VECTOR_ENDPOINT), expected);
}

#[tokio::test]
async fn the_provider_is_described_to_who_accepts_xrds_or_asks_for_it_by_name() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let accepted = get(&endpoint).header("accept", "text/html;q=0.3, application/xrds+xml").send().await;
    assert_document(&accepted, &endpoint, PROVIDER);
    assert_document(&get(format!("{endpoint}.xrds")).send().await, &endpoint, PROVIDER);
}

#[tokio::test]
async fn the_providers_page_does_not_tell_where_its_description_is() {
    let running = Running::start().await;
    let page = get(endpoint(&running, "acme-hub")).send().await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(page.header("x-xrds-location"), None);
}

#[tokio::test]
async fn a_user_is_described_to_who_accepts_xrds_or_asks_for_it_by_name() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let identifier = format!("{endpoint}/users/usr-5k2");
    let accepted = get(&identifier).header("accept", "application/xrds+xml").send().await;
    assert_document(&accepted, &endpoint, USER);
    assert_document(&get(format!("{identifier}.xrds")).send().await, &endpoint, USER);
}

#[tokio::test]
async fn a_users_page_tells_where_the_description_is() {
    let running = Running::start().await;
    let identifier = format!("{}/users/usr-5k2", endpoint(&running, "acme-hub"));
    let page = get(&identifier).send().await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("x-xrds-location"), Some(format!("{identifier}.xrds").as_str()));
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let running = Running::start().await;
    for uid in ["usr-none", "usr-none.xrds", "usr-5k2.cld-7a1c"] {
        let identifier = format!("{}/users/{uid}", endpoint(&running, "acme-hub"));
        assert_eq!(get(&identifier).send().await.status, 404, "{uid}");
    }
}

#[tokio::test]
async fn an_app_the_marketplace_does_not_know_is_turned_away_everywhere() {
    let running = Running::start().await;
    for path in ["", ".xrds", "/proceed", "/decide", "/complete?group_id=cld-7a1c", "/users/usr-5k2"] {
        let answer = running.get(&format!("/acme-hub/api/openid/provider/app-north{path}")).send().await;
        assert_eq!(answer.status, 302, "{path}");
        assert_eq!(answer.header("location"), Some("/acme-hub/app_access_unauthorized"));
    }
}

#[tokio::test]
async fn an_unknown_marketplace_has_no_provider() {
    let running = Running::start().await;
    for path in ["", "/proceed", "/decide", "/complete", "/users/usr-5k2"] {
        let answer = running.get(&format!("/nowhere/api/openid/provider/app-acme{path}")).send().await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
