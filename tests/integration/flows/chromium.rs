//! The sign-in in a real browser, with its real rules for cookies and forms.

use std::time::Duration;

use fantoccini::Locator;

use crate::harness::{Chromium, World};

/// How long a page may take to be there.
const PAGE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_person_signs_in_from_the_start_page_to_the_app() {
    let world = World::start().await;
    let Some(chromium) = Chromium::start().await else { return world.stop().await };
    let page = &chromium.page;

    page.goto(world.start_url()).await.unwrap();
    page.find(Locator::LinkText("Open the sandbox")).await.unwrap().click().await.unwrap();
    let launch = "a[href*='/acme-hub/sso_trigger'][href*='usr-5k2'][href*='cld-7a1c']:not([href*='reseller'])";
    let launch = page.wait().at_most(PAGE).for_element(Locator::Css(launch)).await.unwrap();
    chromium.screenshot("marketplaces").await;
    launch.click().await.unwrap();

    let shown =
        async |id: &str| page.wait().at_most(PAGE).for_element(Locator::Id(id)).await.unwrap().text().await.unwrap();
    assert_eq!(shown("marketplace").await, "acme-hub");
    assert_eq!(shown("user-id").await, "usr-5k2");
    assert_eq!(shown("group-id").await, "cld-7a1c");
    assert!(page.current_url().await.unwrap().as_str().starts_with(world.app_url()));
    chromium.screenshot("signed-in").await;

    page.goto(&world.service("/session")).await.unwrap();
    let session = page.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
    assert!(session.contains("usr-5k2"), "{session}");

    page.goto(world.start_url()).await.unwrap();
    let feed = page.find(Locator::Id("feed")).await.unwrap().text().await.unwrap();
    assert!(feed.contains("usr-5k2 of cld-7a1c is signed in"), "{feed}");
    chromium.screenshot("start").await;

    chromium.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn a_refused_person_reads_a_clear_page() {
    let world = World::start().await;
    let Some(chromium) = Chromium::start().await else { return world.stop().await };
    chromium.page.goto(&world.service("/mno-enterprise/nobody/saml/initialize")).await.unwrap();
    let text = chromium.page.find(Locator::Css("main")).await.unwrap().text().await.unwrap();
    assert!(text.contains("We do not know this marketplace") && text.contains("reference"), "{text}");
    chromium.screenshot("refused").await;
    chromium.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn two_tabs_sign_in_one_signs_out_and_the_marketplace_ends_the_other() {
    let world = World::start().await;
    let Some(chromium) = Chromium::start().await else { return world.stop().await };
    let page = &chromium.page;
    let session = async || {
        page.goto(&world.service("/session")).await.unwrap();
        page.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    };
    let launch = async |user: &str, group: &str| {
        page.goto(world.sandbox_url()).await.unwrap();
        let link = format!("a[href*='/acme-hub/sso_trigger'][href*='{user}'][href*='{group}']:not([href*='reseller'])");
        page.wait().at_most(PAGE).for_element(Locator::Css(&link)).await.unwrap().click().await.unwrap();
        page.wait().at_most(PAGE).for_element(Locator::Id("user-id")).await.unwrap().text().await.unwrap()
    };

    // A sign-in waits in the first tab while a second one is completed in another; then the first goes on.
    let first = page.window().await.unwrap();
    page.goto(&world.marketplace("acme-hub").initialize_url).await.unwrap();
    let second = page.new_window(true).await.unwrap().handle;
    page.switch_to_window(second).await.unwrap();
    assert_eq!(launch("usr-5k2", "cld-7a1c").await, "usr-5k2");
    page.close_window().await.unwrap();
    page.switch_to_window(first).await.unwrap();
    let pick = page.wait().at_most(PAGE).for_element(Locator::Css("a[href*='user_uid=usr-5k2']")).await.unwrap();
    pick.click().await.unwrap();
    let group = page.wait().at_most(PAGE).for_element(Locator::Css("a[href*='group_id=cld-9e4f']")).await.unwrap();
    group.click().await.unwrap();
    let arrived = page.wait().at_most(PAGE).for_element(Locator::Id("group-id")).await.unwrap();
    assert_eq!(arrived.text().await.unwrap(), "cld-9e4f");
    assert!(session().await.contains("cld-9e4f"));
    chromium.screenshot("second-tab").await;

    // The app's page signs out of the service; the browser sends the cookie because both are one site.
    page.goto(world.app_url()).await.unwrap();
    let logout = format!(
        "await fetch('{}', {{ method: 'POST', mode: 'no-cors', credentials: 'include' }})",
        world.service("/session/logout")
    );
    page.execute(&format!("return (async () => {{ {logout} }})()"), Vec::new()).await.unwrap();
    assert!(session().await.contains("unauthenticated"));
    chromium.screenshot("signed-out").await;

    // The app asks before it lets another session take the place of its own; here it is the same person.
    assert_eq!(launch("usr-5k2", "cld-7a1c").await, "usr-5k2");
    assert!(session().await.contains("usr-5k2"));
    world.end_at_marketplace("acme-hub", "usr-5k2").await;
    world.make_rechecks_due().await;
    assert!(session().await.contains("unauthenticated"));
    chromium.screenshot("ended-by-the-marketplace").await;

    chromium.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn a_person_whose_sign_in_is_refused_reads_what_to_do_and_a_reference() {
    let world = World::start().await;
    let Some(chromium) = Chromium::start().await else { return world.stop().await };
    let page = &chromium.page;
    let settings = format!("{}/control/marketplaces/acme-hub", world.sandbox_url());
    let client = reqwest::Client::builder().build().unwrap();
    let changed = client.patch(settings).json(&serde_json::json!({ "signature": "historical" })).send().await.unwrap();
    assert!(changed.status().is_success());
    page.goto(world.sandbox_url()).await.unwrap();
    let link = "a[href*='/acme-hub/sso_trigger'][href*='usr-5k2'][href*='cld-7a1c']:not([href*='reseller'])";
    page.wait().at_most(PAGE).for_element(Locator::Css(link)).await.unwrap().click().await.unwrap();
    let reference = page.wait().at_most(PAGE).for_element(Locator::Css("main code")).await.unwrap();
    let reference = reference.text().await.unwrap();
    let text = page.find(Locator::Css("main")).await.unwrap().text().await.unwrap();
    assert!(text.contains("You could not be signed in") && text.contains("open the app from there again"), "{text}");
    assert_eq!(world.trace(&reference).await.outcome, "algorithm-not-allowed");
    chromium.screenshot("refused-sign-in").await;
    chromium.stop().await;
    world.stop().await;
}
