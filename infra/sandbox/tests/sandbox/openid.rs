//! Logging in by OpenID, and asking whether an assertion is genuine.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::http::{get, request};
use crate::relying_party::{Browser, Fields, NAMESPACE, RETURN_TO, ask, check_id, endpoint, is_genuine};
use crate::running::Running;

const PROVIDER: &str = "/acme-hub/api/openid/provider/app-acme";

#[tokio::test]
async fn a_user_of_one_group_picks_only_who_is_there() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    let picker = browser.bring(&check_id("checkid_setup")).await;
    assert!(picker.body.contains("Who is logging in?"));
    let assertion = Fields::in_form(&browser.click(&picker, "user_uid=usr-8w1").await);
    assert_eq!(assertion.get("ax.value.g_guid"), Some("cld-9e4f"));
    let identifier = format!("{}/users/usr-8w1", endpoint(&running, "acme-hub"));
    assert_eq!(assertion.get("claimed_id"), Some(identifier.as_str()));
    assert_eq!(assertion.get("identity"), Some(identifier.as_str()));
}

#[tokio::test]
async fn a_user_of_several_groups_picks_one() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    let picker = browser.bring(&check_id("checkid_setup")).await;
    let groups = browser.click(&picker, "user_uid=usr-5k2").await;
    assert!(groups.body.contains("Which group?"));
    let assertion = Fields::in_form(&browser.click(&groups, "group_id=cld-2b6d").await);
    assert_eq!(assertion.get("ax.value.g_name"), Some("Γεφύρι «Ωμέγα» ΑΕ"));
}

#[tokio::test]
async fn a_group_the_user_is_not_in_is_asked_for_again() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.bring(&check_id("checkid_setup")).await;
    browser.follow(&format!("{PROVIDER}/proceed?user_uid=usr-5k2")).await;
    let again = browser.follow(&format!("{PROVIDER}/complete?group_id=cld-none")).await;
    assert!(again.body.contains("Which group?"));
}

#[tokio::test]
async fn a_launch_spares_the_choice_of_user_and_group_once() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    let assertion = browser.log_in("usr-5k2", "cld-9e4f").await;
    assert_eq!(assertion.get("ax.value.u_vguid"), Some("usr-5k2.cld-9e4f"));
    assert!(browser.bring(&check_id("checkid_setup")).await.body.contains("Who is logging in?"));
}

#[tokio::test]
async fn a_user_without_a_group_is_turned_away() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.bring(&check_id("checkid_setup")).await;
    let answer = browser.get(&format!("{PROVIDER}/proceed?user_uid=usr-3d7")).await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("/acme-hub/app_access_unauthorized"));
}

#[tokio::test]
async fn a_reseller_launch_counts_for_one_assertion() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-3d7", "cld-7a1c", "&reseller_sso=true").await;
    let first = Fields::in_form(&browser.bring(&check_id("checkid_setup")).await);
    assert_eq!(first.get("ax.value.r_guid"), Some("rsl-44x"));
    assert_eq!(first.get("ax.value.r_name"), Some("Blue Tide Consulting"));
    assert_eq!(first.get("ax.value.r_country"), Some("NZ"));
    assert_eq!(first.get("ax.value.g_u_role"), Some("Guest"));
    let second = browser.log_in("usr-5k2", "cld-7a1c").await;
    assert_eq!(second.get("ax.value.r_guid"), None);
    assert_eq!(second.get("ax.value.g_reseller_id"), Some("rsl-44x"));
}

#[derive(Deserialize)]
struct Vector {
    fields: BTreeMap<String, String>,
}

