//! The keys of a marketplace's identity provider: whether there is one now and will be one next month.

use jiff::{SignedDuration, Timestamp};
use shared::marketplace::IdpKey;

use super::finding::Line;

/// How early somebody should know.
const AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) fn lines(keys: &[IdpKey], manifest_secret: &str, now: Timestamp) -> Vec<Line> {
    let place = format!("`certificates` of its entry in the manifest (secret {manifest_secret})");
    let mut lines: Vec<Line> = keys.iter().map(|key| certificate(key, &place, now)).collect();
    lines.extend(gap(keys, now).map(|from| {
        Line::fix(if from == now {
            format!("none of its certificates is used now, so nobody can sign in: add the one it signs with to {place}")
        } else {
            format!(
                "none of its certificates is used from {from:.0} on, and nobody can sign in then: add the next one to \
                 {place}, or move `until`"
            )
        })
    }));
    lines
}

/// The first moment within a month at which no key is used.
fn gap(keys: &[IdpKey], now: Timestamp) -> Option<Timestamp> {
    let ends = keys.iter().filter_map(|key| key.in_use().until).filter(|end| now < *end && *end <= now + AHEAD);
    let mut moments: Vec<Timestamp> = [now].into_iter().chain(ends).collect();
    moments.sort_unstable();
    moments.into_iter().find(|moment| !keys.iter().any(|key| key.is_used_at(*moment)))
}

fn certificate(key: &IdpKey, place: &str, now: Timestamp) -> Line {
    let (name, used, expires_at) = (key.spaced_fingerprint(), key.in_use(), key.expires_at());
    if used.until.is_some_and(|until| until <= now) {
        return Line::note(format!("the certificate {name} is used no longer: take it out of {place}"));
    }
    let next =
        format!("ask the marketplace which certificate comes next and add that to {place}, before it signs with it");
    if expires_at <= now {
        return Line::warn(format!(
            "the certificate {name} has expired, by its own word, on {expires_at:.0}; it is pinned, so it goes on being \
             accepted: {next}"
        ));
    }
    if expires_at <= now + AHEAD {
        return Line::warn(format!("the certificate {name} expires on {expires_at:.0}: {next}"));
    }
    match used.from.filter(|from| now < *from) {
        Some(from) => Line::note(format!("the certificate {name} is used from {from:.0} on")),
        None => Line::ok(format!("the certificate {name} is used; it expires on {expires_at:.0}")),
    }
}

#[cfg(test)]
mod tests {
    use shared::{marketplace::Validity, testing::acme};

    use super::*;
    use crate::doctor::{finding::Level, testing::assert_one};

    fn now() -> Timestamp {
        "2030-01-15T10:00:30Z".parse().unwrap()
    }

    fn after(hours: i64) -> Option<Timestamp> {
        Some(now() + SignedDuration::from_hours(hours))
    }

    fn key(from: Option<Timestamp>, until: Option<Timestamp>) -> IdpKey {
        acme().idp_keys.remove(0).used(Validity { from, until })
    }

    fn found(keys: &[IdpKey]) -> Vec<Line> {
        lines(keys, "manifest-secret", now())
    }

    #[test]
    fn a_key_without_limits_is_fine_until_its_certificate_nears_its_end() {
        let key = key(None, None);
        let expiry = key.expires_at();
        let at = |now| lines(std::slice::from_ref(&key), "manifest-secret", now);
        assert_one(&at(expiry - SignedDuration::from_hours(31 * 24)), Level::Ok, "is used; it expires on");
        assert_one(
            &at(expiry - AHEAD),
            Level::Warn,
            "add that to `certificates` of its entry in the manifest (secret man",
        );
        assert_one(&at(expiry), Level::Warn, "has expired, by its own word");
    }

    #[test]
    fn a_key_that_ends_within_a_month_needs_one_after_it() {
        assert_one(&found(&[key(None, after(24 * 30))]), Level::Fix, "is used from 2030-02-14T10:00:30Z on");
        let later = found(&[key(None, after(24 * 31))]);
        assert!(later.iter().all(|line| line.level == Level::Ok), "{later:?}");
        let followed = found(&[key(None, after(24)), key(after(24), None)]);
        assert!(followed.iter().all(|line| line.level != Level::Fix), "{followed:?}");
        assert_one(&followed, Level::Note, "is used from 2030-01-16T10:00:30Z on");
        assert_one(&found(&[key(None, after(24)), key(after(25), None)]), Level::Fix, "none of its certificates");
    }

    #[test]
    fn no_key_now_is_nobody_signed_in() {
        assert_one(&found(&[key(after(1), None)]), Level::Fix, "none of its certificates is used now");
        let ended = found(&[key(None, after(-1))]);
        assert_one(&ended, Level::Fix, "none of its certificates is used now");
        assert_one(&ended, Level::Note, "take it out of");
        let replaced = found(&[key(None, after(-1)), key(None, None)]);
        assert!(replaced.iter().all(|line| line.level != Level::Fix), "{replaced:?}");
    }
}
