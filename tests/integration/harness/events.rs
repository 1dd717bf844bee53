//! What the app is told: every event that was published, each held against its published schema.

use std::{collections::BTreeMap, path::Path, sync::LazyLock, time::Duration};

use serde_json::Value;

use super::World;

/// How long an event may take from its transaction to the bus.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing more may come before it is believed that nothing does.
const QUIET: Duration = Duration::from_millis(1_500);

/// Every schema by the type it is for.
static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let schemas = files.filter_map(|file| {
        let name = file.file_name()?.to_str()?.strip_suffix(".schema.json")?.to_owned();
        Some((name, serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap()))
    });
    schemas.collect()
});

/// The types that `docs/events/` describes.
pub(crate) fn described_types() -> Vec<&'static str> {
    SCHEMAS.keys().map(String::as_str).filter(|name| *name != "common").collect()
}

/// The examples of a type's schema.
pub(crate) fn examples(kind: &str) -> Vec<Value> {
    SCHEMAS[kind]["examples"].as_array().unwrap().clone()
}

/// What is wrong with an event.
pub(crate) fn problems(event: &Value) -> Vec<String> {
    let Some(schema) = event["type"].as_str().and_then(|kind| SCHEMAS.get(kind)) else {
        return vec![format!("no schema for {event}")];
    };
    let common = &SCHEMAS["common"];
    let registry = jsonschema::Registry::new().add(common["$id"].as_str().unwrap(), common).unwrap().prepare().unwrap();
    let validator = jsonschema::options().offline().should_validate_formats(true).with_registry(&registry);
    let validator = validator.build(schema).unwrap();
    validator.iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

impl World {
    /// Everything published since this world began, in the order in which it came, once this is true of it.
    pub(crate) async fn events_until(&self, is_all: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let events = self.published().await;
            if is_all(&events) {
                for event in &events {
                    assert_eq!(problems(event), [""; 0], "{event}");
                }
                return events;
            }
            assert!(tokio::time::Instant::now() < deadline, "not in {PATIENCE:?}; there is {events:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The same, once these types have been published, each as often as it stands here, and nothing more comes.
    pub(crate) async fn events(&self, expected: &[&str]) -> Vec<Value> {
        self.events_until(|events| events.len() >= expected.len()).await;
        tokio::time::sleep(QUIET).await;
        let events = self.events_until(|_| true).await;
        assert_eq!(types(&events), expected);
        events
    }
}

/// The types of these events.
pub(crate) fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}
