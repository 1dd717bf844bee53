//! The launcher.

use crate::http::get;
use crate::running::{Running, between};

#[tokio::test]
async fn every_membership_has_a_launch_link_that_leads_to_the_app() {
    let running = Running::start().await;
    let page = running.get("/").send().await;
    assert_eq!(page.status, 200);
    let link = between(&page.body, "class=\"launch\" href=\"", "\"").unwrap().replace("&amp;", "&");
    assert!(link.starts_with(running.sandbox.base_url()));
    let redirect = get(link).send().await;
    assert_eq!(redirect.status, 302);
    let expected = "http://localhost:4000/mno-enterprise/acme-hub/saml/initialize?group_id=cld-7a1c";
    assert_eq!(redirect.header("location"), Some(expected));
}

#[tokio::test]
async fn every_membership_has_an_openid_link_that_leads_to_the_app() {
    let running = Running::start().await;
    let page = running.get("/").send().await;
    let tag =
        page.body.split("<a ").find(|tag| tag.contains("Launch Harbour Café &amp; Sons as Inês by OpenID")).unwrap();
    let redirect = get(between(tag, "href=\"", "\"").unwrap().replace("&amp;", "&")).send().await;
    let expected = "http://localhost:4000/mno-enterprise/acme-hub/openid/initialize?group_id=cld-7a1c";
    assert_eq!(redirect.header("location"), Some(expected));
}

#[tokio::test]
async fn a_marketplace_has_a_page_of_its_own() {
    let page = Running::start().await.get("/northbank").send().await;
    assert!(page.body.contains("Олена"));
    assert!(!page.body.contains("Okoro"));
}

#[tokio::test]
async fn the_launcher_shows_what_is_cancelled_and_offers_no_way_in() {
    let running = Running::start().await;
    let cancel = "marketplaces/acme-hub/groups/cld-9e4f/cancel";
    running.change("POST", cancel, r#"{"deliver":false}"#).await;
    let page = running.get("/acme-hub").send().await.body;
    assert!(!page.contains("group_id=cld-9e4f"), "no link leads there");
    assert!(page.contains("group_id=cld-7a1c"));
    assert_eq!(page.matches("<span class=\"ended\">cancelled</span>").count(), 3, "one group, two memberships");
    assert!(!page.contains("groups/cld-9e4f/cancel\""));
    let nino = between(&page, "Kapanadze", "</article>").unwrap();
    assert!(nino.contains("No group with this app") && nino.contains("cancelled"));
}

#[tokio::test]
async fn the_launcher_asks_before_it_cancels_or_removes() {
    let running = Running::start().await;
    let page = running.get("/acme-hub").send().await.body;
    let buttons: Vec<&str> = page.split("<button ").filter(|tag| tag.starts_with("class=\"ending\"")).collect();
    assert_eq!(buttons.len(), 7, "three groups, four memberships");
    assert!(buttons.iter().all(|button| button.contains("data-confirm=\"") && button.contains("data-method=\"POST\"")));
    let paths = ["groups/cld-7a1c/cancel", "groups/cld-9e4f/members/usr-8w1/remove"];
    for path in paths.map(|path| format!("data-path=\"marketplaces/acme-hub/{path}\"")) {
        assert_eq!(page.matches(&path).count(), 1, "{path}");
    }
    let remove = "marketplaces/acme-hub/groups/cld-9e4f/members/usr-8w1/remove";
    running.change("POST", remove, r#"{"deliver":false}"#).await;
    let page = running.get("/acme-hub").send().await.body;
    assert!(!page.contains("members/usr-8w1/remove"));
    assert!(page.contains("1 member<"));
}

#[tokio::test]
async fn the_fault_form_offers_every_kind_and_says_which_are_for_the_configuration_only() {
    let running = Running::start().await;
    let form = running.get("/").send().await.body;
    let config_only = between(&form, "<optgroup label=\"config only\">", "</optgroup>").unwrap();
    for kind in ["not_json", "half_document", "error_document", "no_marketplaces", "no_entries", "single_object"] {
        assert!(config_only.contains(&format!("<option>{kind}</option>")), "{kind}");
    }
    assert!(form.contains("<option>malformed</option><optgroup"));
}

#[tokio::test]
async fn a_damaged_configuration_is_told_in_the_list_of_faults() {
    let running = Running::start().await;
    running.change("POST", "faults", r#"{"route":"config","kind":"half_document"}"#).await;
    assert!(running.get("/").send().await.body.contains("answers half the document, always"));
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_show_no_secret() {
    let running = Running::start().await;
    let page = running.get("/").send().await.body;
    for loading in ["src=", "@import", "url(", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(loading), "{loading}");
    }
    assert!(!page.contains(&running.marketplace("acme-hub").api_key));
    assert!(!page.contains(&running.session_token(0, "usr-5k2").await));
}
