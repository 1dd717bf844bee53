//! Session checks and the pages around them.

use serde_json::Value;

use crate::running::Running;

async fn check(running: &Running, uid: &str, token: &str) -> Value {
    let path = format!("/acme-hub/api/v1/auth/saml/{uid}?session={token}");
    let answer = running.get(&path).send().await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn a_token_is_valid_for_every_spelling_of_its_user() {
    let running = Running::start().await;
    let token = running.session_token(0, "usr-5k2").await;
    for uid in ["usr-5k2", "usr-5k2.cld-7a1c", "usr-5k2.cld-7a1c@appmail.hub.example"] {
        assert_eq!(check(&running, uid, &token).await["valid"], true, "{uid}");
    }
}

#[tokio::test]
async fn the_recheck_is_three_minutes_ahead_even_when_invalid() {
    let running = Running::start().await;
    for token in ["wrong".to_owned(), running.session_token(0, "usr-5k2").await] {
        let before = jiff_now(&running).await;
        let verdict = check(&running, "usr-5k2", &token).await;
        let recheck: jiff::Timestamp = verdict["recheck"].as_str().unwrap().parse().unwrap();
        let ahead = recheck.as_second() - before.as_second();
        assert!((180..185).contains(&ahead), "{ahead}");
    }
}

/// The sandbox's own clock, read from the event it records about this very call.
async fn jiff_now(running: &Running) -> jiff::Timestamp {
    running.get("/acme-hub/app_logout").send().await;
    let events = running.get("/control/events").send().await.json();
    let last = events["events"].as_array().unwrap().last().unwrap()["at"].clone();
    last.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_token_of_another_user_or_marketplace_is_not_valid() {
    let running = Running::start().await;
    let other_user = running.session_token(0, "usr-8w1").await;
    let namesake = running.session_token(1, "usr-5k2").await;
    for token in [other_user.as_str(), &namesake, "", "x"] {
        assert_eq!(check(&running, "usr-5k2", token).await["valid"], false);
    }
    assert_eq!(check(&running, "usr-nobody", &other_user).await["valid"], false);
}

#[tokio::test]
async fn ending_a_session_makes_its_token_invalid() {
    let running = Running::start().await;
    let token = running.session_token(0, "usr-5k2").await;
    let ended = running.change("POST", "marketplaces/acme-hub/users/usr-5k2/end_session", "").await;
    assert_eq!(ended.status, 200);
    assert_eq!(check(&running, "usr-5k2", &token).await["valid"], false);
    let renewed = running.session_token(0, "usr-5k2").await;
    assert_eq!(check(&running, "usr-5k2", &renewed).await["valid"], true);
}

#[tokio::test]
async fn the_logout_page_does_not_say_whether_a_user_exists() {
    let running = Running::start().await;
    let plain = running.get("/acme-hub/app_logout").send().await.body;
    for query in ["?user_uid=usr-5k2", "?user_uid=usr-none", "?user_uid=", "?user_uid=a&user_uid=%3Cb%3E"] {
        let page = running.get(&format!("/acme-hub/app_logout{query}")).send().await;
        assert_eq!((page.status, &page.body), (200, &plain), "{query}");
    }
    let told = running.told().await;
    assert!(told.iter().all(|text| *text == told[0]));
}

#[tokio::test]
async fn the_pages_apps_send_people_to_exist() {
    let running = Running::start().await;
    let logout = running.get("/acme-hub/app_logout?user_uid=usr-5k2").send().await;
    assert_eq!(logout.status, 200);
    assert!(logout.body.contains("logged out"));
    let unauthorized = running.get("/acme-hub/app_access_unauthorized?err=internal").send().await;
    assert_eq!(unauthorized.status, 200);
    assert!(unauthorized.body.contains("Access unauthorized"));
}
