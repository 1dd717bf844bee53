//! The subscriber every function installs, and the rule for fields: a readable message plus dotted names
//! (`marketplace.key`, `group.id`, `reference`), never tokens, bodies, names or e-mail addresses.

use std::error::Error;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

use crate::env::Variables;

/// Installs the JSON subscriber that CloudWatch Logs reads; the level comes from `RUST_LOG`, `info` if it says nothing usable.
/// A second call changes nothing.
pub fn init(variables: &Variables) {
    let level = variables.optional("RUST_LOG").ok().flatten().and_then(|level| level.parse().ok());
    let filter: Targets = level.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let format =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false);
    // Refused only when a subscriber is installed already: then that one stays.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(filter).with(format));
}

/// Everything below an error, outermost first: what the log tells once, where the error is handled.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut chain = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain.join(": ")
}
