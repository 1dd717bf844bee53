//! The marketplace tells the app that a group or a member is gone.

use std::time::{Duration, Instant};

use sandbox::{MarketplaceSpec, Options, PathStyle};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::App;
use crate::running::Running;

const CANCEL: &str = "marketplaces/acme-hub/groups/cld-7a1c/cancel";
const REMOVE: &str = "marketplaces/acme-hub/groups/cld-7a1c/members/usr-5k2/remove";
const GROUP_PATH: &str = "DELETE /mno-enterprise/acme-hub/account/group/cld-7a1c";
const MEMBER_PATH: &str = "DELETE /mno-enterprise/acme-hub/account/group/cld-7a1c/user/usr-5k2";

/// How the call ended, according to the control API.
async fn call(running: &Running, path: &str, body: &str) -> Value {
    let answer = running.change("POST", path, body).await;
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
    answer.json()
}

fn accepted() -> Value {
    json!({"sent": true, "status": 200, "attempts": 1})
}

fn silent() -> Value {
    json!({"sent": false, "status": null, "attempts": 0})
}

/// The deliveries of the vector, each as its method and path with its headers.
fn vector() -> Vec<(String, Vec<(String, String)>)> {
    let requests = include_str!("../vectors/account_webhook_requests.http").split("### ");
    let parsed = requests.map(|request| {
        let request = &request[request.find("DELETE").unwrap_or(request.len())..];
        let mut lines = request.lines();
        let line = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        let headers = lines.filter_map(|line| line.split_once(": "));
        (line, headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect())
    });
    parsed.filter(|(line, _): &(String, Vec<_>)| !line.is_empty()).collect()
}

#[tokio::test]
async fn deliveries_are_those_of_the_vector_in_both_path_styles() {
    let app = App::answering(&[]).await;
    let acme = MarketplaceSpec {
        path_style: PathStyle::Historical,
        api_id: "app-9f3d".to_owned(),
        api_key: Some("k-acme-0f6b2d7c41e94a5f".to_owned()),
        ..MarketplaceSpec::acme_hub()
    };
    let north = MarketplaceSpec {
        path_style: PathStyle::MnoEnterprise,
        api_id: "7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55".to_owned(),
        api_key: Some("k-north-77e0c1d9".to_owned()),
        ..MarketplaceSpec::northbank()
    };
    let options = Options { marketplaces: vec![acme, north], app_host: app.host.clone(), ..Options::default() };
    let running = Running::with(options).await;
    for path in [CANCEL, REMOVE, "marketplaces/northbank/groups/cld-7a1c/members/usr-5k2/remove"] {
        assert_eq!(call(&running, path, "").await, accepted());
    }
    let received = app.received();
    let expected = vector();
    assert_eq!((received.len(), expected.len()), (3, 3));
    for (received, (line, headers)) in received.iter().zip(expected) {
        assert_eq!(received.line, line);
        for (name, value) in headers.iter().filter(|(name, _)| name != "host") {
            assert_eq!(received.headers[name], value.as_str(), "{line}: {name}");
        }
        assert!(received.body.is_empty());
    }
}

#[tokio::test]
async fn the_seeded_marketplaces_tell_the_app_in_their_own_style_with_their_own_credentials() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    for path in [CANCEL, REMOVE] {
        call(&running, path, "").await;
        call(&running, &path.replace("acme-hub", "northbank"), "").await;
    }
    let expected = [
        GROUP_PATH,
        "DELETE /maestrano/account/groups/cld-7a1c/northbank",
        MEMBER_PATH,
        "DELETE /maestrano/account/groups/cld-7a1c/users/usr-5k2/northbank",
    ];
    assert_eq!(app.lines(), expected);
    let authorization: Vec<_> =
        app.received().iter().map(|received| received.headers["authorization"].clone()).collect();
    assert_eq!(authorization[0], authorization[2]);
    assert_eq!(authorization[1], authorization[3]);
    assert_ne!(authorization[0], authorization[1]);
}

