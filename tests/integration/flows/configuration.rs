//! The marketplaces' configuration, whatever happens to its sources: the service goes on.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Browser, World};

/// Longer than any change may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every way in which the platform can fail (protocol.md §1.3), with what the report says of it.
const FAILURES: [(&str, u16, &str); 11] = [
    ("status", 503, "developer platform answered with status 503"),
    ("status", 500, "developer platform answered with status 500"),
    ("status", 404, "developer platform answered with status 404"),
    ("status", 401, "developer platform refused the environment's key and secret"),
    ("delay", 503, "developer platform did not answer"),
    ("drop", 503, "developer platform did not answer"),
    ("not_json", 503, "configuration document is malformed at line 1, column 1"),
    ("half_document", 503, "configuration document is malformed at line"),
    ("error_document", 503, "developer platform reports an error"),
    ("no_marketplaces", 503, "configuration document has no marketplaces"),
    ("no_entries", 503, "developer platform names no marketplace any more"),
];

async fn signs_in(world: &World, key: &str) {
    let page = Browser::new().sign_in(world, key, "usr-5k2", "cld-7a1c").await;
    assert_eq!(page.status, StatusCode::OK, "{key}: {}", page.body);
}

async fn metadata_with(world: &World, key: &str, id: &str, api_key: &str) -> (StatusCode, Value) {
    let url = world.service(&format!("/mno-enterprise/{key}/metadata"));
    let request = reqwest::Client::builder().build().unwrap().get(url).basic_auth(id, Some(api_key));
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn metadata_of(world: &World, key: &str) -> (StatusCode, Value) {
    let marketplace = world.marketplace(key);
    metadata_with(world, key, &marketplace.api_id, &marketplace.api_key).await
}

/// Waits until an answer is as it should be: what runs elsewhere looks for changes only now and then.
async fn soon<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "{what} took more than {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn whatever_the_platform_answers_the_service_goes_on() {
    let world = World::start().await;
    let good = world.refresh_configuration().await;
    assert_eq!((&good["platform"]["failure"], &good["quarantined"]), (&Value::Null, &json!([])));
    for (kind, status, reason) in FAILURES {
        world.set_fault(json!({ "route": "config", "kind": kind, "status": status, "delay_ms": 11_000 })).await;
        let report = world.refresh_configuration().await;
        let said = report["platform"]["failure"].as_str().unwrap_or_else(|| panic!("{kind} {status}: {report}"));
        assert!(said.starts_with(reason), "{kind} {status}: {said}");
        assert_eq!(report["version"], good["version"], "{kind} {status}");
        assert_eq!(report["marketplaces"], json!(["acme-hub", "northbank"]), "{kind} {status}");
        assert_ne!(report["platform"]["last_good"], Value::Null, "{kind} {status}: its age is known");
        assert_eq!(report["manifest"]["failure"], Value::Null);
        signs_in(&world, "acme-hub").await;
        signs_in(&world, "northbank").await;
        assert_eq!(metadata_of(&world, "acme-hub").await.0, StatusCode::OK);
        world.mend().await;
    }
    assert_eq!(world.refresh_configuration().await["platform"]["failure"], Value::Null);
    world.stop().await;
}

