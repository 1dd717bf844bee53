//! What the identity provider shows before it issues a Response, and the way there from the launcher.

use crate::http::get;
use crate::running::{ACME_ACS, NORTH_ACS, Running, authn_request, between, encode, login_url, saml_response};

#[tokio::test]
async fn without_a_user_the_picker_replays_the_request() {
    let running = Running::start().await;
    let page = running.acme_login("&group_id=cld-9e4f").send().await;
    assert_eq!(page.status, 200);
    let link = between(&page.body, "href=\"/acme-hub", "\"").unwrap().replace("&amp;", "&");
    assert!(link.ends_with("&group_id=cld-9e4f&user_uid=usr-5k2"), "{link}");
    let response = saml_response(&running.get(&format!("/acme-hub{link}")).send().await);
    assert!(response.contains("<NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">usr-5k2<"));
}

#[tokio::test]
async fn names_in_the_picker_are_escaped() {
    let page = Running::start().await.acme_login("").send().await;
    assert!(page.body.contains("O'Neil &lt;QA&gt;"));
    assert!(!page.body.contains("<QA>"));
}

#[tokio::test]
async fn a_user_of_several_groups_picks_one_unless_group_id_names_it() {
    let running = Running::start().await;
    let page = running.acme_login("&group_id=cld-none&user_uid=usr-5k2").send().await;
    assert!(page.body.contains("Which group?"));
    let links: Vec<&str> = page.body.match_indices("&amp;group_id=cld-").map(|(_, found)| found).collect();
    assert_eq!(links.len(), 3, "one link per group and the unknown group_id dropped");
    let response = running.acme_response("usr-5k2", "cld-2b6d").await;
    assert!(response.contains("<AttributeValue>Γεφύρι «Ωμέγα» ΑΕ</AttributeValue>"));
}

#[tokio::test]
async fn a_user_of_one_group_logs_in_there_whatever_group_id_says() {
    let running = Running::start().await;
    let response = running.acme_response("usr-8w1", "cld-7a1c").await;
    assert!(response.contains("<Attribute Name=\"group_uid\"><AttributeValue>cld-9e4f</AttributeValue>"));
}

#[tokio::test]
async fn a_user_without_a_group_is_denied() {
    let page = Running::start().await.acme_login("&user_uid=usr-3d7&group_id=cld-7a1c").send().await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("Access denied"));
    assert!(page.header("set-cookie").unwrap().contains("Max-Age=0"), "the next visit asks again");
}

#[tokio::test]
async fn an_unknown_issuer_is_told_so_in_plain_text_with_200() {
    let running = Running::start().await;
    let encoded = encode(&authn_request("app-north", ACME_ACS));
    let answer = running.get(&format!("/acme-hub/api/v1/auth/saml?SAMLRequest={encoded}")).send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    assert!(answer.body.contains("app id \"app-north\" is wrong"));
}

#[tokio::test]
async fn an_undecodable_request_is_answered_with_500() {
    let running = Running::start().await;
    for query in ["", "?SAMLRequest=%25%25", "?SAMLRequest=AAAA"] {
        let answer = running.get(&format!("/acme-hub/api/v1/auth/saml{query}")).send().await;
        assert_eq!(answer.status, 500, "{query}");
    }
}

#[tokio::test]
async fn a_request_the_historical_sandbox_could_not_read_is_refused_with_the_reason() {
    let running = Running::start().await;
    let prefixed = authn_request("app-acme", ACME_ACS).replace("saml:", "s:").replace(":saml=", ":s=");
    let encoded = encode(&prefixed);
    let answer = running.get(&format!("/acme-hub/api/v1/auth/saml?SAMLRequest={encoded}")).send().await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("the historical sandbox"), "{}", answer.body);
}

#[tokio::test]
async fn an_unregistered_consume_address_is_refused_until_the_check_is_switched_off() {
    let running = Running::start().await;
    let url = login_url(&running.marketplace("acme-hub"), "http://elsewhere.test/consume", "&user_uid=usr-8w1");
    let refused = get(&url).send().await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("http://elsewhere.test/consume"));
    let changed = running.change("PATCH", "marketplaces/acme-hub", r#"{"check_acs":false}"#).await;
    assert_eq!(changed.status, 200);
    let response = saml_response(&get(&url).send().await);
    assert!(response.contains("<Audience>http://elsewhere.test/</Audience>"));
}

