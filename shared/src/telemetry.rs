//! The subscriber every function installs, and the rule for fields: a readable message plus dotted names
//! (`marketplace.key`, `group.id`, `reference`), never tokens, bodies, names or e-mail addresses.

use std::error::Error;

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _};

use crate::env::Variables;

/// Installs the JSON subscriber that CloudWatch Logs reads; the level comes from `RUST_LOG`, `info` if it says nothing usable.
/// A second call changes nothing.
pub fn init(variables: &Variables) {
    let level = variables.optional("RUST_LOG").ok().flatten().and_then(|level| level.parse().ok());
    let filter: Targets = level.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    // Refused only when a subscriber is installed already: then that one stays.
    let _ = tracing::subscriber::set_global_default(subscriber(filter, std::io::stdout));
}

pub(crate) fn subscriber<W>(filter: Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let format =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false);
    tracing_subscriber::registry().with(filter).with(format.with_writer(writer))
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

#[cfg(test)]
mod tests {
    use crate::testing::logged;

    #[test]
    fn whatever_a_value_holds_it_stays_in_one_line() {
        let odd = "a\r\nb\u{0}\u{1b}[31m\", \"level\": \"ERROR\"}\u{7f}\n{\\";
        let lines = logged(|| {
            tracing::warn!(debug = ?odd, display = %odd, plain = odd, "{odd}");
            tracing::info!("the next");
        });
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["display"], odd);
        assert_eq!(lines[0]["plain"], odd);
        assert_eq!(lines[0]["message"], odd);
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[1]["message"], "the next");
    }
}