#[tokio::test]
async fn one_broken_marketplace_is_set_aside_and_goes_on_as_it_was() {
    let world = World::start().await;
    world.refresh_configuration().await;
    world.patch_configuration("northbank", &json!({ "sso": { "x509_certificate": "nonsense" } })).await;
    let report = world.refresh_configuration().await;
    let [quarantined] = report["quarantined"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(quarantined["marketplace"], "northbank");
    assert_eq!(quarantined["reason"], "sso.x509_certificate: certificate cannot be read");
    assert_ne!(quarantined["served_as_of_before_since"], Value::Null);
    signs_in(&world, "northbank").await;
    signs_in(&world, "acme-hub").await;
    world.restore_configuration("northbank").await;
    assert_eq!(world.refresh_configuration().await["quarantined"], json!([]));
    world.stop().await;
}

#[tokio::test]
async fn a_new_marketplace_is_served_at_once_and_one_that_is_gone_is_not() {
    let world = World::start().await;
    world.patch_configuration("northbank", &Value::Null).await;
    let report = world.refresh_configuration().await;
    assert_eq!((&report["removed"], &report["marketplaces"]), (&json!(["northbank"]), &json!(["acme-hub"])));
    let status = async |key| Browser::new().get(&world.marketplace(key).initialize_url).await.status;
    soon("removing it", async || {
        status("northbank").await == StatusCode::NOT_FOUND
            && metadata_of(&world, "northbank").await.0 == StatusCode::UNAUTHORIZED
    })
    .await;
    assert_eq!(status("acme-hub").await, StatusCode::FOUND);

    world.restore_configuration("northbank").await;
    world.refresh_configuration().await;
    // Nobody waits for the next look: an unknown marketplace is reason enough for one.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    signs_in(&world, "northbank").await;
    assert_eq!(metadata_of(&world, "northbank").await.0, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn a_disabled_marketplace_is_told_so_everywhere_and_its_people_are_out() {
    let world = World::start().await;
    world.refresh_configuration().await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    let before = world.manifest().await;
    let mut manifest: Value = yaml_serde::from_str(&before).unwrap();
    manifest["marketplaces"]["northbank"]["disabled"] = true.into();
    world.put_manifest(&manifest.to_string()).await;
    assert_eq!(world.refresh_configuration().await["quarantined"], json!([]));

    soon("disabling it", async || {
        Browser::new().get(&world.marketplace("northbank").initialize_url).await.status == StatusCode::FORBIDDEN
            && metadata_of(&world, "northbank").await.0 == StatusCode::FORBIDDEN
    })
    .await;
    assert_eq!(browser.get(&world.service("/session")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(metadata_with(&world, "northbank", "x", "y").await.0, StatusCode::UNAUTHORIZED);
    signs_in(&world, "acme-hub").await;

    world.put_manifest(&before).await;
    world.refresh_configuration().await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(metadata_of(&world, "northbank").await.0, StatusCode::OK);
    soon("enabling it", async || {
        Browser::new().get(&world.marketplace("northbank").initialize_url).await.status == StatusCode::FOUND
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn a_manifest_that_is_none_changes_nothing() {
    let world = World::start().await;
    let good = world.refresh_configuration().await;
    let before = world.manifest().await;
    for (bad, reason) in
        [("marketplaces: [hush-hush]", "manifest is not an object"), ("{hush-hush", "manifest is malformed at line")]
    {
        world.put_manifest(bad).await;
        let report = world.refresh_configuration().await;
        assert!(report["manifest"]["failure"].as_str().unwrap().starts_with(reason), "{report}");
        assert_eq!((&report["version"], &report["platform"]["failure"]), (&good["version"], &Value::Null));
        assert!(!report.to_string().contains("hush"));
    }
    world.put_manifest(&before).await;
    assert_eq!(world.refresh_configuration().await["manifest"]["failure"], Value::Null);
    world.stop().await;
}

#[tokio::test]
async fn a_new_api_key_and_the_one_before_are_both_good() {
    let world = World::start().await;
    world.refresh_configuration().await;
    let acme = world.marketplace("acme-hub");
    let (id, old, new) = (acme.api_id.clone(), acme.api_key.clone(), "k-new-of-acme-hub");
    let before = world.manifest().await;
    let mut manifest: Value = yaml_serde::from_str(&before).unwrap();
    manifest["marketplaces"]["acme-hub"]["previous_api_key"] = json!({ "key": old, "until": "2100-01-01T00:00:00Z" });
    world.put_manifest(&manifest.to_string()).await;
    world.patch_configuration("acme-hub", &json!({ "api": { "key": new } })).await;
    world.refresh_configuration().await;
    // A key that is not known yet is reason enough to look for it.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(metadata_with(&world, "acme-hub", &id, new).await.0, StatusCode::OK);
    assert_eq!(metadata_with(&world, "acme-hub", &id, &old).await.0, StatusCode::OK);

    world.put_manifest(&before).await;
    world.refresh_configuration().await;
    soon("ending the old key", async || {
        metadata_with(&world, "acme-hub", &id, &old).await.0 == StatusCode::UNAUTHORIZED
    })
    .await;
    assert_eq!(metadata_with(&world, "acme-hub", &id, new).await.0, StatusCode::OK);
    world.restore_configuration("acme-hub").await;
    world.refresh_configuration().await;
    world.stop().await;
}

/// Every route that asks for a marketplace's credentials; a function that has such routes adds them here.
fn authenticated() -> Vec<(Method, &'static str)> {
    let removals = account_webhooks::PATHS.into_iter().filter(|path| path.contains("{mp}"));
    let removals = removals.map(|path| (Method::DELETE, path));
    metadata::PATHS.into_iter().map(|path| (Method::GET, path)).chain(removals).collect()
}

#[tokio::test]
async fn no_marketplace_can_speak_for_another() {
    let world = World::start().await;
    world.refresh_configuration().await;
    let (acme, northbank) = (world.marketplace("acme-hub"), world.marketplace("northbank"));
    let client = reqwest::Client::builder().build().unwrap();
    let ask = async |method: &Method, path: &str, key: &str, id: &str, api_key: &str| {
        let request = client.request(method.clone(), world.service(&path.replace("{mp}", key)));
        request.basic_auth(id, Some(api_key)).send().await.unwrap().status()
    };
    for (method, path) in &authenticated() {
        let own = ask(method, path, "acme-hub", &acme.api_id, &acme.api_key).await;
        assert!([StatusCode::OK, StatusCode::NO_CONTENT].contains(&own), "{path}: {own}");
        for (key, id, api_key) in [
            ("northbank", &acme.api_id, &acme.api_key),
            ("acme-hub", &northbank.api_id, &northbank.api_key),
            ("acme-hub", &acme.api_id, &northbank.api_key),
            ("acme-hub", &northbank.api_id, &acme.api_key),
            ("nobody", &acme.api_id, &acme.api_key),
        ] {
            assert_eq!(ask(method, path, key, id, api_key).await, StatusCode::UNAUTHORIZED, "{path} {key} {id}");
        }
        let nobody = client.request(method.clone(), world.service(&path.replace("{mp}", "acme-hub"))).send().await;
        assert_eq!(nobody.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
    }

    // The same id at both: the keys tell them apart.
    world.patch_configuration("northbank", &json!({ "api": { "id": acme.api_id } })).await;
    assert_eq!(world.refresh_configuration().await["quarantined"], json!([]));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for (method, path) in &authenticated() {
        let own = ask(method, path, "northbank", &acme.api_id, &northbank.api_key).await;
        assert!([StatusCode::OK, StatusCode::NO_CONTENT].contains(&own), "{path}: {own}");
        assert_eq!(ask(method, path, "northbank", &acme.api_id, &acme.api_key).await, StatusCode::UNAUTHORIZED);
        assert_eq!(ask(method, path, "acme-hub", &acme.api_id, &northbank.api_key).await, StatusCode::UNAUTHORIZED);
    }
    world.restore_configuration("northbank").await;
    world.refresh_configuration().await;
    world.stop().await;
}

#[tokio::test]
async fn every_address_that_the_metadata_names_is_served() {
    let world = World::start().await;
    world.refresh_configuration().await;
    for key in ["acme-hub", "northbank"] {
        let (status, document) = metadata_of(&world, key).await;
        assert_eq!(status, StatusCode::OK);
        let paths = paths_in(&document);
        assert_eq!(paths.len(), 4, "{paths:?}: a new address needs a line below");
        let idm = document["sso"]["idm"].as_str().unwrap();
        let initialize = format!("{idm}{}", document["sso"]["init_path"].as_str().unwrap());
        let started = Browser::new().get(&initialize).await;
        assert_eq!(started.status, StatusCode::FOUND, "{initialize}");
        assert!(started.location().unwrap().starts_with(document["sso"]["idp"].as_str().unwrap()));
        let consume = format!("{idm}{}", document["sso"]["consume_path"].as_str().unwrap());
        assert_eq!(consume, world.marketplace(key).acs_url);
        let empty = Browser::new().post(&consume).await;
        assert_eq!(empty.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{consume} wants a response");
        for name in ["group_path", "group_user_path"] {
            let removal = format!("{idm}{}", document["webhook"]["account"][name].as_str().unwrap());
            assert_eq!(
                Browser::new().post(&removal).await.status,
                StatusCode::UNAUTHORIZED,
                "{removal} wants credentials"
            );
        }
    }
    world.stop().await;
}

/// Everything in a document that is a path at the app: all paths but those of the marketplace's own APIs.
fn paths_in(document: &Value) -> Vec<&str> {
    match document {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !["base", "base_path"].contains(&name.as_str()))
            .flat_map(|(_, value)| paths_in(value))
            .collect(),
        Value::String(text) if text.starts_with('/') => vec![text],
        _ => Vec::new(),
    }
}
