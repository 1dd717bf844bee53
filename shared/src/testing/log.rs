//! What a function logs, as CloudWatch Logs would read it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::telemetry;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every line that `act` logs on this thread, from `info` on.
#[must_use]
pub fn logged(act: impl FnOnce()) -> Vec<Value> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = telemetry::subscriber(Targets::new().with_default(LevelFilter::INFO), move || writer.clone());
    tracing::subscriber::with_default(subscriber, act);
    let text = String::from_utf8(log.0.lock().expect("nobody panics with it").clone()).expect("a log is text");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}
