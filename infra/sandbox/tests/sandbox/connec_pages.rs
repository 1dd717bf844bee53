//! The pages of Connec!'s records.

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, external};
use crate::running::{Running, between};

const PAGE: &str = "/acme-hub/records/cld-7a1c";

/// What a page shows in place of these characters.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[tokio::test]
async fn the_launcher_leads_to_the_records_of_every_group() {
    let running = Running::start().await;
    let launcher = running.get("/").send().await.body;
    for (key, group) in [("acme-hub", "cld-7a1c"), ("acme-hub", "cld-2b6d"), ("northbank", "cld-9e4f")] {
        let path = format!("/{key}/records/{group}");
        assert_eq!(launcher.matches(&format!("href=\"{path}\"")).count(), 1, "{path}");
        assert_eq!(running.get(&path).send().await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn every_resource_has_a_tab_and_those_with_records_a_count() {
    let running = Running::start().await;
    let page = running.get(PAGE).send().await.body;
    let tabs = between(&page, "<nav class=\"tabs\"", "</nav>").unwrap();
    assert_eq!(tabs.matches("<a ").count(), 34);
    for filled in ["invoices 1", "items 2", "organizations 1", "people 2"] {
        assert!(tabs.contains(&format!(">{filled}</a>")), "{filled}");
    }
    assert_eq!(tabs.matches("class=\"filled\"").count(), 4);
    assert_eq!(tabs.matches("aria-current=\"page\">invoices").count(), 1, "the first that has any");
}

#[tokio::test]
async fn a_record_is_shown_with_its_ids_and_its_json() {
    let connec = Connec::start().await;
    let sent = json!({ "id": [external("c-1")], "first_name": "Bo", "last_name": "O'Neil <QA> & \"co\"" });
    let id = connec.create("people", sent).await;
    let updated_at = connec.shown("people", &id).await["updated_at"].as_str().unwrap().to_owned();
    let page = connec.running.get(&format!("{PAGE}?resource=people")).send().await.body;
    let record = between(&page, "<article class=\"record\">", "</article>").unwrap();
    assert!(record.contains(&format!("<h3>{}</h3>", escaped("Bo O'Neil <QA> & \"co\""))), "{record}");
    for part in [&format!("<code>{id}</code>"), "<code>c-1</code> of ledgerly, acct-5501", &updated_at] {
        assert!(record.contains(part), "{part}");
    }
    let shown: Value = serde_json::from_str(&unescaped(between(record, "<pre>", "</pre>").unwrap())).unwrap();
    assert_eq!(shown, connec.records("people").await[0]["record"]);
}

#[tokio::test]
async fn what_the_form_of_a_record_holds_can_be_sent_as_it_is() {
    let connec = Connec::start().await;
    assert_eq!(connec.running.change("POST", "reset", "").await.status, 200);
    let before = connec.records("invoices").await[0].clone();
    let page = connec.running.get(&format!("{PAGE}?resource=invoices")).send().await.body;
    let form = between(&page, "<form data-method=\"PUT\"", "</form>").unwrap();
    let path = between(form, "data-path=\"", "\"").unwrap();
    let fields = unescaped(form.split_once("<textarea").unwrap().1.split_once(">\n").unwrap().1);
    let fields = fields.split_once("</textarea>").unwrap().0;
    assert!(!fields.contains("updated_at") && fields.contains("\"lines\""), "{fields}");
    let saved = connec.running.change("PUT", path, fields).await;
    assert_eq!((saved.status, &saved.json()["revision"]), (200, &json!(2)));
    let mut expected = before["record"].clone();
    expected["updated_at"] = saved.json()["record"]["updated_at"].clone();
    assert_eq!(saved.json()["record"], expected);
}

#[tokio::test]
async fn the_form_for_a_new_record_posts_to_the_resource_that_is_shown() {
    let running = Running::start().await;
    let page = running.get(&format!("{PAGE}?resource=quotes")).send().await.body;
    assert!(page.contains("There are none."));
    assert!(!page.contains("data-method=\"PUT\""));
    let form = between(&page, "<form data-method=\"POST\"", "</form>").unwrap();
    let path = between(form, "data-path=\"", "\"").unwrap();
    assert_eq!(path, format!("marketplaces/acme-hub/groups/{GROUP}/records/quotes"));
    assert_eq!(running.change("POST", path, r#"{"title":"For the café"}"#).await.status, 201);
    let page = running.get(&format!("{PAGE}?resource=quotes")).send().await.body;
    assert!(page.contains("<h3>For the café</h3>"));
}

#[tokio::test]
async fn the_last_hundred_records_are_shown() {
    let connec = Connec::start().await;
    for batch in 0..2 {
        let op = |number: i32| {
            let fields = json!({ "items": { "name": format!("Item {batch}-{number:02}") } });
            json!({ "method": "post", "url": format!("/api/v2/{GROUP}/items/"), "params": fields })
        };
        connec.batch((0..60).map(op).collect()).await;
    }
    let page = connec.running.get(&format!("{PAGE}?resource=items")).send().await.body;
    assert!(page.contains("The last 100 of 120."));
    assert_eq!(page.matches("<article").count(), 100);
    assert!(page.contains("Item 1-59") && page.contains("Item 0-20") && !page.contains("Item 0-19"));
}

#[tokio::test]
async fn records_of_what_is_unknown_are_not_found_and_foreign_names_are_refused() {
    let running = Running::start().await;
    for path in ["/acme-hub/records/cld-none", "/nowhere/records/cld-7a1c"] {
        assert_eq!(running.get(path).send().await.status, 404, "{path}");
    }
    let foreign = running.get(PAGE).header("host", "sandbox.example.com").send().await;
    assert_eq!(foreign.status, 421);
    assert!(!foreign.body.contains("Ada"));
}

#[tokio::test]
async fn the_fault_form_offers_the_kinds_of_batches_and_tells_what_is_set() {
    let connec = Connec::start().await;
    let form = connec.running.get("/").send().await.body;
    let kinds = between(&form, "<optgroup label=\"connec_batch only\">", "</optgroup>").unwrap();
    assert!(kinds.contains("<option>item_status</option><option>short_results</option>"));
    for field in ["retry_after_s", "item"] {
        assert!(form.contains(&format!("<input name=\"{field}\"")), "{field}");
        assert!(form.contains(&format!("{field}: number(\"{field}\")")), "{field} is sent");
    }
    for fault in [
        json!({ "route": "connec_batch", "kind": "item_status", "item": 2, "status": 429 }),
        json!({ "route": "connec_batch", "kind": "short_results" }),
        json!({ "route": "connec_list", "kind": "status", "status": 429, "retry_after_s": 7 }),
    ] {
        connec.set_fault(fault).await;
    }
    let page = connec.running.get("/").send().await.body;
    for told in ["answers 429 for op 2, always", "leaves out the last result, always", "to come back after 7 s, always"]
    {
        assert!(page.contains(told), "{told}");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere_and_shows_no_secret() {
    let running = Running::start().await;
    let page = running.get(PAGE).send().await.body;
    for loading in ["src=", "@import", "url(", "<link rel=\"stylesheet\"", "onclick", "onsubmit"] {
        assert!(!page.contains(loading), "{loading}");
    }
    assert!(!page.contains(&running.marketplace("acme-hub").api_key));
}