#[tokio::test]
async fn an_assertion_says_what_the_vector_says() {
    let text = include_str!("../../../../tests/fixtures/vectors/openid_positive_assertion_fields.json");
    let vector: Vector = serde_json::from_str(text).unwrap();
    let running = Running::start().await;
    let token = running.session_token(0, "usr-5k2").await;
    let assertion = Browser::new(&running).log_in("usr-5k2", "cld-7a1c").await;
    for (name, expected) in &vector.fields {
        let name = name.strip_prefix("openid.").unwrap();
        let actual = assertion.get(name).unwrap_or_else(|| panic!("no {name}"));
        // Where the sandbox must differ: addresses, the session, and the time.
        let expected = match name {
            "ax.value.u_session_key" => token.clone(),
            "ax.value.u_session_exp" => actual.to_owned(),
            "ax.value.u_vemail" => "usr-5k2.cld-7a1c@appmail.acme-hub.test".to_owned(),
            _ => expected
                .replace("https://hub.acme.example/api/openid/provider/app-9f3d", &endpoint(&running, "acme-hub")),
        };
        assert_eq!(actual, expected, "{name}");
    }
    let others = assertion.0.keys().filter(|name| !vector.fields.contains_key(&format!("openid.{name}")));
    let expected = [
        "assoc_handle",
        "ns.pape",
        "pape.auth_level.nist",
        "pape.auth_level.ns.nist",
        "pape.auth_policies",
        "pape.auth_time",
        "response_nonce",
        "return_to",
        "sig",
        "signed",
    ];
    assert_eq!(others.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn everything_an_assertion_says_is_signed() {
    let running = Running::start().await;
    let assertion = Browser::new(&running).log_in("usr-5k2", "cld-7a1c").await;
    let signed: Vec<&str> = assertion.get("signed").unwrap().split(',').collect();
    let unsigned: Vec<&String> = assertion.0.keys().filter(|name| !signed.contains(&name.as_str())).collect();
    assert_eq!(unsigned, ["mode", "ns", "sig", "signed"]);
}

#[tokio::test]
async fn blank_attributes_are_left_out() {
    let running = Running::start().await;
    let user = r#"{"name":"Mono","surname":" ","email":"m@example.test","country":""}"#;
    running.change("PUT", "marketplaces/acme-hub/users/usr-8w1", user).await;
    let assertion = Browser::new(&running).log_in("usr-8w1", "cld-9e4f").await;
    for alias in ["u_lname", "u_country", "g_reseller_id", "r_guid"] {
        assert_eq!(assertion.get(&format!("ax.value.{alias}")), None, "{alias}");
        assert_eq!(assertion.get(&format!("ax.type.{alias}")), None, "{alias}");
    }
}

#[tokio::test]
async fn instants_are_now_a_minute_ago_and_in_three_minutes() {
    let running = Running::start().await;
    let assertion = Browser::new(&running).log_in("usr-8w1", "cld-9e4f").await;
    let nonce = assertion.get("response_nonce").unwrap();
    let (time, random) = nonce.split_at(20);
    assert!(!random.is_empty());
    let second = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(second(assertion.get("pape.auth_time").unwrap()), second(time) - 60);
    assert_eq!(second(assertion.get("ax.value.u_session_exp").unwrap()), second(time) + 180);
}

#[tokio::test]
async fn an_assertion_is_posted_to_the_return_address_and_not_stored() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-8w1", "cld-9e4f", "").await;
    let page = browser.bring(&check_id("checkid_setup")).await;
    assert!(page.body.contains(&format!("method=\"post\" action=\"{RETURN_TO}\"")));
    assert!(page.body.contains("<button") && page.body.contains("forms[0].submit()"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(Fields::in_form(&page).get("return_to"), Some(RETURN_TO));
}

#[tokio::test]
async fn a_posted_request_is_read_like_a_query() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let answer = request("POST", endpoint).form(check_id("checkid_setup").encoded()).send().await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some(format!("{PROVIDER}/proceed").as_str()));
}

#[tokio::test]
async fn both_pickers_offer_to_cancel() {
    let running = Running::start().await;
    for step in ["", "?user_uid=usr-5k2"] {
        let mut browser = Browser::new(&running);
        browser.bring(&check_id("checkid_setup")).await;
        let picker = browser.follow(&format!("{PROVIDER}/proceed{step}")).await;
        let answer = browser.click(&picker, "/complete").await;
        assert_eq!(answer.status, 302);
        let location = answer.header("location").unwrap();
        assert!(location.starts_with(&format!("{RETURN_TO}&openid.ns=")), "{location}");
        assert_eq!(Fields::in_query(location).get("mode"), Some("cancel"));
    }
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.bring(&check_id("checkid_setup")).await;
    let cookie = "sandbox_openid_acme-hub";
    let visit = browser.cookie(cookie);
    browser.follow(&format!("{PROVIDER}/complete")).await;
    let replayed = running.get(&format!("{PROVIDER}/complete")).header("cookie", format!("{cookie}={visit}"));
    assert_eq!(replayed.send().await.status, 400);
}

#[tokio::test]
async fn an_immediate_request_needs_somebody_there() {
    let running = Running::start().await;
    let answer = Browser::new(&running).bring(&check_id("checkid_immediate")).await;
    assert_eq!(answer.status, 302);
    let fields = Fields::in_query(answer.header("location").unwrap());
    assert_eq!((fields.get("mode"), fields.get("ns")), (Some("setup_needed"), Some(NAMESPACE)));
}

#[tokio::test]
async fn an_immediate_request_is_answered_for_who_was_just_launched() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-5k2", "cld-2b6d", "").await;
    let assertion = Fields::in_form(&browser.bring(&check_id("checkid_immediate")).await);
    assert_eq!(assertion.get("ax.value.g_guid"), Some("cld-2b6d"));
}

#[tokio::test]
async fn an_immediate_request_does_not_guess_a_group() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-5k2", "cld-none", "").await;
    let answer = browser.bring(&check_id("checkid_immediate")).await;
    assert_eq!(Fields::in_query(answer.header("location").unwrap()).get("mode"), Some("setup_needed"));
}

