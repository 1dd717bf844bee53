//! `response_nonce` (section 10.1): the provider's time, and whatever makes it unique.

use jiff::{SignedDuration, Timestamp};

use super::OpenIdError;

/// How old an assertion may be, the allowed skew aside: the browser brings it at once.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);
/// In bytes, the time included.
const MAX_LEN: usize = 255;
/// `2030-01-15T10:00:07Z`
const TIME_LEN: usize = 20;

/// When an assertion was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nonce {
    pub(super) made_at: Timestamp,
}

impl Nonce {
    pub(super) fn parse(text: &str) -> Result<Self, OpenIdError> {
        let graphic = text.len() <= MAX_LEN && text.bytes().all(|byte| byte.is_ascii_graphic());
        let time = text.get(..TIME_LEN).filter(|time| graphic && is_utc_seconds(time));
        let made_at = time.and_then(|time| time.parse().ok()).ok_or(OpenIdError::Nonce)?;
        Ok(Self { made_at })
    }

    /// Checks that it was made now or shortly before.
    pub(super) fn check(self, now: Timestamp, skew: SignedDuration) -> Result<(), OpenIdError> {
        if self.made_at > now.saturating_add(skew).unwrap_or(Timestamp::MAX) {
            return Err(OpenIdError::NotYetValid);
        }
        if self.acceptable_until(skew) <= now {
            return Err(OpenIdError::Expired);
        }
        Ok(())
    }

    /// From when on [`check`](Self::check) refuses it. It is remembered until then, so the tolerance cannot be used for a replay.
    pub(super) fn acceptable_until(self, skew: SignedDuration) -> Timestamp {
        let latest = self.made_at.saturating_add(MAX_AGE).unwrap_or(Timestamp::MAX);
        latest.saturating_add(skew).unwrap_or(Timestamp::MAX)
    }
}

/// RFC 3339 in UTC, without fractions of a second.
fn is_utc_seconds(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_or_without_something_behind_it_is_a_nonce() {
        let longest = format!("2030-01-15T10:00:07Z{}", "x".repeat(235));
        for good in ["2030-01-15T10:00:07Z", "2030-01-15T10:00:07ZUNIQUE", "2030-01-15T10:00:07Z!~#", &longest] {
            assert!(Nonce::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        let too_long = format!("2030-01-15T10:00:07Z{}", "x".repeat(236));
        for bad in [
            "",
            "x",
            "2030-01-15T10:00:07",
            "2030-01-15T10:00:07.1Z",
            "2030-01-15T10:00:07+00:00",
            "2030-01-15 10:00:07Z",
            "2030-01-15t10:00:07z",
            "2030-13-15T10:00:07Z",
            "2030-02-30T10:00:07Z",
            "2030-01-15T10:00:07Z x",
            "2030-01-15T10:00:07Z\n",
            "2030-01-15T10:00:07Z\u{e9}",
            "２030-01-15T10:00:07Z",
            &too_long,
        ] {
            assert!(matches!(Nonce::parse(bad), Err(OpenIdError::Nonce)), "{bad:?}");
        }
    }

    #[test]
    fn what_is_accepted_is_remembered_for_exactly_as_long() {
        let (nonce, skew) = (Nonce::parse("2030-01-15T10:00:07Z").unwrap(), SignedDuration::from_secs(60));
        let end = nonce.acceptable_until(skew);
        assert_eq!(end.to_string(), "2030-01-15T10:06:07Z");
        assert!(nonce.check(end - SignedDuration::from_nanos(1), skew).is_ok());
        assert!(nonce.check(end, skew).is_err());
    }
}
