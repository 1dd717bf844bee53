//! The program against a running stack.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::process::Output;

use local::{Options, Stack};
use tokio::process::Command;

async fn stallholder(stack: &Stack, arguments: &[&str]) -> Output {
    let stores = &stack.description().stores;
    Command::new(env!("CARGO_BIN_EXE_stallholder"))
        .args(arguments)
        .env("ACCOUNTS_TABLE", &stores.tables.accounts)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_REGION", &stores.region)
        .env("AWS_ENDPOINT_URL_DYNAMODB", &stores.dynamodb_endpoint)
        .output()
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_reference_on_the_page_leads_to_the_rule_that_refused() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let acme = stack.description().marketplaces.first().unwrap();
    let client = reqwest::Client::builder().build().unwrap();
    let posted = client.post(&acme.acs_url).form(&[("SAMLResponse", "PGEvPg==")]).send().await.unwrap();
    let page = posted.text().await.unwrap();
    let (_, rest) = page.split_once("<code>").unwrap();
    let (reference, _) = rest.split_once("</code>").unwrap();

    let found = stallholder(&stack, &["trace", reference]).await;
    assert!(found.status.success(), "{}", text(&found.stderr));
    let shown = text(&found.stdout);
    assert!(shown.starts_with(&format!("{reference}  no-pending-request\n")), "{shown}");
    assert!(shown.contains(&format!("marketplace     {}", acme.key)), "{shown}");

    let spoken = format!("{}-{}", &reference[..4].to_lowercase(), &reference[4..]);
    let json = stallholder(&stack, &["trace", "--json", &spoken]).await;
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["outcome"], &json["protocol"]), (&"no-pending-request".into(), &"saml".into()));
    stack.stop().await;
}

#[tokio::test]
async fn what_is_not_found_is_said_with_what_else_to_try() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let unknown = stallholder(&stack, &["trace", "000000000000"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there is no trace of 000000000000. Traces are kept for 14 days"));
    let malformed = stallholder(&stack, &["trace", "x"]).await;
    assert_eq!(malformed.status.code(), Some(2));
    assert!(text(&malformed.stderr).contains("a reference has 12 digits and capital letters"));
    let no_table = stallholder(&stack, &["trace", "000000000000", "--table", "nobodys"]).await;
    assert!(text(&no_table.stderr).contains("check --table"), "{}", text(&no_table.stderr));
    stack.stop().await;
}