#[tokio::test]
async fn a_request_for_one_user_is_not_answered_by_another() {
    let running = Running::start().await;
    let identifier = format!("{}/users/usr-5k2", endpoint(&running, "acme-hub"));
    for (mode, expected) in [("checkid_setup", "cancel"), ("checkid_immediate", "setup_needed")] {
        let asked = check_id(mode).with("claimed_id", &identifier).with("identity", &identifier);
        let mut browser = Browser::new(&running);
        browser.launch("usr-8w1", "cld-9e4f", "").await;
        let answer = browser.bring(&asked).await;
        assert_eq!(Fields::in_query(answer.header("location").unwrap()).get("mode"), Some(expected));
        browser.launch("usr-5k2", "cld-9e4f", "").await;
        let assertion = Fields::in_form(&browser.bring(&asked).await);
        assert_eq!(assertion.get("claimed_id"), Some(identifier.as_str()));
    }
}

#[tokio::test]
async fn a_request_that_breaks_the_protocol_is_answered_with_500_and_the_reason() {
    let running = Running::start().await;
    let good = check_id("checkid_setup");
    let foreign = format!("{}/users/usr-5k2", endpoint(&running, "northbank"));
    let cases = [
        (good.clone().without("mode"), "openid.mode is missing"),
        (good.clone().with("mode", "checkid"), "none of this provider"),
        (good.clone().without("ns"), "openid.ns must be"),
        (good.clone().without("return_to"), "openid.return_to is missing"),
        (good.clone().without("identity"), "openid.identity is missing"),
        (good.clone().with("identity", &foreign), "must be the same"),
        (good.clone().with("identity", &foreign).with("claimed_id", &foreign), "nor the identifier of a user"),
        (good.with("realm", "http://localhost:4000/elsewhere"), "not within openid.realm"),
    ];
    for (request, reason) in cases {
        let answer = Browser::new(&running).bring(&request).await;
        assert_eq!(answer.status, 500, "{reason}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
        assert!(answer.body.contains(reason), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_assertion_is_genuine_once() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let assertion = Browser::new(&running).log_in("usr-5k2", "cld-9e4f").await;
    let first = ask(&endpoint, &assertion).await;
    assert_eq!(first.header("content-type"), Some("text/plain"));
    assert_eq!(first.body, format!("ns:{NAMESPACE}\nis_valid:true\n"));
    assert_eq!(ask(&endpoint, &assertion).await.body, format!("ns:{NAMESPACE}\nis_valid:false\n"));
}

#[tokio::test]
async fn a_changed_assertion_is_not_genuine_and_does_not_use_up_the_real_one() {
    let running = Running::start().await;
    let endpoint = endpoint(&running, "acme-hub");
    let assertion = Browser::new(&running).log_in("usr-8w1", "cld-9e4f").await;
    let signed = assertion.get("signed").unwrap();
    let changed = [
        assertion.clone().with("ax.value.u_email", "ines.okoro@example.org"),
        assertion.clone().with("signed", &signed.replace(",ax.value.u_email", "")),
        assertion.clone().with("sig", "AAAA"),
        assertion.clone().without("sig"),
        assertion.clone().without("signed"),
        assertion.clone().without("response_nonce"),
        assertion.clone().without("ax.value.u_email"),
        assertion.clone().with("assoc_handle", "another"),
    ];
    for changed in changed {
        assert!(!is_genuine(&endpoint, &changed).await, "{changed:?}");
    }
    assert!(is_genuine(&endpoint, &assertion).await);
}

#[tokio::test]
async fn a_marketplace_does_not_vouch_for_another_ones_assertion() {
    let running = Running::start().await;
    let assertion = Browser::new(&running).log_in("usr-8w1", "cld-9e4f").await;
    assert!(!is_genuine(&endpoint(&running, "northbank"), &assertion).await);
}

#[tokio::test]
async fn an_app_that_believes_in_an_association_is_told_to_forget_it() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-8w1", "cld-9e4f", "").await;
    let request = check_id("checkid_setup").with("assoc_handle", "long-gone");
    let assertion = Fields::in_form(&browser.bring(&request).await);
    assert_eq!(assertion.get("invalidate_handle"), Some("long-gone"));
    let answer = ask(&endpoint(&running, "acme-hub"), &assertion).await;
    assert_eq!(answer.body, format!("ns:{NAMESPACE}\nis_valid:true\ninvalidate_handle:long-gone\n"));
}

#[tokio::test]
async fn an_association_is_refused_in_the_protocols_own_words() {
    let running = Running::start().await;
    let question = format!("openid.ns={NAMESPACE}&openid.mode=associate&openid.assoc_type=HMAC-SHA256");
    let answer = request("POST", endpoint(&running, "acme-hub")).form(question).send().await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("\nerror_code:unsupported-type\n"), "{}", answer.body);
}

#[tokio::test]
async fn the_event_log_tells_of_a_login_without_its_token() {
    let running = Running::start().await;
    let assertion = Browser::new(&running).log_in("usr-5k2", "cld-7a1c").await;
    ask(&endpoint(&running, "acme-hub"), &assertion).await;
    let log = get(format!("{}/events", running.sandbox.control_url())).send().await.body;
    assert!(log.contains("Assertion issued for usr-5k2 in cld-7a1c."));
    assert!(log.contains("openid.assertion_checked"));
    assert!(!log.contains(assertion.get("ax.value.u_session_key").unwrap()));
    assert!(!log.contains(assertion.get("sig").unwrap()));
}
