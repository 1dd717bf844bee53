//! A string that does not print.

use std::fmt;

use serde::Deserialize;
use subtle::ConstantTimeEq;

/// Something only we and one other party know. `Debug` shows nothing of it, it cannot be serialised,
/// and it is compared in constant time.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The clear text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is this secret, in time that depends on the candidate's length only.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        digest(&self.0).ct_eq(&digest(candidate)).into()
    }
}

/// Digests have equal lengths, so comparing them tells nothing about the secret's.
fn digest(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref());
    bytes
}

impl From<String> for Secret {
    fn from(clear: String) -> Self {
        Self(clear)
    }
}

impl From<&str> for Secret {
    fn from(clear: &str) -> Self {
        Self(clear.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::from("k-acme-0f6b")), "[redacted]");
    }

    #[test]
    fn only_the_whole_secret_matches() {
        let secret = Secret::from("k-acme-0f6b");
        assert!(secret.matches("k-acme-0f6b"));
        for wrong in ["", "k-acme-0f6", "k-acme-0f6b0", "K-ACME-0F6B"] {
            assert!(!secret.matches(wrong), "{wrong:?} matched");
        }
    }
}
