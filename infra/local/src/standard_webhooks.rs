//! Signatures by the Standard Webhooks rules (version 1.0.0, symmetric): what the stack signs events with, and what the demo app does
//! with them.

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use shared::{random, secret::Secret};

/// The delivery's id: the same, however often it is tried.
pub(crate) const ID: &str = "webhook-id";
/// When it was tried, in seconds since 1970.
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
/// One or more signatures, separated by spaces, each with its version.
pub(crate) const SIGNATURE: &str = "webhook-signature";
/// What a symmetric secret starts with.
const PREFIX: &str = "whsec_";
/// How far the two clocks may be apart: an old delivery could be a replay.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A secret that the sender and the receiver share.
#[derive(Debug, Clone)]
pub(crate) struct SigningSecret(Secret);

impl SigningSecret {
    pub(crate) fn generate() -> Self {
        Self(format!("{PREFIX}{}", STANDARD.encode(random::bytes::<32>())).into())
    }

    /// As a vendor writes it into its app's configuration.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    fn key(&self) -> hmac::Key {
        let bytes = self.0.expose().strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        hmac::Key::new(hmac::HMAC_SHA256, &bytes.unwrap_or_default())
    }

    /// The value of `webhook-signature`.
    pub(crate) fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let tag = hmac::sign(&self.key(), format!("{id}.{}.{body}", at.as_second()).as_bytes());
        format!("v1,{}", STANDARD.encode(tag.as_ref()))
    }

    /// The delivery's id, if these headers make this body one of the sender's, and a recent one.
    pub(crate) fn verify<'a>(&self, headers: &'a HeaderMap, body: &[u8], now: Timestamp) -> Option<&'a str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (id, at, signatures) = (header(ID)?, header(TIMESTAMP)?, header(SIGNATURE)?);
        let sent_at = Timestamp::from_second(at.parse().ok()?).ok()?;
        if now.duration_since(sent_at).abs() > TOLERANCE {
            return None;
        }
        let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body].concat();
        let key = self.key();
        let mut offered = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        offered.any(|tag| hmac::verify(&key, &signed, &tag).is_ok()).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The example of the standard's own libraries.
    const ID_OF_EXAMPLE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const AT: Timestamp = Timestamp::constant(1_614_265_330, 0);

    fn secret() -> SigningSecret {
        SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into())
    }

    fn headers(changed: &str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, given) in [(ID, ID_OF_EXAMPLE), (TIMESTAMP, "1614265330"), (SIGNATURE, SIGNED)] {
            let given = if name == changed { value } else { given };
            headers.insert(name, HeaderValue::from_str(given).unwrap());
        }
        headers
    }

    #[test]
    fn the_standards_example_is_signed_and_accepted() {
        assert_eq!(secret().sign(ID_OF_EXAMPLE, AT, BODY), SIGNED);
        assert_eq!(secret().verify(&headers("", ""), BODY.as_bytes(), AT), Some(ID_OF_EXAMPLE));
        let several = format!("v1,AAAA v2,{} {SIGNED}", &SIGNED[3..]);
        assert!(secret().verify(&headers(SIGNATURE, &several), BODY.as_bytes(), AT).is_some());
    }

    #[test]
    fn whatever_is_changed_is_refused() {
        for (name, value) in [
            (ID, "msg_other"),
            (TIMESTAMP, "1614265331"),
            (TIMESTAMP, "soon"),
            (SIGNATURE, ""),
            (SIGNATURE, "v1,"),
            (SIGNATURE, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="),
            (SIGNATURE, &SIGNED[3..]),
            (SIGNATURE, &SIGNED.replace("v1", "v2")),
        ] {
            assert_eq!(secret().verify(&headers(name, value), BODY.as_bytes(), AT), None, "{name}: {value}");
        }
        assert_eq!(secret().verify(&headers("", ""), b"{}", AT), None);
        assert_eq!(secret().verify(&HeaderMap::new(), BODY.as_bytes(), AT), None);
        assert_eq!(SigningSecret::generate().verify(&headers("", ""), BODY.as_bytes(), AT), None);
    }

    #[test]
    fn an_old_delivery_is_refused() {
        for (secs, good) in [(300, true), (301, false), (-300, true), (-301, false)] {
            let now = AT + SignedDuration::from_secs(secs);
            assert_eq!(secret().verify(&headers("", ""), BODY.as_bytes(), now).is_some(), good, "{secs}");
        }
    }
}
