//! The vendor's app: it exchanges a one-time code, asks whether the session holds, ends it. Every answer is held against the document.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{
    Browser, World,
    app::{document, problems},
};

/// What can be asked of a route. The emulated API Gateway answers `OPTIONS` itself.
const STANDARD: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Signs in as far as the code.
async fn code(world: &World) -> String {
    code_of(world, "acme-hub", "usr-5k2", "cld-7a1c").await
}

/// The same for anybody.
pub(crate) async fn code_of(world: &World, marketplace: &str, user: &str, group: &str) -> String {
    let mut browser = Browser::new();
    let form = browser.launch(world, marketplace, user, group).await;
    let answer = browser.submit(&form).await;
    let landing = url::Url::parse(answer.location().unwrap()).unwrap();
    let (_, code) = landing.query_pairs().find(|(name, _)| name == "code").unwrap();
    code.into_owned()
}

async fn exchange_with(world: &World, key: &str, body: &Value) -> Response {
    let client = reqwest::Client::builder().build().unwrap();
    client.post(world.service("/app/v1/session/token")).bearer_auth(key).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_code_gives_the_session_once() {
    let world = World::start().await;
    let body = json!({ "code": code(&world).await });
    let first = world.exchange(body["code"].as_str().unwrap()).await;
    assert_eq!(first.status, StatusCode::OK);
    let session = first.body;
    assert_eq!(session["marketplace"], "acme-hub");
    assert_eq!(session["user"]["id"], "usr-5k2");
    assert_eq!(session["user"]["virtual_id"], "usr-5k2.cld-7a1c");
    assert_eq!(session["group"]["id"], "cld-7a1c");
    assert_eq!(session["is_admin"], session["role"].as_str().unwrap().ends_with("Admin"));

    let second = world.exchange(body["code"].as_str().unwrap()).await;
    assert_eq!((second.status, second.problem()), (StatusCode::BAD_REQUEST, "invalid-code"));
    world.stop().await;
}

#[tokio::test]
async fn a_code_that_has_expired_gives_nothing() {
    let world = World::start().await;
    let code = code(&world).await;
    world.age("code", SignedDuration::from_secs(60)).await;
    let late = exchange_with(&world, world.app_api_key(), &json!({ "code": code })).await;
    assert_eq!(late.status(), StatusCode::BAD_REQUEST);
    world.stop().await;
}

#[tokio::test]
async fn without_the_key_a_code_is_not_used_up() {
    let world = World::start().await;
    let body = json!({ "code": code(&world).await });
    for wrong in ["", "wrong", &world.app_api_key()[1..]] {
        let answer = exchange_with(&world, wrong, &body).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(exchange_with(&world, world.app_api_key(), &body).await.status(), StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn malformed_calls_are_told_so() {
    let world = World::start().await;
    let key = world.app_api_key();
    for body in [json!({}), json!([]), json!({ "code": 7 }), json!("code"), json!({ "code": "x", "more": 1 })] {
        let answer = exchange_with(&world, key, &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    let long = exchange_with(&world, key, &json!({ "code": "x".repeat(2_000) })).await;
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
    let exchanges = (0..10).map(|_| exchange_with(&world, world.app_api_key(), &body));
    let statuses: Vec<StatusCode> = futures::future::join_all(exchanges).await.iter().map(Response::status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::BAD_REQUEST).count(), 9, "{statuses:?}");
    world.stop().await;
}

/// Signs in and gives the app its token.
async fn token(world: &World) -> String {
    let exchanged = world.exchange(&code(world).await).await;
    assert_eq!(exchanged.status, StatusCode::OK);
    exchanged.body["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_route_of_the_document_is_served_and_the_other_way_round() {
    let described: BTreeSet<&str> = document()["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, app_api::PATHS.into_iter().collect());
    let world = World::start().await;
    for (path, operations) in document()["paths"].as_object().unwrap() {
        let mut allowed: BTreeSet<String> =
            operations.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        allowed.retain(|method| Method::from_bytes(method.as_bytes()).is_ok_and(|method| STANDARD.contains(&method)));
        for method in STANDARD {
            if method == Method::HEAD {
                continue;
            }
            let answer = world.call(method.clone(), path, |request| request).await;
            let is_refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_refused, !allowed.contains(method.as_str()), "{method} {path}: {}", answer.status);
            if is_refused {
                let told: BTreeSet<String> =
                    answer.headers["allow"].to_str().unwrap().split(", ").map(str::to_owned).collect();
                assert_eq!(told, allowed, "{path}");
            }
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn the_documents_examples_are_as_it_says() {
    let mut count = 0;
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        for example in schema["examples"].as_array().into_iter().flatten() {
            let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
            assert_eq!(problems(&reference, example), [""; 0], "{name}");
            count += 1;
        }
    }
    assert!(count > 3, "{count}");
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    assert!(!problems(&problem, &json!({ "type": "x" })).is_empty(), "the check notices");
}

#[tokio::test]
async fn an_app_can_check_a_token_with_nothing_but_our_public_keys() {
    let world = World::start().await;
    let token = token(&world).await;
    let published = reqwest::Client::builder().build().unwrap().get(world.service("/.well-known/jwks.json"));
    let published = published.send().await.unwrap();
    assert_eq!(published.headers()["cache-control"], "public, max-age=300");
    let set: jsonwebtoken::jwk::JwkSet = published.json().await.unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let key = set.find(header.kid.as_deref().unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.set_issuer(&["stallholder"]);
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!(problems(&json!({ "$ref": "#/components/schemas/TokenClaims" }), &claims), [""; 0]);
    assert_eq!((&claims["sub"], &claims["group"]), (&json!("usr-5k2"), &json!("cld-7a1c")));
    world.stop().await;
}

#[tokio::test]
async fn the_app_asks_whether_a_session_holds_and_ends_it() {
    let world = World::start().await;
    let mut browser = Browser::new();
    let form = browser.launch(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    let landing = browser.submit(&form).await;
    let landing = url::Url::parse(landing.location().unwrap()).unwrap();
    let (_, code) = landing.query_pairs().find(|(name, _)| name == "code").unwrap();
    let exchanged = world.exchange(&code).await.body;
    let token = exchanged["token"].as_str().unwrap();
    let held = world.session(token).await;
    assert_eq!((held.status, &held.body["user"]), (StatusCode::OK, &exchanged["user"]));
    let fresh = held.body["token"].as_str().unwrap();

    let ended = world.end_session(fresh).await;
    let acme = world.marketplace("acme-hub");
    assert_eq!(ended.body, json!({ "logout_url": format!("{}/app_logout?user_uid=usr-5k2", acme.host) }));
    assert_eq!(world.end_session(token).await.body, ended.body, "again");
    let over = world.session(token).await;
    assert_eq!((over.status, over.problem()), (StatusCode::UNAUTHORIZED, "session-ended"));
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED, "the browser's too");
    let there = Browser::new().get(ended.body["logout_url"].as_str().unwrap()).await;
    assert_eq!(there.status, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn a_session_that_the_marketplace_ended_ends_for_the_app_too() {
    let world = World::start().await;
    let token = token(&world).await;
    world.make_rechecks_due().await;
    assert_eq!(world.session(&token).await.status, StatusCode::OK);
    world.end_at_marketplace("acme-hub", "usr-5k2").await;
    world.make_rechecks_due().await;
    assert_eq!(world.session(&token).await.problem(), "session-ended");
    world.stop().await;
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_told_so() {
    let world = World::start().await;
    let token = token(&world).await;
    let (start, _) = token.rsplit_once('.').unwrap();
    for method in [Method::GET, Method::DELETE] {
        for bad in ["", "x", "a.b.c", &token[1..], start, &format!("{token}, {token}")] {
            let answer = world
                .call(method.clone(), "/app/v1/session", |request| request.header("stallholder-session", bad))
                .await;
            assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "malformed"), "{bad}");
        }
        let missing = world.call(method, "/app/v1/session", |request| request).await;
        assert_eq!(missing.status, StatusCode::BAD_REQUEST);
    }
    let client = reqwest::Client::builder().build().unwrap();
    let stranger = client.get(world.service("/app/v1/session")).header("stallholder-session", &token);
    assert_eq!(stranger.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "the token alone is not enough");
    assert_eq!(world.session(&token).await.status, StatusCode::OK);
    world.stop().await;
}
