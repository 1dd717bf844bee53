//! The sandbox's one look at the clock, and its one way of writing an instant.

use jiff::{SignedDuration, Timestamp};

/// How long a session may go unchecked, and how long a bearer assertion may be presented.
pub(crate) const RECHECK: SignedDuration = SignedDuration::from_mins(3);

/// The present second. The marketplace's clock has no finer hand.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is another party with a clock of its own; this is the only place that reads it"
)]
pub(crate) fn now() -> Timestamp {
    whole_seconds(Timestamp::now())
}

/// `instant` plus `offset`, or `instant` itself at the end of time.
pub(crate) fn plus(instant: Timestamp, offset: SignedDuration) -> Timestamp {
    instant.checked_add(offset).unwrap_or(instant)
}

/// ISO 8601 in UTC without a fraction: `2030-01-15T10:00:07Z`.
pub(crate) fn iso8601(instant: Timestamp) -> String {
    whole_seconds(instant).to_string()
}

fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_without_a_fraction() {
        let instant: Timestamp = "2030-01-15T10:00:07.123Z".parse().unwrap();
        assert_eq!(iso8601(instant), "2030-01-15T10:00:07Z");
    }
}
