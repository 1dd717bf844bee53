//! The stored snapshot, in a real table: replaced as a whole, opened by nobody else, read when it is due.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::{
    application_keys::{ApplicationKeys, RotatingKeys},
    clock::SystemClock,
    configuration::{Configuration, Head, RefreshError, Report, Sources, Unavailable, refresh},
    marketplace::{DocumentError, Manifest, PlatformDocument, PlatformError},
    secret::Secret,
    secrets::Key,
    store::{Accounts, PutConfigurationError, StoreError},
    testing,
};

use crate::harness::World;

const FIRST: &str = "the-first-application-secret-of-all";
const SECOND: &str = "the-second-application-secret-of-all";

fn keys(key: &str, previous: Option<&str>) -> ApplicationKeys {
    ApplicationKeys::new(Key { key: key.into(), previous: previous.map(Secret::from) }).unwrap()
}

fn rotating(keys: ApplicationKeys) -> Arc<RotatingKeys> {
    Arc::new(RotatingKeys::fixed(keys))
}

fn start() -> Timestamp {
    "2030-01-15T10:00:30Z".parse().unwrap()
}

fn after(secs: i64) -> Timestamp {
    start() + SignedDuration::from_secs(secs)
}

/// Both sources: this many marketplaces, and this manifest.
fn sources(count: usize, manifest: &str) -> Sources {
    let acme = testing::entries("").remove("acme-hub").unwrap().platform.unwrap();
    let entry = |number: usize| {
        let mut entry = acme.clone();
        entry["marketplace"] = json!(format!("hub-{number}"));
        entry["api"]["key"] = json!(format!("k-{number}-hush"));
        entry
    };
    let document = json!({ "marketplaces": (0..count).map(entry).collect::<Vec<Value>>() });
    let document = PlatformDocument::parse(document.to_string().as_bytes()).unwrap();
    Sources { platform: Ok(document), manifest: Ok(Manifest::parse(manifest).unwrap()) }
}

fn platform_down() -> Sources {
    let down = PlatformError::Document(DocumentError::Reported);
    Sources { platform: Err(Unavailable::Platform(down)), ..sources(0, "") }
}

/// A table without a snapshot, in a stack that is there for its table only.
struct Table {
    world: World,
    accounts: Accounts,
}

impl Table {
    async fn empty() -> Self {
        let world = World::embedded(Arc::new(SystemClock)).await;
        let accounts = world.accounts();
        for item in world.configuration_items().await {
            world.delete(&item).await;
        }
        Self { world, accounts }
    }

    async fn refresh(&self, keys: &ApplicationKeys, sources: Sources, now: Timestamp) -> Report {
        refresh(&self.accounts, keys, sources, now).await.unwrap()
    }

    /// How many marketplaces somebody reads who comes anew.
    async fn read(&self, keys: ApplicationKeys) -> Option<usize> {
        let configuration = Configuration::new(self.accounts.clone(), rotating(keys));
        configuration.current(start()).await.ok().map(|directory| directory.iter().count())
    }
}

#[tokio::test]
async fn a_large_snapshot_takes_several_items_and_a_small_one_after_it_is_read_as_well() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    for (count, parts) in [(600, 3..6), (2, 1..2)] {
        let report = table.refresh(&key, sources(count, ""), start()).await;
        assert_eq!((report.changed, report.marketplaces.len()), (true, count));
        let head = table.accounts.configuration_head().await.unwrap().unwrap();
        assert!(parts.contains(&head.parts), "{} parts of {count}", head.parts);
        assert_eq!(table.read(keys(FIRST, None)).await, Some(count));
    }
    table.world.stop().await;
}

#[tokio::test]
async fn one_that_is_too_large_leaves_the_last_one() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(2, ""), start()).await;
    let error = refresh(&table.accounts, &key, sources(1_400, ""), start()).await.unwrap_err();
    assert!(matches!(error, RefreshError::Put(PutConfigurationError::TooLarge)), "{error}");
    assert_eq!(table.read(keys(FIRST, None)).await, Some(2));
    table.world.stop().await;
}

