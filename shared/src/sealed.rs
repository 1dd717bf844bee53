//! Values that leave us and come back unread and unchanged: authenticated encryption under a key derived
//! from the application secret, one key for each purpose.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Salt},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::secret::Secret;

/// The application secret must carry at least this many bytes.
const MIN_SECRET_LEN: usize = 32;

/// Seals values for one purpose; what one purpose sealed, another cannot open.
pub struct Sealer {
    key: RandomizedNonceKey,
    purpose: &'static str,
}

/// The application secret is unusable.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealerError {
    /// Too short to derive keys from.
    #[error("application secret has fewer than {MIN_SECRET_LEN} bytes")]
    SecretTooShort,
    /// AWS-LC refused the derived key.
    #[error("key derivation failed")]
    Derivation,
}

/// A sealed value is not ours, was changed, or does not hold what was expected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("sealed value cannot be opened")]
pub struct OpenError;

impl Sealer {
    /// A sealer for `purpose`, keyed from the application secret.
    ///
    /// # Errors
    /// [`SealerError::SecretTooShort`] when the secret could be guessed.
    pub fn new(secret: &Secret, purpose: &'static str) -> Result<Self, SealerError> {
        if secret.expose().len() < MIN_SECRET_LEN {
            return Err(SealerError::SecretTooShort);
        }
        let mut key = [0; 32];
        Salt::new(HKDF_SHA256, b"stallholder sealed v1")
            .extract(secret.expose().as_bytes())
            .expand(&[purpose.as_bytes()], HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| SealerError::Derivation)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| SealerError::Derivation)?;
        Ok(Self { key, purpose })
    }

    /// Seals `value`: URL- and cookie-safe text.
    ///
    /// # Panics
    /// If `value` cannot be written as JSON, which no type of ours can cause.
    #[expect(clippy::expect_used, reason = "our own plain types serialise, and AES-GCM takes any text this short")]
    pub fn seal<T: Serialize>(&self, value: &T) -> String {
        let mut text = serde_json::to_vec(value).expect("plain types serialise");
        let nonce =
            self.key.seal_in_place_append_tag(Aad::from(self.purpose), &mut text).expect("AES-GCM seals short texts");
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`OpenError`], whatever is wrong with it: the difference would only help an attacker.
    pub fn open<T: DeserializeOwned>(&self, sealed: &str) -> Result<T, OpenError> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| OpenError)?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(OpenError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError)?;
        let clear = self.key.open_in_place(nonce, Aad::from(self.purpose), text).map_err(|_| OpenError)?;
        serde_json::from_slice(clear).map_err(|_| OpenError)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(purpose: &'static str) -> Sealer {
        Sealer::new(&Secret::from("0123456789abcdef0123456789abcdef"), purpose).unwrap()
    }

    #[test]
    fn what_was_sealed_opens() {
        let sealed = sealer("a").seal(&("_id", 7));
        assert_eq!(sealer("a").open::<(String, i32)>(&sealed), Ok(("_id".to_owned(), 7)));
    }

    #[test]
    fn another_purpose_or_secret_does_not_open() {
        let sealed = sealer("a").seal(&1);
        assert_eq!(sealer("b").open::<i32>(&sealed), Err(OpenError));
        let other = Sealer::new(&Secret::from("another secret of thirty-two byte"), "a").unwrap();
        assert_eq!(other.open::<i32>(&sealed), Err(OpenError));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealed = sealer("a").seal(&"value");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(sealer("a").open::<String>(&changed), Err(OpenError), "byte {at}");
        }
        assert_eq!(sealer("a").open::<String>(""), Err(OpenError));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(Sealer::new(&Secret::from("short"), "a").unwrap_err(), SealerError::SecretTooShort);
    }
}
