//! One function's process, and what Linux says about it.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::Command;

use crate::{RuntimeApi, Sample};

/// Variables by name.
pub(crate) type Environment = BTreeMap<String, String>;

/// What the function under way says.
const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/cold_start.log");
/// How long a function may take for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the function, lets it answer the event twice, and ends it.
pub(crate) async fn sample(binary: &Path, function: &str, environment: &Environment, event: &Value) -> Sample {
    let mut api = RuntimeApi::start().await;
    let mut command = Command::new(binary);
    command.env_clear().envs(environment).envs([
        ("AWS_LAMBDA_RUNTIME_API", api.address.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", function),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "measured"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "measured"),
    ]);
    let spawned = Instant::now();
    // Metrics are lines of it, too, and would stand between those of the table.
    command.stdout(fs::File::create(LOG).unwrap());
    let child = command.env("RUST_LOG", "error").kill_on_drop(true).spawn().unwrap();
    let process = child.id().unwrap();
    let polled = within("first poll", api.polls.recv()).await;
    let cpu = cpu(process);
    let mut invocations = Vec::new();
    for _ in 0..2 {
        let sent = Instant::now();
        api.events.send(event.clone()).unwrap();
        let (answered, answer) = within("answer", api.answers.recv()).await;
        assert!(is_good(&answer), "{answer}");
        invocations.push(answered - sent);
        within("next poll", api.polls.recv()).await;
    }
    Sample {
        wall: polled - spawned,
        cpu,
        first: invocations[0],
        second: invocations[1],
        peak_memory_kb: peak_memory_kb(process),
    }
}

/// A request's answer, a batch of which nothing failed, the report of a refresh that found both of its sources, or of removals.
fn is_good(answer: &Value) -> bool {
    match answer["statusCode"].as_u64() {
        Some(status) => status < 500,
        None if answer["version"].is_u64() => {
            answer["platform"]["failure"].is_null() && answer["manifest"]["failure"].is_null()
        }
        None => answer["failed"] == 0 || answer["batchItemFailures"] == serde_json::json!([]),
    }
}

async fn within<T>(what: &str, done: impl Future<Output = Option<T>>) -> T {
    let done = tokio::time::timeout(PATIENCE, done).await;
    done.ok().flatten().unwrap_or_else(|| {
        let log = fs::read_to_string(LOG).unwrap_or_default();
        panic!("no {what}; is the binary built for this machine? It said:\n{log}")
    })
}

/// What all threads of the process have run so far (proc(5), schedstat: nanoseconds on a processor come first).
fn cpu(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let spent = threads.map(|thread| {
        let text = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(spent.sum())
}

fn peak_memory_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