#[tokio::test]
async fn nothing_new_changes_the_times_only() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    let first = table.refresh(&key, sources(2, ""), start()).await;
    let again = table.refresh(&key, sources(2, ""), after(60)).await;
    assert_eq!((again.version, again.changed), (first.version, false));
    assert_eq!(again.platform.last_good, Some(after(60)));
    let down = table.refresh(&key, platform_down(), after(120)).await;
    assert_eq!((down.version, down.platform.last_good), (first.version, Some(after(60))));
    assert_eq!(down.platform.failure.as_deref(), Some("developer platform reports an error"));
    assert_eq!(down.age(after(120)), Some(SignedDuration::from_secs(60)));
    table.world.stop().await;
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_counts() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(2, ""), start()).await;
    let refreshes = (3..9).map(|count| refresh(&table.accounts, &key, sources(count, ""), start()));
    let outcomes = futures::future::join_all(refreshes).await;
    let won: Vec<&Report> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert!(!won.is_empty());
    let lost = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    for error in lost {
        assert!(matches!(error, RefreshError::Put(PutConfigurationError::Conflict)), "{error}");
    }
    let last = won.iter().max_by_key(|report| report.version).unwrap();
    assert_eq!(table.read(keys(FIRST, None)).await, Some(last.marketplaces.len()));
    table.world.stop().await;
}

#[tokio::test]
async fn of_two_that_replace_the_same_snapshot_exactly_one_does() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(2, ""), start()).await;
    let (head, sealed) = table.accounts.configuration().await.unwrap().unwrap();
    let next = Head { version: head.version + 1, ..head.clone() };
    let put = || table.accounts.put_configuration(next.clone(), &sealed, &head);
    put().await.unwrap();
    assert!(matches!(put().await.unwrap_err(), PutConfigurationError::Conflict));
    let late = table.accounts.confirm_configuration(&head).await.unwrap_err();
    assert!(matches!(late, PutConfigurationError::Conflict));
    table.world.stop().await;
}

#[tokio::test]
async fn a_snapshot_that_is_half_replaced_is_not_read() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(600, ""), start()).await;
    let configuration = Configuration::new(table.accounts.clone(), rotating(keys(FIRST, None)));
    assert!(configuration.find("hub-0", start()).await.is_ok());
    // As somebody would see it who reads while another writes.
    for mut item in table.world.configuration_items().await {
        let is_second = item["SK"].as_s().unwrap().ends_with("001");
        let is_head = item.contains_key("parts");
        if is_second || is_head {
            item.insert("version".to_owned(), AttributeValue::N(if is_head { "3" } else { "2" }.to_owned()));
            table.world.put(item).await;
        }
    }
    assert!(matches!(table.accounts.configuration().await.unwrap_err(), StoreError::Torn));
    assert_eq!(table.read(keys(FIRST, None)).await, None);
    assert!(configuration.find("hub-0", after(60)).await.is_ok(), "who knew the one before goes on");
    table.world.stop().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_stops_nobody_from_looking() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(1, ""), start()).await;
    let configuration = Configuration::new(table.accounts.clone(), rotating(keys(FIRST, None)));
    assert!(configuration.find("hub-0", after(3_600)).await.is_ok());
    table.refresh(&key, sources(2, ""), start()).await;
    assert!(configuration.find("hub-1", start()).await.is_ok());
    table.world.stop().await;
}

#[tokio::test]
async fn marketplaces_of_the_manifest_need_no_platform() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    let acme = testing::entries("").remove("acme-hub").unwrap().platform.unwrap();
    let manifest = json!({ "marketplaces": { "big-bank": { "configuration": acme } } }).to_string();
    let sources = Sources { platform: platform_down().platform, ..sources(0, &manifest) };
    let report = table.refresh(&key, sources, start()).await;
    assert_eq!((report.version, report.marketplaces), (1, vec!["big-bank".to_owned()]));
    assert_eq!(table.read(keys(FIRST, None)).await, Some(1));
    table.world.stop().await;
}

#[tokio::test]
async fn who_reads_or_writes_the_table_neither_learns_a_key_nor_gets_one_in() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(2, ""), start()).await;
    let items = table.world.configuration_items().await;
    assert!(!format!("{items:?}").contains("hush") && !format!("{items:?}").contains("hub-1"));
    let part = items.iter().find(|item| item.contains_key("sealed")).unwrap();
    let mut sealed = part["sealed"].as_s().unwrap().clone();
    let place = sealed.len() / 2;
    sealed.replace_range(place..=place, if &sealed[place..=place] == "A" { "B" } else { "A" });
    let mut changed = part.clone();
    changed.insert("sealed".to_owned(), AttributeValue::S(sealed));
    table.world.put(changed).await;
    assert_eq!(table.read(keys(FIRST, None)).await, None);
    table.world.stop().await;
}

