//! The function by itself, without the stack: what it answers when the table does not.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use lambda_http::{RequestExt as _, http::header};
use shared::{
    application_keys::{ApplicationKeys, RotatingKeys},
    clock::SystemClock,
    configuration::Configuration,
    marketplace::Directory,
    secrets::Key,
    session::Token,
    store::Accounts,
    testing::directory,
};

use super::*;

/// An app whose table is not there: nobody listens on port 1.
fn app_without_table() -> App {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .endpoint_url("http://127.0.0.1:1")
        .region(Region::new("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .build();
    let accounts = Accounts::new(Client::from_conf(config), "accounts".to_owned());
    app(Directory::default(), accounts, "https://app.test/", "").unwrap()
}

fn app(
    directory: Directory,
    accounts: Accounts,
    post_login_url: &str,
    return_origins: &str,
) -> Result<App, StartError> {
    app_of(Configuration::fixed(directory), accounts, post_login_url, return_origins)
}

fn keys() -> Arc<RotatingKeys> {
    let key = Key { key: "0123456789abcdef0123456789abcdef".into(), previous: None };
    Arc::new(RotatingKeys::fixed(ApplicationKeys::new(key).unwrap()))
}

fn app_of(
    configuration: Configuration,
    accounts: Accounts,
    post_login_url: &str,
    return_origins: &str,
) -> Result<App, StartError> {
    App::new(Parts {
        configuration,
        accounts,
        keys: keys(),
        request_signer: None,
        post_login_url,
        return_origins,
        clock: Arc::new(SystemClock),
    })
}

async fn get(app: &App, path: &str, cookie: &str) -> Response<Body> {
    let mut request = Request::new(Body::Empty).with_raw_http_path(path);
    request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    handle(app, request).await.unwrap_or_else(|never| match never {})
}

#[tokio::test]
async fn an_outage_of_the_table_is_a_503_that_says_when_to_try_again_and_nothing_else() {
    let cookie = format!("__Host-stallholder-session={}", Token::generate().expose());
    let answer = get(&app_without_table(), "/session", &cookie).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
    let Body::Text(page) = answer.body() else { panic!("a page is text") };
    assert!(page.contains("Something went wrong on our side") && !page.to_lowercase().contains("dynamo"), "{page}");
}

#[tokio::test]
async fn health_does_not_ask_the_table() {
    assert_eq!(get(&app_without_table(), "/health", "").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn head_has_no_body() {
    let app = app_without_table();
    for path in ["/health", "/session", "/nowhere"] {
        let request = Request::new(Body::Empty).with_raw_http_path(path);
        let (mut head, get) = (request.into_parts(), get(&app, path, "").await);
        head.0.method = Method::HEAD;
        let head = handle(&app, Request::from_parts(head.0, head.1)).await.unwrap_or_else(|never| match never {});
        assert_eq!(head.status(), get.status(), "{path}");
        assert!(matches!((head.body(), get.body()), (Body::Empty, Body::Text(_))), "{path}");
    }
}

const ACME_HAS_OPENID: &str = "marketplaces: { acme-hub: { openid: true } }";

fn app_with_openid() -> App {
    app(directory(ACME_HAS_OPENID), app_without_table().accounts, "https://app.test/", "").unwrap()
}

fn body(answer: &Response<Body>) -> &str {
    let Body::Text(page) = answer.body() else { panic!("a page is text") };
    page.split("<code>").next().unwrap()
}

#[tokio::test]
async fn openid_starts_only_where_the_settings_turn_it_on() {
    let app = app_with_openid();
    let answer = get(&app, "/mno-enterprise/acme-hub/openid/initialize", "").await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    let location = answer.headers()[header::LOCATION].to_str().unwrap();
    assert!(location.starts_with("https://hub.acme.example/api/openid/provider/app-9f3d?openid.ns="), "{location}");
    assert!(location.len() < 4_096, "{}", location.len());

    let unknown = get(&app, "/mno-enterprise/nobody/openid/initialize", "").await;
    let directory = directory(ACME_HAS_OPENID);
    let others: Vec<_> = directory.iter().filter(|marketplace| !marketplace.settings.openid).collect();
    assert!(!others.is_empty());
    for marketplace in others {
        for step in ["initialize", "return"] {
            let without = get(&app, &format!("/mno-enterprise/{}/openid/{step}", marketplace.key), "").await;
            assert_eq!((without.status(), body(&without)), (StatusCode::NOT_FOUND, body(&unknown)), "{step}");
        }
    }
}

#[tokio::test]
async fn a_return_without_a_message_cannot_be_read() {
    let answer = get(&app_with_openid(), "/mno-enterprise/acme-hub/openid/return", "").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn people_are_only_ever_sent_to_a_safe_address() {
    for bad in ["http://app.test/", "app.test", "https://user@app.test/", "javascript:alert(1)"] {
        let refused = app(Directory::default(), app_without_table().accounts, bad, "");
        assert!(matches!(refused, Err(StartError::PostLoginUrl)), "{bad}");
    }
}

#[test]
fn only_origins_can_be_returned_to() {
    let refused =
        app(Directory::default(), app_without_table().accounts, "https://app.test/", "https://other.test/path");
    assert!(matches!(refused, Err(StartError::ReturnOrigins)));
}

#[tokio::test]
async fn a_disabled_marketplace_is_served_nothing() {
    let directory = directory("marketplaces: { acme-hub: { disabled: true, openid: true } }");
    let app = app(directory, app_without_table().accounts, "https://app.test/", "").unwrap();
    for path in ["saml/initialize", "saml/metadata", "openid/initialize", "openid/return"] {
        let answer = get(&app, &format!("/mno-enterprise/acme-hub/{path}"), "").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(get(&app, "/mno-enterprise/northbank/saml/initialize", "").await.status(), StatusCode::FOUND);
}

#[tokio::test]
async fn without_any_configuration_yet_it_says_when_to_try_again() {
    let accounts = app_without_table().accounts;
    let configuration = Configuration::new(accounts.clone(), keys());
    let app = app_of(configuration, accounts, "https://app.test/", "").unwrap();
    let answer = get(&app, "/mno-enterprise/acme-hub/saml/initialize", "").await;
    assert_eq!(
        (answer.status(), answer.headers()[header::RETRY_AFTER].as_bytes()),
        (StatusCode::SERVICE_UNAVAILABLE, &b"5"[..])
    );
}