#[tokio::test]
async fn what_the_app_answered_is_told_without_its_credentials() {
    let app = App::answering(&[200, 204]).await;
    let running = Running::beside(&app.host).await;
    call(&running, CANCEL, "").await;
    assert_eq!(call(&running, REMOVE, "").await["status"], 204);
    let told = running.told().await;
    let expected = [
        "cld-7a1c is cancelled.",
        "The marketplace told the app that cld-7a1c is cancelled: 200.",
        "usr-5k2 is no longer in cld-7a1c.",
        "The marketplace told the app that usr-5k2 is no longer in cld-7a1c: 204.",
    ];
    assert_eq!(told, expected);
    let log = running.get("/control/events").send().await.body;
    assert!(log.contains("\"webhook.group_cancelled\"") && log.contains("\"webhook.member_removed\""));
    assert!(!log.contains(&running.marketplace("acme-hub").api_key));
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_after_a_pause_until_it_is_taken() {
    let app = App::answering(&[500, 401, 204]).await;
    let running = Running::beside(&app.host).await;
    let started = Instant::now();
    assert_eq!(call(&running, CANCEL, "").await, json!({"sent": true, "status": 204, "attempts": 3}));
    assert!(started.elapsed() >= Duration::from_millis(1_200));
    assert_eq!(app.lines(), [GROUP_PATH; 3]);
    let told = running.told().await;
    assert_eq!(told[1], "The marketplace told the app that cld-7a1c is cancelled: 500.");
    assert_eq!(told[2], "The marketplace told the app that cld-7a1c is cancelled: 401 (attempt 2 of 3).");
    assert_eq!(told[3], "The marketplace told the app that cld-7a1c is cancelled: 204 (attempt 3 of 3).");
}

#[tokio::test]
async fn an_app_that_goes_on_refusing_is_given_up_and_the_state_has_changed_all_the_same() {
    let app = App::answering(&[500; 4]).await;
    let running = Running::beside(&app.host).await;
    assert_eq!(call(&running, CANCEL, "").await, json!({"sent": true, "status": 500, "attempts": 3}));
    assert_eq!(app.lines().len(), 3);
    assert_eq!(running.state().await["marketplaces"][0]["groups"][0]["status"], "terminated");
}

#[tokio::test]
async fn a_redirect_is_a_refusal_and_is_not_followed() {
    let app = App::answering(&[302, 307, 308]).await;
    let running = Running::beside(&app.host).await;
    assert_eq!(call(&running, REMOVE, "").await, json!({"sent": true, "status": 308, "attempts": 3}));
    assert_eq!(app.lines(), [MEMBER_PATH; 3]);
}

#[tokio::test]
async fn an_app_that_cannot_be_reached_is_told_of_to_the_caller() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let running = Running::beside(&host).await;
    assert_eq!(call(&running, CANCEL, "").await, json!({"sent": false, "status": null, "attempts": 3}));
    let told = running.told().await;
    assert_eq!(told[1], "The marketplace could not tell the app that cld-7a1c is cancelled: no connection.");
    assert_eq!(told.len(), 4);
}

#[tokio::test]
async fn a_removal_can_be_told_again() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    for _ in 0..2 {
        assert_eq!(call(&running, CANCEL, "").await, accepted());
        assert_eq!(call(&running, REMOVE, "{}").await, accepted());
    }
    assert_eq!(app.lines(), [GROUP_PATH, MEMBER_PATH, GROUP_PATH, MEMBER_PATH]);
}

