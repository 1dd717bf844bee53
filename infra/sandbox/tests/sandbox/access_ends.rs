//! What is left to a cancelled group and to a removed member: nothing, by any way in.

use serde_json::{Value, json};

use crate::app::App;
use crate::http::{Request, get};
use crate::relying_party::{Browser, Fields, check_id};
use crate::running::{Running, between, login_url, saml_response};

/// Nobody is told here: there is no app.
const SILENTLY: &str = r#"{"deliver":false}"#;

async fn cancel(running: &Running, group: &str) {
    let path = format!("marketplaces/acme-hub/groups/{group}/cancel");
    assert_eq!(running.change("POST", &path, SILENTLY).await.status, 200);
}

async fn remove(running: &Running, group: &str, user: &str) {
    let path = format!("marketplaces/acme-hub/groups/{group}/members/{user}/remove");
    assert_eq!(running.change("POST", &path, SILENTLY).await.status, 200);
}

fn account(running: &Running, path: &str) -> Request {
    let acme = running.marketplace("acme-hub");
    running.get(&format!("/acme-hub/api/v1/account/{path}")).basic(&acme.api_id, &acme.api_key)
}

async fn account_data(running: &Running, path: &str) -> Value {
    account(running, path).send().await.json()["data"].take()
}

/// The group a Response is for.
fn group_of(response: &str) -> &str {
    between(response, "<Attribute Name=\"group_uid\"><AttributeValue>", "<").unwrap()
}

/// The groups a picker offers.
fn offered(page: &str) -> Vec<&str> {
    page.split("group_id=").skip(1).filter_map(|rest| rest.split(['"', '&']).next()).collect()
}

#[tokio::test]
async fn a_cancelled_group_stays_in_the_directory_as_terminated_with_its_members() {
    let running = Running::start().await;
    cancel(&running, "cld-9e4f").await;
    let group = account_data(&running, "groups/cld-9e4f").await;
    assert_eq!(group["status"], "terminated");
    assert_eq!(group["created_at"], "2019-05-31T00:00:00Z");
    assert!(group["updated_at"].as_str().unwrap() > "2026");
    let running_ones = account_data(&running, "groups?status=running").await;
    assert_eq!(running_ones.as_array().unwrap().len(), 2);
    assert_eq!(account_data(&running, "groups").await.as_array().unwrap().len(), 3);
    assert_eq!(account_data(&running, "users?group_id=cld-9e4f").await.as_array().unwrap().len(), 2);
    let updated = group["updated_at"].clone();
    cancel(&running, "cld-9e4f").await;
    assert_eq!(account_data(&running, "groups/cld-9e4f").await["updated_at"], updated);
}

#[tokio::test]
async fn a_cancelled_group_is_treated_like_an_unknown_one_by_saml() {
    let running = Running::start().await;
    cancel(&running, "cld-9e4f").await;
    for group in ["cld-9e4f", "cld-none"] {
        let picker = running.acme_login(&format!("&user_uid=usr-5k2&group_id={group}")).send().await;
        assert!(picker.body.contains("Which group?"));
        assert_eq!(offered(&picker.body), ["cld-7a1c", "cld-2b6d"]);
        let denied = running.acme_login(&format!("&user_uid=usr-8w1&group_id={group}")).send().await;
        assert_eq!(denied.status, 403);
    }
    cancel(&running, "cld-7a1c").await;
    assert_eq!(group_of(&running.acme_response("usr-5k2", "cld-7a1c").await), "cld-2b6d");
    cancel(&running, "cld-2b6d").await;
    assert_eq!(running.acme_login("&user_uid=usr-5k2&group_id=cld-2b6d").send().await.status, 403);
}

#[tokio::test]
async fn a_cancelled_group_is_treated_like_an_unknown_one_by_openid() {
    let running = Running::start().await;
    cancel(&running, "cld-9e4f").await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-5k2", "cld-9e4f", "").await;
    let picker = browser.bring(&check_id("checkid_setup")).await;
    assert_eq!(offered(&picker.body), ["cld-7a1c", "cld-2b6d"]);
    let again = browser.follow("/acme-hub/api/openid/provider/app-acme/complete?group_id=cld-9e4f").await;
    assert_eq!(offered(&again.body), ["cld-7a1c", "cld-2b6d"]);
    let mut other = Browser::new(&running);
    other.launch("usr-8w1", "cld-9e4f", "").await;
    let denied = other.bring(&check_id("checkid_setup")).await;
    assert!(denied.body.contains("Access unauthorized"));
}

#[tokio::test]
async fn a_login_that_is_under_way_ends_with_the_group() {
    let running = Running::start().await;
    let mut browser = Browser::new(&running);
    browser.launch("usr-8w1", "cld-9e4f", "").await;
    cancel(&running, "cld-9e4f").await;
    let request = check_id("checkid_immediate");
    let address = format!("{}?{}", running.marketplace("acme-hub").openid_endpoint, request.encoded());
    let answer = browser.get(&address).await;
    let fields = Fields::in_query(answer.header("location").unwrap());
    assert_eq!(fields.get("mode"), Some("setup_needed"));
}

#[tokio::test]
async fn a_reseller_cannot_visit_a_cancelled_group_either() {
    let running = Running::start().await;
    cancel(&running, "cld-7a1c").await;
    running.get("/acme-hub/sso_trigger?user_uid=usr-3d7&group_id=cld-7a1c&reseller_sso=true").send().await;
    assert_eq!(running.acme_login("&user_uid=usr-3d7&group_id=cld-7a1c").send().await.status, 403);
}

