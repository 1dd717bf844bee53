//! The sandbox's one look at the clock, and its ways of reading and writing an instant.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long a session may go unchecked, and how long a bearer assertion may be presented.
pub(crate) const RECHECK: SignedDuration = SignedDuration::from_mins(3);

/// The present second. The marketplace's clock has no finer hand.
pub(crate) fn now() -> Timestamp {
    whole_seconds(clock())
}

/// The present millisecond, as Connec! tells it.
pub(crate) fn now_to_the_millisecond() -> Timestamp {
    let now = clock();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is another party with a clock of its own; this is the only place that reads it"
)]
fn clock() -> Timestamp {
    Timestamp::now()
}

/// `instant` plus `offset`, or `instant` itself at the end of time.
pub(crate) fn plus(instant: Timestamp, offset: SignedDuration) -> Timestamp {
    instant.checked_add(offset).unwrap_or(instant)
}

/// ISO 8601 in UTC without a fraction: `2030-01-15T10:00:07Z`.
pub(crate) fn iso8601(instant: Timestamp) -> String {
    whole_seconds(instant).to_string()
}

/// The same with milliseconds: `2030-01-15T10:00:07.120Z`.
pub(crate) fn milliseconds(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// An instant of ISO 8601; without an offset it is in UTC.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    // Every year begins with a digit or a sign, and most texts do not.
    text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-')).then_some(())?;
    let local = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(local)
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

    #[test]
    fn milliseconds_are_written_even_when_there_are_none() {
        for text in ["2030-01-15T10:00:07.120Z", "2030-01-15T10:00:07.000Z"] {
            assert_eq!(milliseconds(read(text).unwrap()), text);
        }
    }
}
