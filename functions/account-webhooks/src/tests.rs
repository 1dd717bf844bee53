//! The function by itself: who is heard. What then happens is shown with a table, in `tests/integration/flows/removals.rs`.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    error::ErrorMetadata,
    operation::{
        get_item::{GetItemError, GetItemOutput},
        transact_write_items::TransactWriteItemsOutput,
    },
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use lambda_http::http::{self, header};
use shared::{
    clock::FixedClock,
    configuration::Configuration,
    store::Accounts,
    testing::{basic_header, directory},
};

use super::*;

const ACME: (&str, &str) = ("app-9f3d", "k-acme-0f6b2d7c41e94a5f");
const NORTHBANK: (&str, &str) = ("7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55", "k-north-77e0c1d9");
const GROUP: &str = "/mno-enterprise/acme-hub/account/group/cld-7a1c";

/// An app whose table answers like this, and what counts the questions.
fn app(manifest: &str, table: &Rule) -> App {
    let clock = FixedClock::at("2030-01-15T10:00:30Z".parse().unwrap());
    let noted = mock!(Client::transact_write_items).then_output(|| TransactWriteItemsOutput::builder().build());
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [table, &noted]);
    let accounts = Accounts::new(client, "accounts".to_owned());
    App::new(accounts, Configuration::fixed(directory(manifest)), Arc::new(clock))
}

fn empty_table() -> Rule {
    mock!(Client::get_item).then_output(|| GetItemOutput::builder().build())
}

async fn ask(app: &App, method: Method, path: &str, credentials: Option<(&str, &str)>) -> Response<Body> {
    let request =
        http::Request::builder().method(method).uri(format!("https://x.test{path}")).body(Body::Empty).unwrap();
    let mut request = request.with_raw_http_path(path);
    if let Some((id, key)) = credentials {
        request.headers_mut().insert(header::AUTHORIZATION, basic_header(id, key));
    }
    handle(app, request).await.unwrap_or_else(|never| match never {})
}

#[tokio::test]
async fn without_the_marketplaces_own_credentials_no_record_is_looked_up() {
    let table = empty_table();
    let app = app("", &table);
    for path in [GROUP, "/mno-enterprise/nobody/account/group/cld-7a1c", "/maestrano/account/groups/cld-7a1c/acme-hub"]
    {
        for wrong in [None, Some(NORTHBANK), Some((ACME.0, "")), Some((ACME.0, "k-acme")), Some(("", ACME.1))] {
            let answer = ask(&app, Method::DELETE, path, wrong).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.headers()["www-authenticate"], answers::BASIC_CHALLENGE);
            let Body::Text(text) = answer.body() else { panic!("JSON is text") };
            let body: serde_json::Value = serde_json::from_str(text).unwrap();
            let sample: serde_json::Value =
                serde_json::from_str(include_str!("../../../tests/fixtures/vectors/account_webhook_responses.json"))
                    .unwrap();
            assert_eq!(body["error"], sample["unauthorized"]["body"]["error"]);
        }
    }
    assert_eq!(ask(&app, Method::DELETE, "/webhooks/maestrano/groups/cld-7a1c", None).await.status(), 401);
    assert_eq!(table.num_calls(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_no_mistake_in_any_spelling() {
    let app = app("", &empty_table());
    for path in crate::PATHS {
        let path = path.replace("{mp}", "acme-hub").replace("{group}", "cld-7a1c").replace("{user}", "usr-5k2");
        assert_eq!(ask(&app, Method::DELETE, &path, Some(ACME)).await.status(), StatusCode::NO_CONTENT, "{path}");
    }
    for path in ["/mno-enterprise/acme-hub/account/group/", "/mno-enterprise/acme-hub/account/group/%2e%2e"] {
        assert_eq!(ask(&app, Method::DELETE, path, Some(ACME)).await.status(), StatusCode::NO_CONTENT, "{path}");
    }
}

#[tokio::test]
async fn only_delete_removes() {
    let table = empty_table();
    let app = app("", &table);
    for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::OPTIONS] {
        let answer = ask(&app, method.clone(), GROUP, Some(ACME)).await;
        assert_eq!(
            (answer.status(), &answer.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"DELETE".parse().unwrap())
        );
        assert_eq!(ask(&app, method, GROUP, None).await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(table.num_calls(), 0);
}

#[tokio::test]
async fn a_marketplace_that_is_switched_off_is_heard() {
    let app = app("marketplaces: {acme-hub: {disabled: true}}", &empty_table());
    assert_eq!(ask(&app, Method::DELETE, GROUP, Some(ACME)).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_outage_of_the_table_asks_for_another_try() {
    let down = mock!(Client::get_item)
        .then_error(|| GetItemError::generic(ErrorMetadata::builder().code("ValidationException").build()));
    let answer = ask(&app("", &down), Method::DELETE, GROUP, Some(ACME)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
}