#[tokio::test]
async fn a_removal_can_be_told_many_times_at_once() {
    let app = App::answering(&[200, 200, 500]).await;
    let running = Running::beside(&app.host).await;
    let report = call(&running, CANCEL, r#"{"times":20}"#).await;
    assert_eq!((&report["sent"], &report["status"], &report["attempts"]), (&json!(true), &json!(200), &json!(21)));
    let deliveries = report["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 20);
    assert_eq!(deliveries.iter().filter(|delivery| **delivery == accepted()).count(), 19);
    assert!(deliveries.contains(&json!({"sent": true, "status": 200, "attempts": 2})));
    assert_eq!(app.lines().len(), 21);
    let once = call(&running, CANCEL, r#"{"times":1}"#).await;
    assert_eq!(once, json!({"sent": true, "status": 200, "attempts": 1, "deliveries": [accepted()]}));
}

#[tokio::test]
async fn of_many_deliveries_the_one_that_failed_is_the_outcome() {
    let app = App::answering(&[200, 200, 500, 500, 500]).await;
    let running = Running::beside(&app.host).await;
    let report = call(&running, CANCEL, r#"{"times":3}"#).await;
    assert_eq!((&report["status"], &report["attempts"]), (&json!(500), &json!(5)));
}

#[tokio::test]
async fn the_state_can_change_without_the_app_being_told() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    for path in [CANCEL, REMOVE] {
        assert_eq!(call(&running, path, r#"{"deliver":false}"#).await, silent());
    }
    assert!(app.lines().is_empty());
    let acme = running.state().await["marketplaces"][0].take();
    assert_eq!(acme["groups"][0]["status"], "terminated");
    assert_eq!(acme["memberships"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_app_can_be_told_without_the_state_changing() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    let before = running.state().await;
    assert_eq!(call(&running, CANCEL, r#"{"only_deliver":true}"#).await, accepted());
    let twice = call(&running, REMOVE, r#"{"only_deliver":true,"times":2,"deliver":true}"#).await;
    assert_eq!(twice["deliveries"], json!([accepted(), accepted()]));
    assert_eq!(app.lines(), [GROUP_PATH, MEMBER_PATH, MEMBER_PATH]);
    assert_eq!(running.state().await, before);
}

#[tokio::test]
async fn anything_else_in_the_body_is_refused_by_its_name_and_changes_nothing() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    let before = running.state().await;
    let cases = [
        (r#"{"delivr":false}"#, "\"delivr\""),
        (r#"{"deliver":"no"}"#, "deliver must be"),
        (r#"{"deliver":null}"#, "deliver must be"),
        (r#"{"only_deliver":1}"#, "only_deliver must be"),
        (r#"{"times":0}"#, "times must be"),
        (r#"{"times":21}"#, "times must be"),
        (r#"{"times":1.5}"#, "times must be"),
        (r#"{"times":null}"#, "times must be"),
        (r#"{"deliver":false,"only_deliver":true}"#, "only_deliver makes no sense"),
        (r#"{"deliver":false,"times":2}"#, "times makes no sense"),
        ("[]", "expected a map"),
        ("null", "expected a map"),
        ("{", "EOF"),
    ];
    for path in [CANCEL, REMOVE] {
        for (body, expected) in cases {
            let answer = running.change("POST", path, body).await;
            assert_eq!(answer.status, 400, "{body}");
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(error.contains(expected), "{error}");
        }
    }
    assert!(app.lines().is_empty());
    assert_eq!(running.state().await, before);
}

#[tokio::test]
async fn who_is_not_known_cannot_be_removed() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    let paths = [
        "marketplaces/nowhere/groups/cld-7a1c/cancel",
        "marketplaces/acme-hub/groups/cld-none/cancel",
        "marketplaces/nowhere/groups/cld-7a1c/members/usr-5k2/remove",
        "marketplaces/acme-hub/groups/cld-none/members/usr-5k2/remove",
        "marketplaces/acme-hub/groups/cld-7a1c/members/usr-none/remove",
        "marketplaces/acme-hub/groups/cld-7a1c/members/usr-8w1/remove",
    ];
    for path in paths {
        for body in ["", r#"{"only_deliver":true}"#] {
            let answer = running.change("POST", path, body).await;
            assert_eq!(answer.status, 404, "{path} {body}");
            assert!(answer.json()["error"].is_string());
        }
    }
    assert_eq!(running.change("GET", CANCEL, "").await.status, 405);
    assert!(app.lines().is_empty() && running.told().await.is_empty());
}

#[tokio::test]
async fn the_app_is_told_where_this_marketplace_believes_it_to_be() {
    let (one, other) = (App::answering(&[]).await, App::answering(&[]).await);
    let running = Running::beside(&one.host).await;
    let body = json!({"app_host": other.host}).to_string();
    assert_eq!(running.change("PATCH", "marketplaces/acme-hub", &body).await.status, 200);
    call(&running, CANCEL, "").await;
    call(&running, &CANCEL.replace("acme-hub", "northbank"), "").await;
    assert_eq!(other.lines(), [GROUP_PATH]);
    assert_eq!(one.lines(), ["DELETE /maestrano/account/groups/cld-7a1c/northbank"]);
}

#[tokio::test]
async fn a_patch_of_the_configuration_moves_the_webhooks_unless_it_names_no_path() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    let patches = [
        (json!({"group_path": "/webhooks/maestrano/groups/:id"}), "DELETE /webhooks/maestrano/groups/cld-7a1c"),
        (json!({"group_path": "@elsewhere.test/:id"}), GROUP_PATH),
        (json!({"group_path": null}), GROUP_PATH),
        (json!({"group_path": 7}), GROUP_PATH),
    ];
    for (account, expected) in patches {
        let patch = json!({"webhooks": {"account": account}}).to_string();
        running.change("PUT", "marketplaces/acme-hub/configuration", &patch).await;
        call(&running, CANCEL, "").await;
        assert_eq!(app.lines().last().unwrap(), expected);
    }
    running.change("PUT", "marketplaces/acme-hub/configuration", "null").await;
    call(&running, REMOVE, "").await;
    assert_eq!(app.lines().last().unwrap(), MEMBER_PATH);
}

#[tokio::test]
async fn deleting_a_member_or_a_group_tells_the_app_nothing() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    for path in ["marketplaces/acme-hub/groups/cld-9e4f/members/usr-8w1", "marketplaces/acme-hub/groups/cld-9e4f"] {
        assert_eq!(running.change("DELETE", path, "").await.status, 204);
    }
    assert!(app.lines().is_empty());
    for path in ["groups/cld-9e4f/cancel", "groups/cld-9e4f/members/usr-8w1/remove"] {
        let answer = running.change("POST", &format!("marketplaces/acme-hub/{path}"), "").await;
        assert_eq!(answer.status, 404, "what is deleted is unknown");
    }
}
