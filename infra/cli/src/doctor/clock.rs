//! How far another clock is from this machine's.

use jiff::{SignedDuration, Timestamp};

/// `theirs` less `ours`, to the second: HTTP knows nothing finer.
pub(super) fn lead(theirs: Timestamp, ours: Timestamp) -> SignedDuration {
    SignedDuration::from_secs(theirs.as_second() - ours.as_second())
}

/// A lead in words, if it is more than is allowed.
pub(super) fn excess(lead: SignedDuration, allowed: SignedDuration) -> Option<String> {
    let side = if lead.is_negative() { "behind" } else { "ahead of" };
    (lead.abs() > allowed).then(|| format!("{:#} {side} this machine's", lead.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_not_told() {
        let ours: Timestamp = "2030-01-15T10:00:00.9Z".parse().unwrap();
        let told = |theirs: &str| excess(lead(theirs.parse().unwrap(), ours), SignedDuration::from_mins(1));
        for allowed in ["2030-01-15T10:00:00Z", "2030-01-15T10:01:00Z", "2030-01-15T09:59:00Z"] {
            assert_eq!(told(allowed), None, "{allowed}");
        }
        assert_eq!(told("2030-01-15T10:01:01Z").unwrap(), "1m 1s ahead of this machine's");
        assert_eq!(told("2030-01-15T09:00:00Z").unwrap(), "1h behind this machine's");
    }
}
