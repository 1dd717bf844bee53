//! The subscriber every function installs, and the rule for fields: a readable message plus dotted names
//! (`marketplace.key`, `group.id`, `reference`), never tokens, bodies, names or e-mail addresses.

use std::error::Error;

use tracing_subscriber::EnvFilter;

/// Installs the JSON subscriber that CloudWatch Logs reads; the level comes from `RUST_LOG`, `info` otherwise.
/// A second call changes nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter)
        .with_target(false)
        .finish();
    // Refused only when a subscriber is installed already: then that one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
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
