//! The function by itself: who is told what.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambda_http::http::header;
use serde_json::{Value, json};
use shared::{
    clock::FixedClock,
    configuration::Configuration,
    marketplace::Directory,
    testing::{directory, entries},
};

use super::*;

const ACME: &str = "app-9f3d:k-acme-0f6b2d7c41e94a5f";
const NORTHBANK: &str = "7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55:k-north-77e0c1d9";
const METADATA_OF_ACME: &str = "/mno-enterprise/acme-hub/metadata";

fn app(directory: Directory) -> App {
    let clock = FixedClock::at("2030-01-15T10:00:30Z".parse().unwrap());
    App::new(Configuration::fixed(directory), Arc::new(clock))
}

async fn ask(app: &App, method: Method, path: &str, pair: Option<&str>) -> Response<Body> {
    let (raw_path, _) = path.split_once('?').unwrap_or((path, ""));
    let request =
        http::Request::builder().method(method).uri(format!("https://x.test{path}")).body(Body::Empty).unwrap();
    let mut request = request.with_raw_http_path(raw_path);
    if let Some(pair) = pair {
        let value = format!("Basic {}", STANDARD.encode(pair));
        request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
    }
    handle(app, request).await.unwrap_or_else(|never| match never {})
}

fn json_of(answer: &Response<Body>) -> Value {
    let Body::Text(text) = answer.body() else { panic!("JSON is text") };
    serde_json::from_str(text).unwrap()
}

/// The sample, as far as it names what is served: without the notifications, which come later, and without our version.
fn sample(text: &str) -> Value {
    let mut sample: Value = serde_json::from_str(text).unwrap();
    sample["webhook"].as_object_mut().unwrap().remove("connec");
    sample["api"]["version"] = env!("CARGO_PKG_VERSION").into();
    sample["api"]["lang_version"] = env!("CARGO_PKG_RUST_VERSION").into();
    sample
}

#[tokio::test]
async fn the_document_is_the_samples() {
    let app = app(directory("marketplaces: {acme-hub: {creation_mode: virtual}}"));
    let second = sample(include_str!("../../../tests/fixtures/vectors/metadata_v2.json"));
    for path in ["", ".json", "/", ".json?version=2"] {
        let answer = ask(&app, Method::GET, &format!("{METADATA_OF_ACME}{path}"), Some(ACME)).await;
        assert_eq!((answer.status(), json_of(&answer)), (StatusCode::OK, second.clone()), "{path}");
    }
    for path in ["/maestrano/metadata/acme-hub", "/maestrano/metadata/acme-hub.json"] {
        assert_eq!(json_of(&ask(&app, Method::GET, path, Some(ACME)).await), second, "{path}");
    }
    let mut first = sample(include_str!("../../../tests/fixtures/vectors/metadata_legacy_v1.json"));
    // Unlike the sample's writer we check certificates and have no single log-out.
    first["api"]["verify_ssl_certs"] = json!(true);
    first["sso"]["slo_enabled"] = json!(false);
    let answer = ask(&app, Method::GET, &format!("{METADATA_OF_ACME}?version=1"), Some(ACME)).await;
    assert_eq!(json_of(&answer), first);
}

#[tokio::test]
async fn no_key_is_in_it() {
    let manifest = "marketplaces: {acme-hub: {previous_api_key: {key: k-old-hush, until: '2031-01-01T00:00:00Z'}}}";
    let app = app(directory(manifest));
    for version in ["1", "2"] {
        let answer = ask(&app, Method::GET, &format!("{METADATA_OF_ACME}?version={version}"), Some(ACME)).await;
        let text = json_of(&answer).to_string();
        assert!(!text.contains("k-acme") && !text.contains("k-old") && !text.contains("k-north"), "{text}");
    }
}

