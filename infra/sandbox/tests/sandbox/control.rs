//! The control API: changes, refusals, reset.

use crate::http::request;
use crate::running::{Running, login_url, saml_response};

#[tokio::test]
async fn a_change_that_is_not_declared_as_json_is_refused() {
    let running = Running::start().await;
    let url = format!("{}/reset", running.sandbox.control_url());
    let answer = request("POST", &url).header("content-type", "text/plain").send().await;
    assert_eq!(answer.status, 415);
    assert!(answer.json()["error"].as_str().unwrap().contains("application/json"));
    assert_eq!(request("POST", &url).send().await.status, 415);
}

#[tokio::test]
async fn a_request_to_a_foreign_name_is_refused() {
    let running = Running::start().await;
    for path in ["/control/state", "/"] {
        let answer = running.get(path).header("host", "sandbox.example.com").send().await;
        assert_eq!(answer.status, 421, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_methods_and_bodies_are_refused_in_json() {
    let running = Running::start().await;
    let cases = [
        ("GET", "nonsense", "", 404),
        ("POST", "state", "", 405),
        ("PUT", "app", "{", 400),
        ("PUT", "app", r#"{"host":"nonsense"}"#, 422),
        ("PATCH", "marketplaces/acme-hub", r#"{"signature":"md5"}"#, 400),
        ("PATCH", "marketplaces/acme-hub", r#"{"signatur":"sha256"}"#, 400),
        ("PATCH", "marketplaces/nowhere", r#"{"check_acs":true}"#, 404),
        ("PUT", "marketplaces/acme-hub/groups/cld-none/members/usr-5k2", r#"{"role":"Admin"}"#, 404),
        ("PUT", "marketplaces/acme-hub/groups/cld-7a1c/members/usr-none", r#"{"role":"Admin"}"#, 404),
        ("PUT", "marketplaces/acme-hub/groups/cld-7a1c/members/usr-5k2", r#"{"role":"King"}"#, 400),
        ("DELETE", "marketplaces/acme-hub/users/usr-none", "", 404),
        ("POST", "marketplaces/acme-hub/users/usr-none/end_session", "", 404),
        ("DELETE", "faults/none", "", 404),
    ];
    for (method, path, body, status) in cases {
        let answer = running.change(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {}", answer.body);
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn a_uid_with_a_dot_is_refused_because_session_checks_cut_there() {
    let running = Running::start().await;
    let body = r#"{"name":"A","surname":"B","email":"a@example.test","country":"DE"}"#;
    let answer = running.change("PUT", "marketplaces/acme-hub/users/usr-1.x", body).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn a_new_user_in_a_new_group_can_log_in() {
    let running = Running::start().await;
    let user = r#"{"name":"New","surname":"Person","email":"new@example.test","country":"DE"}"#;
    let group = r#"{"name":"New GmbH","email":"office@example.test","free_trial_end_at":"2031-01-01T00:00:00Z",
                    "currency":"EUR","timezone":"Europe/Berlin","country":"DE","city":"Köln"}"#;
    assert_eq!(running.change("PUT", "marketplaces/acme-hub/users/usr-new", user).await.status, 200);
    assert_eq!(running.change("PUT", "marketplaces/acme-hub/groups/cld-new", group).await.status, 200);
    let member =
        running.change("PUT", "marketplaces/acme-hub/groups/cld-new/members/usr-new", r#"{"role":"Power User"}"#).await;
    assert_eq!(member.json()["role"], "Power User");
    let response = running.acme_response("usr-new", "cld-new").await;
    assert!(response.contains("<AttributeValue>Power User</AttributeValue>"));
    assert!(response.contains("<AttributeValue>Köln</AttributeValue>"));
}

#[tokio::test]
async fn removing_a_membership_a_group_or_a_user_takes_the_login_away() {
    let running = Running::start().await;
    let deleted = running.change("DELETE", "marketplaces/acme-hub/groups/cld-9e4f/members/usr-8w1", "").await;
    assert_eq!(deleted.status, 204);
    assert_eq!(running.acme_login("&user_uid=usr-8w1").send().await.status, 403);
    for group in ["cld-7a1c", "cld-9e4f", "cld-2b6d"] {
        let path = format!("marketplaces/acme-hub/groups/{group}");
        assert_eq!(running.change("DELETE", &path, "").await.status, 204);
    }
    assert_eq!(running.acme_login("&user_uid=usr-5k2").send().await.status, 403);
    assert_eq!(running.change("DELETE", "marketplaces/acme-hub/users/usr-5k2", "").await.status, 204);
    assert!(running.acme_login("&user_uid=usr-5k2").send().await.body.contains("Who is logging in?"));
}

#[tokio::test]
async fn the_app_can_be_registered_elsewhere_for_all_or_for_one() {
    let running = Running::start().await;
    running.change("PUT", "app", r#"{"host":"http://127.0.0.1:9999/"}"#).await;
    for marketplace in running.sandbox.marketplaces() {
        assert!(marketplace.acs_url.starts_with("http://127.0.0.1:9999/m"));
    }
    running.change("PATCH", "marketplaces/northbank", r#"{"app_host":"http://localhost:7"}"#).await;
    let north = running.marketplace("northbank");
    assert!(north.initialize_url.starts_with("http://localhost:7/"));
    let page = crate::http::get(login_url(&north, &north.acs_url, "&user_uid=usr-5k2")).send().await;
    assert!(saml_response(&page).contains("<Audience>http://localhost:7/</Audience>"));
    running.change("PATCH", "marketplaces/northbank", r#"{"app_host":null}"#).await;
    assert!(running.marketplace("northbank").initialize_url.starts_with("http://127.0.0.1:9999/"));
}

#[tokio::test]
async fn reset_brings_back_the_seed_and_keeps_keys_and_credentials() {
    let running = Running::start().await;
    let before = running.state().await;
    let pem = running.marketplace("acme-hub").idp_certificate_pem;
    running.change("DELETE", "marketplaces/acme-hub/users/usr-5k2", "").await;
    running.change("PATCH", "marketplaces/acme-hub", r#"{"signature":"historical","check_acs":false}"#).await;
    running.change("PUT", "app", r#"{"host":"http://localhost:1"}"#).await;
    running.change("POST", "faults", r#"{"route":"saml","kind":"status"}"#).await;
    running.get("/acme-hub/sso_trigger?reseller_sso=true").send().await;
    assert_ne!(running.state().await, before);
    assert_eq!(running.change("POST", "reset", "").await.status, 200);
    assert_eq!(running.state().await, before);
    assert_eq!(running.marketplace("acme-hub").idp_certificate_pem, pem);
}

#[tokio::test]
async fn the_state_holds_no_private_key() {
    let running = Running::start().await;
    let state = running.state().await.to_string();
    assert!(state.contains("\"sessions\"") && state.contains("\"api_key\""));
    assert!(!state.contains("PRIVATE"));
}

#[tokio::test]
async fn events_are_numbered_and_can_be_continued_from_a_number() {
    let running = Running::start().await;
    running.get("/acme-hub/app_logout").send().await;
    running.get("/acme-hub/app_access_unauthorized").send().await;
    let all = running.get("/control/events").send().await.json();
    assert_eq!(all["events"][0]["seq"], 1);
    assert_eq!(all["events"][0]["kind"], "session.logged_out");
    assert_eq!(all["events"][0]["marketplace"], "acme-hub");
    let later = running.get("/control/events?after=1").send().await.json();
    assert_eq!(later["events"].as_array().unwrap().len(), 1);
    assert_eq!(later["events"][0]["seq"], 2);
}
