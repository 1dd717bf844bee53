//! The program itself: what it says when something is in the way, and that it ends cleanly.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail loudly")]

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider},
    types::AttributeValue,
};
use serde_json::Value;
use shared::{
    env::Variables,
    marketplace::{DeveloperPlatform, PlatformUrl},
    secrets::{Key, Secrets},
};

/// How long the program may take to be there, or to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

fn local(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it where it cannot start.
fn refused(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = local(arguments).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    said
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what} took too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts it and reads what it describes.
fn start(folder: &Path, more: &[&str]) -> (Child, Value) {
    let file = folder.join("description.json");
    let _ = std::fs::remove_file(&file);
    let child = local(&[&["--describe", file.to_str().unwrap()], more].concat()).spawn().unwrap();
    wait_for("the description", || file.exists());
    let description = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    (child, description)
}

/// Asks it to end as a service manager would, and checks that it does so by itself.
fn stop(mut child: Child) {
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut status = None;
    wait_for("the end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
}

#[test]
fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["--port", "--service-port", "--app-port", "--sandbox-port", "--dynamodb-port", "--secrets-port"] {
        let said = refused(&[option, &port]);
        assert!(said.contains(&format!("port {port}")) && said.contains(option), "{said}");
    }
}

#[test]
fn a_data_folder_that_is_a_file_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let said = refused(&["--data", file.path().to_str().unwrap()]);
    assert!(said.contains(file.path().to_str().unwrap()) && said.contains("--data"), "{said}");
}

#[test]
fn a_damaged_data_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dynamodb.sqlite"), "this is not a database, it only looks like a file of one")
        .unwrap();
    let said = refused(&["--data", folder.path().to_str().unwrap()]);
    assert!(said.contains(folder.path().to_str().unwrap()), "{said}");
}

#[test]
fn a_missing_or_broken_key_file_is_named() {
    let said = refused(&["--idp-key", "no-such-key.pem", "--idp-cert", "no-such-cert.pem"]);
    assert!(said.contains("no-such-key.pem"), "{said}");
    let broken = tempfile::NamedTempFile::new().unwrap();
    let path = broken.path().to_str().unwrap();
    let said = refused(&["--idp-key", path, "--idp-cert", path]);
    assert!(said.contains(path), "{said}");
}

#[test]
fn a_key_that_the_service_refuses_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let pair = sandbox::KeyPair::generate(1_024, "short.test").unwrap();
    let (key, certificate) = write_pair(folder.path(), &pair);
    let said = refused(&["--idp-key", &key, "--idp-cert", &certificate]);
    assert!(said.contains("acme-hub") && said.contains("fewer than 2048") && said.contains("--idp-key"), "{said}");
}

/// The two files of a pair.
fn write_pair(folder: &Path, pair: &sandbox::KeyPair) -> (String, String) {
    let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
    std::fs::write(&key, &pair.private_key_pem).unwrap();
    std::fs::write(&certificate, &pair.certificate_pem).unwrap();
    (key.to_str().unwrap().to_owned(), certificate.to_str().unwrap().to_owned())
}

#[test]
fn a_post_login_address_that_would_leak_the_code_is_refused() {
    let said = refused(&["--post-login-url", "http://app.example.test/welcome"]);
    assert!(said.contains("https"), "{said}");
}

#[test]
fn a_description_that_cannot_be_written_is_named() {
    let said = refused(&["--describe", "no-such-folder/description.json"]);
    assert!(said.contains("no-such-folder/description.json"), "{said}");
}

