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
