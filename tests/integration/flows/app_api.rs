//! The app exchanges a one-time code.

use jiff::SignedDuration;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Browser, World};

/// Signs in as far as the code.
async fn code(world: &World) -> String {
    let mut browser = Browser::new();
    let form = browser.launch(world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let answer = browser.submit(&form).await;
    let landing = url::Url::parse(answer.location().unwrap()).unwrap();
    let (_, code) = landing.query_pairs().find(|(name, _)| name == "code").unwrap();
    code.into_owned()
}

async fn exchange(world: &World, key: &str, body: &Value) -> Response {
    let client = reqwest::Client::builder().build().unwrap();
    client.post(world.service("/app/v1/session/token")).bearer_auth(key).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_code_gives_the_session_once() {
    let world = World::start().await;
    let body = json!({ "code": code(&world).await });
    let first = exchange(&world, world.app_api_key(), &body).await;
    assert_eq!(first.status(), StatusCode::OK);
    let session: Value = first.json().await.unwrap();
    assert_eq!(session["marketplace"], "acme-hub");
    assert_eq!(session["user"]["id"], "usr-5k2");
    assert_eq!(session["user"]["virtual_id"], "usr-5k2.cld-7a1c");
    assert_eq!(session["group"]["id"], "cld-7a1c");
    assert_eq!(session["is_admin"], session["role"].as_str().unwrap().ends_with("Admin"));

    let second = exchange(&world, world.app_api_key(), &body).await;
    assert_eq!(second.status(), StatusCode::BAD_REQUEST);
    let problem: Value = second.json().await.unwrap();
    assert_eq!(problem["type"], "urn:stallholder:problem:invalid-code");
    world.stop().await;
}

#[tokio::test]
async fn a_code_that_has_expired_gives_nothing() {
    let world = World::start().await;
    let code = code(&world).await;
    world.age("code", SignedDuration::from_secs(60)).await;
    let late = exchange(&world, world.app_api_key(), &json!({ "code": code })).await;
    assert_eq!(late.status(), StatusCode::BAD_REQUEST);
    world.stop().await;
}

#[tokio::test]
async fn without_the_key_a_code_is_not_used_up() {
    let world = World::start().await;
    let body = json!({ "code": code(&world).await });
    for wrong in ["", "wrong", &world.app_api_key()[1..]] {
        let answer = exchange(&world, wrong, &body).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(exchange(&world, world.app_api_key(), &body).await.status(), StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn malformed_calls_are_told_so() {
    let world = World::start().await;
    let key = world.app_api_key();
    for body in [json!({}), json!([]), json!({ "code": 7 }), json!("code")] {
        let answer = exchange(&world, key, &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    let long = exchange(&world, key, &json!({ "code": "x".repeat(2_000) })).await;
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let client = reqwest::Client::builder().build().unwrap();
    let get = client.get(world.service("/app/v1/session/token")).bearer_auth(key).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    let text = client.post(world.service("/app/v1/session/token")).bearer_auth(key).body("{}").send().await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    world.stop().await;
}

#[tokio::test]
async fn of_many_exchanges_at_once_exactly_one_gets_the_session() {
    let world = World::start().await;
    let body = json!({ "code": code(&world).await });
    let exchanges = (0..10).map(|_| exchange(&world, world.app_api_key(), &body));
    let statuses: Vec<StatusCode> = futures::future::join_all(exchanges).await.iter().map(Response::status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::BAD_REQUEST).count(), 9, "{statuses:?}");
    world.stop().await;
}