#[test]
fn the_description_names_everything_and_the_end_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let (child, description) = start(folder.path(), &[]);
    for path in [
        "/service/base_url",
        "/service/app_api_key",
        "/app/base_url",
        "/sandbox/base_url",
        "/sandbox/control_url",
        "/stores/dynamodb_endpoint",
        "/stores/region",
        "/stores/event_bus_endpoint",
        "/stores/tables/accounts",
        "/stores/tables/id_map",
        "/stores/queues/push",
        "/stores/queues/push_dead_letters",
        "/stores/queues/events_dead_letters",
    ] {
        assert!(description.pointer(path).and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{path}");
    }
    let marketplaces = description["marketplaces"].as_array().unwrap();
    assert_eq!(marketplaces.len(), 2);
    for marketplace in marketplaces {
        for name in [
            "key",
            "api_id",
            "api_key",
            "initialize_url",
            "acs_url",
            "idp_sso_url",
            "issuer",
            "audience",
            "idp_private_key_pem",
            "idp_certificate_pem",
        ] {
            assert!(marketplace[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
        assert!(
            marketplace["groups"].as_array().unwrap().len() >= 2 && marketplace["users"].as_array().unwrap().len() >= 2
        );
    }
    assert_eq!(marketplaces[0]["users"], marketplaces[1]["users"], "the same ids in both, on purpose");
    stop(child);
}

#[test]
fn an_env_file_that_cannot_be_written_is_named() {
    let said = refused(&["--env-file", "no-such-folder/local.env"]);
    assert!(said.contains("no-such-folder/local.env"), "{said}");
}

/// The start of a function needs nothing else: its settings, its secrets, its table, the marketplaces.
#[tokio::test]
async fn functions_that_run_elsewhere_find_all_they_need_in_the_env_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("local.env");
    let elsewhere = "http://localhost:9";
    let arguments = ["--service-url", elsewhere, "--env-file", file.to_str().unwrap()];
    let (child, description) = start(folder.path(), &arguments);
    assert_eq!(description["service"]["base_url"], elsewhere);
    assert_eq!(
        description["marketplaces"][0]["initialize_url"],
        format!("{elsewhere}/mno-enterprise/acme-hub/saml/initialize")
    );

    // As a shell reads it.
    let sourced =
        Command::new("sh").env_clear().args(["-c", "set -a; . \"$1\"; env", "sh"]).arg(&file).output().unwrap();
    let text = String::from_utf8(sourced.stdout).unwrap();
    let variables = Variables::from_iter(text.lines().map(|line| line.split_once('=').unwrap()));
    connec_push::Settings::read(&variables).unwrap();
    account_webhooks::Settings::read(&variables).unwrap();
    events::Settings::read(&variables).unwrap();
    removals::Settings::read(&variables).unwrap();
    sso::Settings::read(&variables).unwrap();
    app_api::Settings::read(&variables).unwrap();
    config_refresh::Settings::read(&variables).unwrap();
    metadata::Settings::read(&variables).unwrap();

    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("any", "any", None, None, "test")))
        .endpoint_url(variables.required("AWS_ENDPOINT_URL_SECRETS_MANAGER").unwrap())
        .region(Region::new(variables.required("AWS_REGION").unwrap()))
        .build();
    let secrets = Secrets::new(&config);
    let key: Key = secrets.read(&variables.required("APP_API_KEY_SECRET_ID").unwrap()).await.unwrap();
    assert!(key.key.matches(description["service"]["app_api_key"].as_str().unwrap()));
    let _: Key = secrets.read(&variables.required("APPLICATION_SECRET_ID").unwrap()).await.unwrap();
    let platform = PlatformUrl::read(&variables).unwrap();
    let environment = secrets.read(&variables.required("DEVELOPER_PLATFORM_SECRET_ID").unwrap()).await.unwrap();
    let document = DeveloperPlatform::new(platform, environment).fetch().await.unwrap();
    assert!(document.entries.contains_key("acme-hub"));
    let manifest = secrets.read_text(&variables.required("MANIFEST_SECRET_ID").unwrap()).await.unwrap();
    assert_eq!(manifest.expose(), local::DEFAULT_MANIFEST);
    let unknown = secrets.read::<Key>("nobody").await.unwrap_err();
    assert_eq!(unknown.to_string(), "secret nobody cannot be read");
    stop(child);
}

#[test]
fn keys_from_outside_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let pair = sandbox::KeyPair::generate(2_048, "outside.test").unwrap();
    let (key, certificate) = write_pair(folder.path(), &pair);
    let arguments = ["--idp-key", &key, "--idp-cert", &certificate];
    let (child, description) = start(folder.path(), &arguments);
    for marketplace in description["marketplaces"].as_array().unwrap() {
        assert_eq!(marketplace["idp_certificate_pem"], pair.certificate_pem);
    }
    stop(child);
}

#[tokio::test]
async fn the_data_folder_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let arguments = ["--data", data.to_str().unwrap()];
    let item = |key: &str| AttributeValue::S(key.to_owned());

    let (child, description) = start(folder.path(), &arguments);
    let table = description["stores"]["tables"]["accounts"].as_str().unwrap();
    let put = dynamodb(&description).put_item().table_name(table).item("PK", item("a")).item("SK", item("b"));
    put.send().await.unwrap();
    stop(child);

    let (child, description) = start(folder.path(), &arguments);
    let get = dynamodb(&description).get_item().table_name(table).key("PK", item("a")).key("SK", item("b"));
    assert!(get.send().await.unwrap().item.is_some());
    stop(child);
}

fn dynamodb(description: &Value) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .endpoint_url(description["stores"]["dynamodb_endpoint"].as_str().unwrap())
        .region(Region::new("eu-west-1"))
        .build();
    Client::from_conf(config)
}