#[tokio::test]
async fn either_valid_key_opens_it_and_no_other() {
    let app = app(directory(
        "marketplaces: {acme-hub: {previous_api_key: {key: k-old, until: '2030-01-15T11:00:00Z'}}, northbank: {previous_api_key: {key: k-older, until: '2030-01-15T10:00:30Z'}}}",
    ));
    let status = async |pair| ask(&app, Method::GET, METADATA_OF_ACME, pair).await.status();
    assert_eq!(status(Some(ACME)).await, StatusCode::OK);
    assert_eq!(status(Some("app-9f3d:k-old")).await, StatusCode::OK);
    for bad in [None, Some(NORTHBANK), Some("app-9f3d:"), Some(":k-old"), Some("app-9f3d:k-older"), Some("")] {
        assert_eq!(status(bad).await, StatusCode::UNAUTHORIZED, "{bad:?}");
    }
    let path = "/mno-enterprise/northbank/metadata";
    let ended = ask(&app, Method::GET, path, Some("7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55:k-older")).await;
    assert_eq!(ended.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_has_no_key_cannot_tell_which_marketplaces_there_are() {
    let app = app(directory(""));
    let told = async |method, path: &str| {
        let answer = ask(&app, method, path, Some("app-9f3d:wrong")).await;
        let mut document = json_of(&answer);
        document["reference"].take();
        (answer.status(), answer.headers().clone(), document)
    };
    let known = told(Method::GET, METADATA_OF_ACME).await;
    assert_eq!(
        (known.0, known.1[header::WWW_AUTHENTICATE].as_bytes()),
        (StatusCode::UNAUTHORIZED, answers::BASIC_CHALLENGE.as_bytes())
    );
    for path in
        ["/mno-enterprise/nobody/metadata", "/mno-enterprise/NOBODY%00/metadata", "/maestrano/metadata/bare-market"]
    {
        assert_eq!(told(Method::GET, path).await, known, "{path}");
    }
    assert_eq!(told(Method::DELETE, METADATA_OF_ACME).await, known, "nor which methods");
}

#[tokio::test]
async fn a_disabled_marketplace_is_told_so() {
    let app = app(directory("marketplaces: {acme-hub: {disabled: true}}"));
    assert_eq!(ask(&app, Method::GET, METADATA_OF_ACME, Some(ACME)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask(&app, Method::GET, METADATA_OF_ACME, Some("app-9f3d:x")).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_method_or_version_is_refused() {
    let app = app(directory(""));
    for method in [Method::POST, Method::DELETE, Method::PUT, Method::OPTIONS] {
        let answer = ask(&app, method, METADATA_OF_ACME, Some(ACME)).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
    }
    for query in ["version=3", "version=", "version=1&version=1"] {
        let answer = ask(&app, Method::GET, &format!("{METADATA_OF_ACME}?{query}"), Some(ACME)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    let head = ask(&app, Method::HEAD, METADATA_OF_ACME, Some(ACME)).await;
    assert!(head.status() == StatusCode::OK && matches!(head.body(), Body::Empty));
    assert_eq!(ask(&app, Method::GET, "/mno-enterprise/metadata", Some(ACME)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_address_that_is_not_ours_is_told_in_its_usual_spelling() {
    let mut entries = entries("");
    let platform = entries.get_mut("acme-hub").unwrap().platform.as_mut().unwrap();
    platform["sso"]["init_path"] = json!("/login");
    platform["sso"]["consume_path"] = json!("/maestrano/auth/saml/consume/northbank");
    platform["webhooks"] =
        json!({ "account": { "group_path": "/left/:id", "group_user_path": "/left/:id/:group_id" } });
    let app = app(Directory::of(&entries));
    let document = json_of(&ask(&app, Method::GET, METADATA_OF_ACME, Some(ACME)).await);
    assert_eq!(document["sso"]["init_path"], "/mno-enterprise/acme-hub/saml/initialize");
    assert_eq!(document["sso"]["consume_path"], "/mno-enterprise/acme-hub/saml/consume");
    let account = &document["webhook"]["account"];
    assert_eq!(account["group_path"], "/mno-enterprise/acme-hub/account/group/:id");
    assert_eq!(account["group_user_path"], "/mno-enterprise/acme-hub/account/group/:group_id/user/:id");
}

#[tokio::test]
async fn a_certificate_that_is_not_used_any_more_is_not_told() {
    let certificate = entries("")["acme-hub"].platform.as_ref().unwrap()["sso"]["x509_certificate"].clone();
    let manifest = json!({ "marketplaces": { "acme-hub": { "certificates": [
        { "certificate": certificate, "until": "2030-01-15T10:00:30Z" },
    ] } } });
    let app = app(directory(&manifest.to_string()));
    let document = json_of(&ask(&app, Method::GET, METADATA_OF_ACME, Some(ACME)).await);
    assert_eq!(document["sso"]["x509_certificate"], Value::Null);
}