#[tokio::test]
async fn a_consume_address_that_is_no_web_address_is_always_refused() {
    let running = Running::start().await;
    running.change("PATCH", "marketplaces/acme-hub", r#"{"check_acs":false}"#).await;
    let url = login_url(&running.marketplace("acme-hub"), "javascript:alert(1)", "&user_uid=usr-8w1");
    assert_eq!(get(&url).send().await.status, 403);
}

#[tokio::test]
async fn the_success_page_posts_to_the_acs_without_relay_state_and_is_not_stored() {
    let running = Running::start().await;
    let page = running.acme_login("&user_uid=usr-8w1&RelayState=x").send().await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.body.contains(&format!("method=\"post\" action=\"{ACME_ACS}\"")));
    assert!(page.body.contains("<button"));
    assert!(!page.body.contains("RelayState"));
    let value = between(&page.body, "name=\"SAMLResponse\" value=\"", "\"").unwrap();
    assert!(value.lines().all(|line| line.len() <= 60));
    assert_eq!(value.lines().next().unwrap().len(), 60);
}

#[tokio::test]
async fn the_launcher_sends_the_browser_to_the_app_and_remembers_the_user_for_one_login() {
    let running = Running::start().await;
    let launch = "/northbank/sso_trigger?user_uid=usr-8w1&group_id=cld-2b6d&sso_init_endpoint=http%3A%2F%2Fa.test%2Fi";
    let redirect = running.get(launch).send().await;
    assert_eq!(redirect.status, 302);
    assert_eq!(redirect.header("location"), Some("http://a.test/i?group_id=cld-2b6d"));
    let cookie = redirect.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(cookie, "sandbox_user_northbank=usr-8w1");
    let url = login_url(&running.marketplace("northbank"), NORTH_ACS, "&group_id=cld-2b6d");
    let page = get(url).header("cookie", cookie).send().await;
    assert!(page.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(saml_response(&page).contains("usr-8w1.cld-2b6d"));
}

#[tokio::test]
async fn a_launch_without_an_endpoint_uses_the_registered_one() {
    let redirect = Running::start().await.get("/acme-hub/sso_trigger?group_id=cld-7a1c").send().await;
    let expected = "http://localhost:4000/mno-enterprise/acme-hub/saml/initialize?group_id=cld-7a1c";
    assert_eq!(redirect.header("location"), Some(expected));
}

#[tokio::test]
async fn a_reseller_login_counts_for_one_response() {
    let running = Running::start().await;
    running.get("/acme-hub/sso_trigger?user_uid=usr-5k2&group_id=cld-7a1c&reseller_sso=true").send().await;
    let first = running.acme_response("usr-5k2", "cld-7a1c").await;
    let expected = "<Attribute Name=\"group_reseller_id\"><AttributeValue>rsl-44x</AttributeValue></Attribute>\
                    <Attribute Name=\"reseller_id\"><AttributeValue>rsl-44x</AttributeValue></Attribute>\
                    <Attribute Name=\"reseller_name\"><AttributeValue>Blue Tide Consulting</AttributeValue></Attribute>\
                    <Attribute Name=\"reseller_country\"><AttributeValue>NZ</AttributeValue></Attribute>\
                    <Attribute Name=\"uid\">";
    assert!(first.contains(expected), "{first}");
    let second = running.acme_response("usr-5k2", "cld-7a1c").await;
    assert!(!second.contains("\"reseller_id\""));
}

#[tokio::test]
async fn a_reseller_who_is_no_member_logs_in_as_guest() {
    let running = Running::start().await;
    running.get("/acme-hub/sso_trigger?user_uid=usr-3d7&group_id=cld-7a1c&reseller_sso=true").send().await;
    let response = running.acme_response("usr-3d7", "cld-7a1c").await;
    assert!(response.contains("<Attribute Name=\"group_role\"><AttributeValue>Guest</AttributeValue>"));
}

#[tokio::test]
async fn an_unknown_marketplace_is_not_found() {
    let running = Running::start().await;
    for path in ["/nowhere", "/nowhere/sso_trigger", "/nowhere/api/v1/auth/saml", "/nowhere/app_logout"] {
        assert_eq!(running.get(path).send().await.status, 404, "{path}");
    }
}
