//! Stage 4: what the provider says, and what it fails to say.

use super::*;
use crate::canned_server::{Canned, CannedServer as Provider};

const VALID: &str = "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n";
const OF_USER: &str = include_str!("../../../../tests/fixtures/vectors/openid_user.xrds.xml");
const HUB: &str = "https://hub.acme.example";

/// Our marketplace with this provider.
fn marketplace(provider: &Provider) -> Marketplace {
    Marketplace { openid_endpoint: acme().openid_endpoint.replace(HUB, &provider.host), ..acme() }
}

/// The message as this provider would write it.
fn draft(provider: &Provider) -> Draft {
    Draft(Draft::genuine().0.into_iter().map(|(name, value)| (name, value.replace(HUB, &provider.host))).collect())
}

async fn accept_from(provider: &Provider, draft: &Draft) -> Result<Assertion, Refusal> {
    let expected = Expectations { request_ids: &[REQUEST.to_owned()], now: now() };
    accept(draft.message()?, &marketplace(provider), &expected, &ProviderClient::default()).await
}

async fn outcome(verdict: Canned, discovery: Canned) -> &'static str {
    let provider = Provider::start(verdict, discovery).await;
    accept_from(&provider, &draft(&provider)).await.map_or_else(|refusal| refusal.error.code(), |_| "accepted")
}

/// What comes of this answer to the question whether the assertion is genuine.
async fn verdict(verdict: Canned) -> &'static str {
    outcome(verdict, Canned::ok(OF_USER)).await
}

/// What comes of this answer to discovery.
async fn discovery(discovery: Canned) -> &'static str {
    outcome(Canned::ok(VALID), discovery).await
}

#[tokio::test]
async fn a_confirmed_assertion_is_accepted() {
    let provider = Provider::start(Canned::ok(VALID), Canned::ok(OF_USER)).await;
    let assertion = accept_from(&provider, &draft(&provider)).await.unwrap();
    assert_eq!(Identity::try_from(&assertion).unwrap().user.id.as_str(), "usr-5k2");

    let mut heard = provider.heard();
    heard.sort();
    let [discovery, question] = &heard[..] else { panic!("two requests, not {}", heard.len()) };
    assert!(discovery.starts_with("GET /api/openid/provider/app-9f3d/users/usr-5k2 HTTP/1.1\r\n"), "{discovery}");
    assert!(discovery.contains("accept: application/xrds+xml\r\n"), "{discovery}");
    assert!(question.starts_with("POST /api/openid/provider/app-9f3d HTTP/1.1\r\n"), "{question}");
    assert!(question.contains("content-type: application/x-www-form-urlencoded\r\n"), "{question}");
    assert!(question.contains("openid.mode=check_authentication") && !question.contains("id_res"), "{question}");
}

