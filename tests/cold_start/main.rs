//! How long a shipped binary takes to be there, and what that costs: spawns each one as Lambda would, against a Runtime API, the
//! tables, the secrets and the developer platform on loopback, the last three over TLS with the system's own list of roots.
//!
//! `cargo lambda build --release && cargo run -p integration-tests --example cold_start`
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measurement fails loudly"
)]

mod process;
mod runtime_api;
mod tls;

use std::{io::Write as _, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use local::{Options, Stack, env_file};
use serde_json::Value;
use shared::clock::Clock as _;
use tempfile::TempDir;

use crate::{process::Environment, runtime_api::RuntimeApi, tls::Terminator};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Starts of each binary; the table shows their median, least and most.
const RUNS: usize = 20;

/// What is promised of every function (docs/performance.md).
const MAX_ZIP_BYTES: usize = 5_000_000;
const MAX_CPU_MS: f64 = 12.0;
/// What ends a run: half as much again, by the cheapest of the starts. A busy machine makes starts dearer, never cheaper.
const GATE_CPU_MS: f64 = 1.5 * MAX_CPU_MS;
const MAX_MEMORY_KB: u64 = 16 * 1024;

/// One start, seen from outside.
pub(crate) struct Sample {
    /// From spawn to the first request for an event.
    wall: Duration,
    /// Processor time of all threads until then.
    cpu: Duration,
    /// From the event to the answer, each with one call of the table.
    first: Duration,
    second: Duration,
    peak_memory_kb: u64,
}

#[tokio::main]
async fn main() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let environment = environment(&stack, &folder).await;
    println!("| function | zip | spawn to first poll | CPU until then | first invocation | second | peak memory |");
    println!("|---|---|---|---|---|---|---|");
    let mut broken = Vec::new();
    for function in functions() {
        let binary = Path::new(ROOT).join("target/lambda").join(&function).join("bootstrap");
        let event = event(&function, &stack);
        let mut samples = Vec::new();
        for _ in 0..RUNS {
            samples.push(process::sample(&binary, &function, &environment, &event).await);
        }
        broken.extend(report(&function, zipped_len(&binary), &samples));
    }
    stack.stop().await;
    assert!(broken.is_empty(), "over budget: {broken:?}");
}

/// Every folder of `functions/`.
fn functions() -> Vec<String> {
    let folders = std::fs::read_dir(format!("{ROOT}/functions")).unwrap();
    let mut names: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The variables of the deployment, with TLS before everything that speaks it on AWS.
async fn environment(stack: &Stack, folder: &TempDir) -> Environment {
    let mut variables: Environment =
        env_file::variables(stack.description()).map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let terminator = Terminator::new();
    for name in [
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_EVENTBRIDGE",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_ENDPOINT_URL_SQS",
        "MNO_DEVPL_HOST",
    ] {
        let url = terminator.before(&variables[name]).await;
        variables.insert(name.to_owned(), url);
    }
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, terminator.roots_and_system()).unwrap();
    variables.insert("SSL_CERT_FILE".to_owned(), roots.display().to_string());
    variables
}

/// An event that makes the function ask the table once.
fn event(function: &str, stack: &Stack) -> Value {
    let read = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(format!("{ROOT}/tests/fixtures/events/{name}.json")).unwrap())
            .unwrap()
    };
    let token = shared::session::Token::generate();
    match function {
        "app-api" => {
            let mut event = read("session-token");
            let key = &stack.description().service.app_api_key;
            event["headers"]["authorization"] = format!("Bearer {key}").into();
            event["body"] = serde_json::json!({ "code": token.expose() }).to_string().into();
            event
        }
        "sso" => {
            let mut event = read("session");
            event["cookies"] = vec![format!("__Host-stallholder-session={}", token.expose())].into();
            event
        }
        "metadata" => {
            let mut event = read("metadata");
            let acme = &stack.description().marketplaces[0];
            event["headers"]["authorization"] = basic(&acme.api_id, "not its key").into();
            event
        }
        "account-webhooks" => {
            let mut event = read("group-removal");
            let acme = &stack.description().marketplaces[0];
            event["headers"]["authorization"] = basic(&acme.api_id, &acme.api_key).into();
            event
        }
        // Whatever the event says: the one asks its sources, and the table twice, the other the table for what is to be done.
        "config-refresh" | "removals" => serde_json::json!({}),
        "connec-push" => pushes(),
        // It has no table: one event for the bus.
        "events" => batch(),
        other => panic!("say here which event makes {other} ask the table"),
    }
}

fn basic(id: &str, key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{key}")))
}

/// What the queue brings of a record that is not there.
fn pushes() -> Value {
    let push = serde_json::json!({
        "push": { "marketplace": "acme-hub", "group": "cld-7a1c" }, "record": { "class_name": "invoice", "id": "inv-1" },
    });
    serde_json::json!({ "Records": [{ "messageId": "1", "body": push.to_string(), "attributes": {} }] })
}

/// What the table's stream brings of one event.
fn batch() -> Value {
    let marketplace = "acme-hub".parse().unwrap();
    let group = "cld-7a1c".parse().unwrap();
    let user = "usr-5k2".parse().unwrap();
    let event =
        shared::event::Change::UserBlocked(&user).event(&marketplace, &group, 1, shared::clock::SystemClock.now());
    let image: serde_dynamo::Item =
        serde_dynamo::to_item(serde_json::json!({ "type": "event", "event": event })).unwrap();
    let record = serde_json::json!({ "SequenceNumber": "1", "NewImage": image });
    serde_json::json!({ "Records": [{ "eventName": "INSERT", "dynamodb": record }] })
}

/// What the binary takes in a zip; the few bytes around it are left out.
fn zipped_len(binary: &Path) -> usize {
    let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
    zip.write_all(&std::fs::read(binary).unwrap()).unwrap();
    zip.finish().unwrap().len()
}

/// Prints a line of the table and answers with what broke its promise.
fn report(function: &str, zip: usize, samples: &[Sample]) -> Vec<String> {
    let of = |value: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        (values[values.len() / 2], values[0], values[values.len() - 1])
    };
    let shown = |(median, least, most): (f64, f64, f64)| format!("{median:.1} ms ({least:.1}–{most:.1})");
    let cpu = of(|sample| sample.cpu.as_secs_f64() * 1_000.0);
    let memory = of(|sample| sample.peak_memory_kb as f64);
    println!(
        "| {function} | {:.2} MB | {} | {} | {} | {} | {:.1} MB |",
        zip as f64 / 1e6,
        shown(of(|sample| sample.wall.as_secs_f64() * 1_000.0)),
        shown(cpu),
        shown(of(|sample| sample.first.as_secs_f64() * 1_000.0)),
        shown(of(|sample| sample.second.as_secs_f64() * 1_000.0)),
        memory.0 / 1_024.0,
    );
    if cpu.0 > MAX_CPU_MS {
        println!("{function}: the median is over {MAX_CPU_MS} ms of CPU; docs/performance.md says what may cost that");
    }
    let promises = [
        (zip > MAX_ZIP_BYTES, "zip"),
        (cpu.1 > GATE_CPU_MS, "CPU to first poll"),
        (memory.0 > MAX_MEMORY_KB as f64, "memory"),
    ];
    promises.iter().filter(|(broken, _)| *broken).map(|(_, what)| format!("{function}: {what}")).collect()
}
