//! `stallholder doctor` against a running stack.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

use std::process::Output;

use local::{Options, Stack, env_file};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::process::Command;

/// A stack, and what breaks it.
struct World {
    stack: Stack,
    client: Client,
}

impl World {
    async fn start() -> Self {
        Self { stack: Stack::start(Options::default()).await.unwrap(), client: Client::builder().build().unwrap() }
    }

    /// Asks the sandbox's control API.
    async fn control(&self, method: Method, path: &str, body: Value) {
        let url = format!("{}/{path}", self.stack.description().sandbox.control_url);
        let answer = self.client.request(method, url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn break_route(&self, route: &str, marketplace: Option<&str>, kind: &str) {
        let fault = json!({ "route": route, "marketplace": marketplace, "kind": kind });
        self.control(Method::POST, "faults", fault).await;
    }

    async fn configure(&self, marketplace: &str, patch: Value) {
        self.control(Method::PUT, &format!("marketplaces/{marketplace}/configuration"), patch).await;
    }

    async fn put_secret(&self, id: &str, value: &str) {
        let put = self.client.post(&self.stack.description().stores.secrets_manager_endpoint);
        let put = put.header("x-amz-target", "secretsmanager.PutSecretValue");
        let answer = put.json(&json!({ "SecretId": id, "SecretString": value })).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// The secret that this variable names.
    fn secret(&self, variable: &str) -> String {
        let variables = env_file::variables(self.stack.description());
        variables.iter().find(|(name, _)| *name == variable).unwrap().1.to_owned()
    }

    /// As after `set -a; . FILE` with the file of `--env-file`, and nothing else.
    async fn run(&self, arguments: &[&str]) -> Output {
        let variables = env_file::variables(self.stack.description());
        let output = Command::new(env!("CARGO_BIN_EXE_stallholder"))
            .arg("doctor")
            .args(arguments)
            .env_clear()
            .envs(variables)
            .output()
            .await
            .unwrap();
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        for secret in self.secrets().iter().filter(|secret| !secret.is_empty()) {
            assert!(!told.contains(secret.as_str()), "a secret is told in {told}");
        }
        output
    }

    /// What must never be told.
    fn secrets(&self) -> Vec<String> {
        let description = self.stack.description();
        let marketplaces = serde_json::to_value(&description.marketplaces).unwrap();
        let mut secrets = vec![description.sandbox.environment_secret.clone(), "hush-hush".to_owned()];
        let keys = marketplaces.as_array().unwrap().iter().filter_map(|one| one.get("api_key"));
        secrets.extend(keys.filter_map(Value::as_str).map(str::to_owned));
        assert!(secrets.len() > 2, "the description names no api_key: {marketplaces:#}");
        secrets
    }

    /// Runs it, and answers with the text and what has to be fixed, each with its subject.
    async fn findings(&self) -> (Vec<(String, String)>, Vec<Value>) {
        let output = self.run(&["--json"]).await;
        let all: Vec<Value> =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
        let part = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        let to_fix = all.iter().filter(|finding| finding["level"] == "fix");
        let to_fix: Vec<_> = to_fix.map(|finding| (part(finding, "subject"), part(finding, "message"))).collect();
        assert_eq!(output.status.code(), Some(i32::from(!to_fix.is_empty())), "{all:#?}");
        (to_fix, all)
    }
}

/// Exactly one thing has to be fixed: this.
#[track_caller]
fn assert_one(to_fix: &[(String, String)], subject: &str, parts: &[&str]) {
    let [(found, message)] = to_fix else { panic!("{to_fix:#?}") };
    assert_eq!(found, subject, "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} in {message}");
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn where_all_is_well_nothing_is_to_be_fixed() {
    let world = World::start().await;
    let service_url = world.stack.description().service.base_url.clone();
    let output = world.run(&["--service-url", &service_url]).await;
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}{}", text(&output.stderr));
    assert!(!shown.contains("FIX") && !shown.contains("warn"), "{shown}");
    for said in [
        "everything\n  ok    the application secret can be used (secret stallholder-application)\n",
        "\n\nacme-hub\n  ok    its entry can be used; it is on the developer platform and in the manifest\n",
        "\n\nnorthbank\n",
        "answers and knows our id and key",
        "the service takes its answers at the registered address",
        "  ok    what is served is what the sources say now\n",
        "  note  http is accepted",
    ] {
        assert!(shown.contains(said), "{said:?} in {shown}");
    }
    assert!(shown.lines().last().unwrap().ends_with(" to know, 0 to look at, 0 to fix"), "{shown}");
    world.stack.stop().await;
}

#[tokio::test]
async fn a_ping_that_fails_is_told_of_its_marketplace_alone() {
    let world = World::start().await;
    world.break_route("ping", Some("northbank"), "status").await;
    assert_one(&world.findings().await.0, "northbank", &["answers a ping with status 503"]);
    world.control(Method::DELETE, "faults", json!({})).await;
    world.break_route("ping", Some("acme-hub"), "malformed").await;
    assert_one(&world.findings().await.0, "acme-hub", &["something else than its JSON"]);
    world.control(Method::DELETE, "faults", json!({})).await;
    world.configure("acme-hub", json!({"api": {"key": "hush-hush"}})).await;
    assert_one(&world.findings().await.0, "acme-hub", &["refuses our id and key: correct api.id and api.key"]);
    world.stack.stop().await;
}

#[tokio::test]
async fn an_entry_that_cannot_be_used_is_served_as_of_before() {
    let world = World::start().await;
    world.configure("acme-hub", json!({"api": {"host": "hush-hush"}})).await;
    world.configure("northbank", json!({"sso": {"x509_certificate": "hush-hush"}})).await;
    let (to_fix, _) = world.findings().await;
    let [acme, northbank] = to_fix.as_slice() else { panic!("{to_fix:#?}") };
    let place = "correct it on the developer platform, or in the manifest (secret stallholder-manifest)";
    assert!(acme.0 == "acme-hub" && acme.1.contains("api.host is not a plain https URL"), "{acme:?}");
    assert!(acme.1.contains("served as of before") && acme.1.contains(place), "{acme:?}");
    assert!(northbank.0 == "northbank" && northbank.1.contains("sso.x509_certificate: certificate"), "{northbank:?}");
    assert!(northbank.1.contains("served as of before;"), "since when is not known yet: {northbank:?}");
    world.stack.refresh_configuration().await.unwrap();
    let (to_fix, _) = world.findings().await;
    assert!(to_fix.iter().all(|(_, message)| message.contains("served as of before, since 20")), "{to_fix:?}");
    world.stack.stop().await;
}

#[tokio::test]
async fn a_path_that_is_not_ours_is_told_with_the_one_to_register() {
    let world = World::start().await;
    world.configure("acme-hub", json!({"sso": {"init_path": "/login"}})).await;
    let (to_fix, all) = world.findings().await;
    let register = "register /mno-enterprise/acme-hub/saml/initialize on the developer platform";
    let parts = ["sso.init_path, /login, is none of our paths", register];
    assert_one(&to_fix, "acme-hub", &parts);
    let not_yet = |finding: &Value| finding["level"] == "warn" && finding["message"].to_string().contains("acme-hub");
    assert!(all.iter().any(not_yet), "what is served is not what the platform says: {all:#?}");
    let service_url = world.stack.description().service.base_url.clone();
    let compared = async || {
        let output = world.run(&["--service-url", &service_url]).await;
        text(&output.stdout).matches("the service takes its answers at the registered address").count()
    };
    assert_eq!(compared().await, 1, "acme-hub's is not compared as long as something else is served");
    world.stack.refresh_configuration().await.unwrap();
    assert!(!world.findings().await.1.iter().any(not_yet));
    assert_eq!(compared().await, 2);
    world.stack.stop().await;
}

#[tokio::test]
async fn a_platform_that_cannot_be_used_is_told_and_the_marketplaces_are_still_looked_at() {
    let world = World::start().await;
    for (kind, what) in [
        ("status", "answered with status 503"),
        ("drop", "did not answer at http://127.0.0.1"),
        ("not_json", "malformed at line 1"),
        ("error_document", "reports an error"),
        ("no_marketplaces", "has no marketplaces"),
        ("no_entries", "names no marketplace any more"),
    ] {
        world.break_route("config", None, kind).await;
        let (to_fix, all) = world.findings().await;
        assert_one(&to_fix, "everything", &[what, "what was served goes on being served"]);
        let pinged = all.iter().filter(|finding| finding["message"].to_string().contains("knows our id and key"));
        assert_eq!(pinged.count(), 2, "{all:#?}");
        world.control(Method::DELETE, "faults", json!({})).await;
    }
    world.stack.stop().await;
}

#[tokio::test]
async fn a_wrong_secret_is_named() {
    let world = World::start().await;
    let platform = world.secret("DEVELOPER_PLATFORM_SECRET_ID");
    world.put_secret(&platform, r#"{"key": "somebody", "secret": "hush-hush"}"#).await;
    let parts =
        ["refused the environment's key and secret: put those", "into the secret stallholder-developer-platform"];
    assert_one(&world.findings().await.0, "everything", &parts);
    world.put_secret(&platform, "hush-hush").await;
    let parts = ["secret stallholder-developer-platform is not the JSON object it should be: put {"];
    assert_one(&world.findings().await.0, "everything", &parts);

    let application = world.secret("APPLICATION_SECRET_ID");
    world.put_secret(&application, &json!({ "key": "another hush-hush of thirty-two bytes" }).to_string()).await;
    let (to_fix, _) = world.findings().await;
    assert!(
        to_fix.iter().any(|(_, message)| message.contains("was not sealed with the secret stallholder-app")),
        "{to_fix:?}"
    );
    world.stack.stop().await;
}

#[tokio::test]
async fn what_the_manifest_accepts_or_disables_is_told_and_is_no_reason_to_fail() {
    let world = World::start().await;
    let manifest = json!({"marketplaces": {
        "acme-hub": {"local": true, "legacy_cryptography": {"sha1": true}},
        "northbank": {"local": true, "disabled": true},
    }});
    world.put_secret(&world.secret("MANIFEST_SECRET_ID"), &manifest.to_string()).await;
    world.break_route("ping", Some("northbank"), "status").await;
    let (to_fix, all) = world.findings().await;
    assert!(to_fix.is_empty(), "{to_fix:#?}");
    let told = |subject: &str, level: &str, part: &str| {
        let found = |finding: &&Value| finding["message"].as_str().is_some_and(|message| message.contains(part));
        let finding = all.iter().find(found).unwrap_or_else(|| panic!("{part:?} in {all:#?}"));
        assert_eq!((&finding["subject"], &finding["level"]), (&subject.into(), &level.into()), "{part}");
    };
    told("acme-hub", "warn", "take `legacy_cryptography.sha1` out of its entry in the manifest");
    told("northbank", "note", "it is disabled");
    told("everything", "warn", "than what is served: acme-hub, northbank");
    world.stack.stop().await;
}

#[tokio::test]
async fn a_service_that_is_elsewhere_is_told() {
    let world = World::start().await;
    let app = world.stack.description().app.base_url.clone();
    let output = world.run(&["--service-url", &app]).await;
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("the service's /health answers with status 303: check --service-url"), "{shown}");
    assert!(shown.contains("which is not --service-url"), "{shown}");
    world.stack.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_wrong_usage_is_told() {
    let world = World::start().await;
    let elsewhere = ["--json", "--table", "nobodys", "--manifest-secret", "nowhere"];
    let output = world.run(&elsewhere).await;
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("check --table (nobodys)") && shown.contains("check --manifest-secret"), "{shown}");
    for wrong in
        [&["--table", ""][..], &["--service-url", "http://service.test"], &["--service-url", "x"], &["--nonsense"]]
    {
        assert_eq!(world.run(wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let without_variables =
        Command::new(env!("CARGO_BIN_EXE_stallholder")).arg("doctor").env_clear().output().await.unwrap();
    assert_eq!(without_variables.status.code(), Some(2));
    assert!(text(&without_variables.stderr).contains("--platform-secret <ID>"), "{without_variables:?}");
    world.stack.stop().await;
}