#[tokio::test]
async fn an_assertion_that_the_provider_does_not_confirm_is_refused() {
    for answer in [
        "ns:http://specs.openid.net/auth/2.0\nis_valid:false\n",
        "ns:http://specs.openid.net/auth/2.0\nis_valid:True\n",
        "ns:http://specs.openid.net/auth/2.0\nis_valid: true\n",
        "ns:http://specs.openid.net/auth/2.0\nis_valid:true \n",
        "ns:http://specs.openid.net/auth/2.0\nis_valid:1\n",
    ] {
        assert_eq!(verdict(Canned::ok(answer)).await, "openid-is-valid", "{answer:?}");
    }
    assert_eq!(verdict(Canned::status("400 Bad Request")).await, "openid-is-valid");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_neither_yes_nor_no() {
    for answer in [
        "",
        "is_valid:true\n",
        "ns:http://openid.net/signon/1.1\nis_valid:true\n",
        "ns:http://specs.openid.net/auth/2.0\n",
        "ns:http://specs.openid.net/auth/2.0\nis_valid:true\nis_valid:true\n",
        "ns:http://specs.openid.net/auth/2.0\r\nis_valid:true\r\n",
        "ns:http://specs.openid.net/auth/2.0\nis_valid\n",
        "{\"is_valid\":true}",
    ] {
        assert_eq!(verdict(Canned::ok(answer)).await, "openid-provider-answer", "{answer:?}");
    }
}

#[tokio::test]
async fn a_handle_that_is_no_more_does_not_matter() {
    assert_eq!(verdict(Canned::ok(format!("{VALID}invalidate_handle:old\n"))).await, "accepted");
}

#[tokio::test]
async fn a_provider_in_trouble_is_neither_yes_nor_no() {
    for status in ["500 Internal Server Error", "503 Service Unavailable", "404 Not Found", "429 Too Many Requests"] {
        assert_eq!(verdict(Canned::status(status)).await, "openid-provider-status", "{status}");
    }
    assert_eq!(discovery(Canned::status("503 Service Unavailable")).await, "openid-provider-status");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Provider::start(Canned::ok(VALID), Canned::ok(OF_USER)).await;
    let redirect = format!("307 Temporary Redirect\r\nLocation: {}/", elsewhere.host).leak();
    assert_eq!(verdict(Canned::status(redirect)).await, "openid-provider-status");
    assert_eq!(discovery(Canned::status(redirect)).await, "openid-provider-status");
    assert!(elsewhere.heard().is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_cut_short() {
    let endless = "x".repeat(64 * 1024 + 1);
    assert_eq!(verdict(Canned::ok(&*endless)).await, "openid-provider-too-large");
    assert_eq!(discovery(Canned::ok(&*endless)).await, "openid-provider-too-large");
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_neither_yes_nor_no() {
    // Nobody listens on port 1.
    let moved = |text: &str| text.replace(HUB, "http://127.0.0.1:1");
    let draft = Draft(Draft::genuine().0.into_iter().map(|(name, value)| (name, moved(&value))).collect());
    let marketplace = Marketplace { openid_endpoint: moved(&acme().openid_endpoint), ..acme() };
    let expected = Expectations { request_ids: &[REQUEST.to_owned()], now: now() };
    let outcome = accept(draft.message().unwrap(), &marketplace, &expected, &ProviderClient::default()).await;
    assert_eq!(outcome.unwrap_err().error.code(), "openid-provider-unreachable");
}

#[tokio::test]
async fn an_identifier_the_provider_does_not_know_is_refused() {
    assert_eq!(discovery(Canned::status("404 Not Found")).await, "openid-claimed-id-unknown");
}

#[tokio::test]
async fn an_identifier_of_another_endpoint_is_refused() {
    let other = OF_USER.replace("<URI>", "<URI>https://evil.example/?");
    assert_eq!(discovery(Canned::ok(other)).await, "openid-discovery");
}

#[tokio::test]
async fn a_page_instead_of_a_discovery_document_is_no_answer() {
    assert_eq!(discovery(Canned::ok("<html><body>Ines</body></html>")).await, "openid-provider-answer");
}

#[tokio::test]
async fn nobody_is_asked_about_a_message_that_breaks_a_rule() {
    let provider = Provider::start(Canned::ok(VALID), Canned::ok(OF_USER)).await;
    let good = draft(&provider);
    for bad in [
        good.clone().set("mode", "cancel"),
        good.clone().set("op_endpoint", "https://evil.example"),
        good.clone().set("response_nonce", "2030-01-15T09:00:07Zq7m2x9"),
        good.clone().set("claimed_id", &format!("{}/latest", provider.host)),
        good.clone().sign_except("ax.value.u_email"),
    ] {
        assert!(accept_from(&provider, &bad).await.is_err());
    }
    assert!(provider.heard().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_would_be_normalised_is_not_asked() {
    let provider = Provider::start(Canned::ok(VALID), Canned::ok(OF_USER)).await;
    let odd = |text: &str| text.replace("/provider/app-9f3d", "/provider/x/../app-9f3d");
    let draft = Draft(draft(&provider).0.into_iter().map(|(name, value)| (name, odd(&value))).collect());
    let marketplace = Marketplace { openid_endpoint: odd(&marketplace(&provider).openid_endpoint), ..acme() };
    let expected = Expectations { request_ids: &[REQUEST.to_owned()], now: now() };
    let outcome = accept(draft.message().unwrap(), &marketplace, &expected, &ProviderClient::default()).await;
    assert_eq!(outcome.unwrap_err().error.code(), "openid-provider-address");
    assert!(provider.heard().is_empty());
}