#[tokio::test]
async fn a_launch_does_not_remember_a_cancelled_group() {
    let running = Running::start().await;
    cancel(&running, "cld-9e4f").await;
    let launched = running.get("/acme-hub/sso_trigger?user_uid=usr-5k2&group_id=cld-9e4f").send().await;
    let cookies: Vec<_> = launched.cookies().collect();
    assert_eq!(cookies, [("sandbox_user_acme-hub", "usr-5k2"), ("sandbox_group_acme-hub", "")]);
}

#[tokio::test]
async fn the_group_of_the_same_uid_on_another_marketplace_goes_on() {
    let running = Running::start().await;
    cancel(&running, "cld-7a1c").await;
    remove(&running, "cld-9e4f", "usr-8w1").await;
    let north = running.state().await["marketplaces"][1].take();
    assert_eq!(north["groups"][0]["status"], "running");
    assert_eq!(north["memberships"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_removed_member_loses_that_group_and_no_other() {
    let running = Running::start().await;
    remove(&running, "cld-9e4f", "usr-5k2").await;
    let picker = running.acme_login("&user_uid=usr-5k2&group_id=cld-9e4f").send().await;
    assert_eq!(offered(&picker.body), ["cld-7a1c", "cld-2b6d"]);
    let mut browser = Browser::new(&running);
    browser.launch("usr-5k2", "cld-9e4f", "").await;
    let picker = browser.bring(&check_id("checkid_setup")).await;
    assert_eq!(offered(&picker.body), ["cld-7a1c", "cld-2b6d"]);
    assert_eq!(group_of(&running.acme_response("usr-8w1", "cld-9e4f").await), "cld-9e4f");
    let members = account_data(&running, "users?group_id=cld-9e4f").await;
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!(members[0]["id"], "usr-8w1");
    assert_eq!(account_data(&running, "users/usr-5k2").await["name"], "Inês");
}

#[tokio::test]
async fn a_member_removed_from_the_only_group_is_denied() {
    let running = Running::start().await;
    remove(&running, "cld-9e4f", "usr-8w1").await;
    assert_eq!(running.acme_login("&user_uid=usr-8w1").send().await.status, 403);
    let mut browser = Browser::new(&running);
    browser.launch("usr-8w1", "cld-9e4f", "").await;
    assert!(browser.bring(&check_id("checkid_setup")).await.body.contains("Access unauthorized"));
}

#[tokio::test]
async fn a_removed_member_can_be_added_again() {
    let running = Running::start().await;
    remove(&running, "cld-9e4f", "usr-8w1").await;
    assert_eq!(running.state().await["marketplaces"][0]["former_members"].as_array().unwrap().len(), 1);
    let member = "marketplaces/acme-hub/groups/cld-9e4f/members/usr-8w1";
    assert_eq!(running.change("PUT", member, r#"{"role":"Member"}"#).await.status, 200);
    assert_eq!(group_of(&running.acme_response("usr-8w1", "cld-9e4f").await), "cld-9e4f");
    assert_eq!(running.state().await["marketplaces"][0]["former_members"], json!([]));
}

#[tokio::test]
async fn writing_a_cancelled_group_makes_it_run_again_with_its_members() {
    let running = Running::start().await;
    cancel(&running, "cld-9e4f").await;
    let group = r#"{"name":"Quay Books","email":"office@example.test","free_trial_end_at":"2031-01-01T00:00:00Z",
                    "currency":"USD","timezone":"America/Los_Angeles","country":"US","city":"San Francisco",
                    "main_accounting":"xero"}"#;
    let written = running.change("PUT", "marketplaces/acme-hub/groups/cld-9e4f", group).await;
    assert_eq!((written.status, &written.json()["status"]), (200, &json!("running")));
    assert_eq!(group_of(&running.acme_response("usr-8w1", "cld-9e4f").await), "cld-9e4f");
    let told = account_data(&running, "groups/cld-9e4f").await;
    assert_eq!((&told["status"], &told["main_accounting"]), (&json!("running"), &json!("xero")));
    assert_eq!(told["created_at"], "2019-05-31T00:00:00Z");
}

#[tokio::test]
async fn a_reset_gives_everything_back() {
    let running = Running::start().await;
    let before = running.state().await;
    cancel(&running, "cld-7a1c").await;
    remove(&running, "cld-9e4f", "usr-8w1").await;
    assert_ne!(running.state().await, before);
    running.change("POST", "reset", "").await;
    assert_eq!(running.state().await, before);
    assert_eq!(group_of(&running.acme_response("usr-8w1", "cld-9e4f").await), "cld-9e4f");
}

#[tokio::test]
async fn a_cancellation_nobody_made_does_not_change_what_the_account_api_says() {
    let app = App::answering(&[]).await;
    let running = Running::beside(&app.host).await;
    let forged = r#"{"only_deliver":true}"#;
    let answer = running.change("POST", "marketplaces/acme-hub/groups/cld-7a1c/cancel", forged).await;
    assert_eq!(answer.json()["sent"], true);
    assert_eq!(account_data(&running, "groups/cld-7a1c").await["status"], "running");
    let acme = running.marketplace("acme-hub");
    let login = login_url(&acme, &acme.acs_url, "&user_uid=usr-5k2&group_id=cld-7a1c");
    assert_eq!(group_of(&saml_response(&get(login).send().await)), "cld-7a1c");
}