#[tokio::test]
async fn the_application_secret_changes_without_a_gap() {
    let table = Table::empty().await;
    table.refresh(&keys(FIRST, None), sources(2, ""), start()).await;
    // Nothing has changed but the secret, and the platform is down: it is sealed anew all the same.
    let report = table.refresh(&keys(SECOND, Some(FIRST)), platform_down(), start()).await;
    assert_eq!((report.changed, report.version), (false, 2));
    assert_eq!(table.read(keys(SECOND, None)).await, Some(2));
    assert_eq!(table.read(keys(FIRST, Some(SECOND))).await, Some(2));
    table.world.stop().await;
}

#[tokio::test]
async fn a_secret_that_was_replaced_at_once_costs_the_snapshot_until_the_sources_answer() {
    let table = Table::empty().await;
    table.refresh(&keys(FIRST, None), sources(2, ""), start()).await;
    assert_eq!(table.read(keys(SECOND, None)).await, None);
    let report = table.refresh(&keys(SECOND, None), sources(2, ""), start()).await;
    assert_eq!((report.changed, report.version), (true, 2));
    assert_eq!(table.read(keys(SECOND, None)).await, Some(2));
    table.world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_opened_is_not_overwritten_by_half_of_the_sources() {
    let table = Table::empty().await;
    table.refresh(&keys(FIRST, None), sources(2, ""), start()).await;
    let report = table.refresh(&keys(SECOND, None), platform_down(), start()).await;
    assert_eq!((report.version, report.changed, report.marketplaces.len()), (1, false, 0));
    assert_eq!(table.read(keys(FIRST, None)).await, Some(2), "whoever puts the secret right has it back");
    table.world.stop().await;
}

#[tokio::test]
async fn before_both_sources_could_be_used_there_is_no_configuration() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    let no_manifest = || Err(Unavailable::Manifest(Manifest::parse("[]").unwrap_err()));
    for sources in [platform_down(), Sources { manifest: no_manifest(), ..sources(2, "") }] {
        let report = table.refresh(&key, sources, start()).await;
        assert_eq!((report.version, report.changed, report.age(start())), (0, false, None));
        assert_eq!(table.read(keys(FIRST, None)).await, None);
    }
    table.refresh(&key, sources(2, ""), start()).await;
    assert_eq!(table.read(keys(FIRST, None)).await, Some(2));
    table.world.stop().await;
}

#[tokio::test]
async fn what_was_read_serves_for_a_while_and_then_somebody_looks() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(1, ""), start()).await;
    let configuration = Configuration::new(table.accounts.clone(), rotating(keys(FIRST, None)));
    let seen = async |secs: i64| configuration.current(after(secs)).await.unwrap().iter().count();
    assert_eq!(seen(0).await, 1);
    table.refresh(&key, sources(2, ""), start()).await;
    assert_eq!(seen(14).await, 1, "young enough");
    assert_eq!(seen(15).await, 1, "who asks does not wait");
    let mut tries = 0;
    while seen(15).await == 1 {
        tries += 1;
        assert!(tries < 500, "nobody looked in the background");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    table.refresh(&key, sources(3, ""), start()).await;
    assert_eq!(seen(15 + 45).await, 3, "who was frozen that long waits for a look");
    table.world.stop().await;
}

#[tokio::test]
async fn an_unknown_marketplace_is_looked_for_at_once_but_once_a_second_at_most() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(1, ""), start()).await;
    let configuration = Configuration::new(table.accounts.clone(), rotating(keys(FIRST, None)));
    assert!(configuration.find("hub-0", start()).await.is_ok());
    table.refresh(&key, sources(2, ""), start()).await;
    assert!(configuration.find("hub-1", start()).await.is_err(), "somebody looked just now");
    assert!(configuration.find("hub-1", after(1)).await.is_ok());
    table.world.stop().await;
}

#[tokio::test]
async fn while_the_snapshot_cannot_be_read_the_known_one_serves() {
    let table = Table::empty().await;
    let key = keys(FIRST, None);
    table.refresh(&key, sources(1, ""), start()).await;
    let configuration = Configuration::new(table.accounts.clone(), rotating(keys(FIRST, None)));
    assert!(configuration.find("hub-0", start()).await.is_ok());
    for item in table.world.configuration_items().await {
        table.world.delete(&item).await;
    }
    assert!(configuration.find("hub-0", after(3_600)).await.is_ok());
    table.refresh(&keys(SECOND, None), sources(2, ""), start()).await;
    assert!(configuration.find("hub-0", after(7_200)).await.is_ok(), "sealed by somebody else");
    table.world.stop().await;
}
