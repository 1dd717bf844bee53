//! Values that leave us and come back unread and unchanged: authenticated encryption under a key derived
//! from the application secret, one key for each purpose.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Salt},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{secret::Secret, secrets::Key};

/// The application secret must carry at least this many bytes.
const MIN_SECRET_LEN: usize = 32;

/// Seals values for one purpose; what one purpose sealed, another cannot open. While the application secret is being changed it
/// opens what either of the two has sealed.
pub struct Sealer {
    key: RandomizedNonceKey,
    previous: Option<RandomizedNonceKey>,
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
    pub fn new(secret: &Key, purpose: &'static str) -> Result<Self, SealerError> {
        let previous = secret.previous.as_ref().map(|previous| sealing_key(previous, purpose)).transpose()?;
        Ok(Self { key: sealing_key(&secret.key, purpose)?, previous, purpose })
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
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| OpenError)?;
        let keys = [Some(&self.key), self.previous.as_ref()];
        keys.into_iter().flatten().find_map(|key| self.open_with(key, bytes.clone())).ok_or(OpenError)
    }

    /// Whether the present key sealed it, and not the one before.
    #[must_use]
    pub fn is_sealed_with_present_key(&self, sealed: &str) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap_or_default();
        self.open_with::<serde::de::IgnoredAny>(&self.key, bytes).is_some()
    }

    fn open_with<T: DeserializeOwned>(&self, key: &RandomizedNonceKey, mut bytes: Vec<u8>) -> Option<T> {
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let clear = key.open_in_place(nonce, Aad::from(self.purpose), text).ok()?;
        serde_json::from_slice(clear).ok()
    }
}

/// One key for each purpose (RFC 5869).
pub(crate) fn derive(secret: &Secret, purpose: &str) -> Result<[u8; 32], SealerError> {
    if secret.expose().len() < MIN_SECRET_LEN {
        return Err(SealerError::SecretTooShort);
    }
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, b"stallholder sealed v1")
        .extract(secret.expose().as_bytes())
        .expand(&[purpose.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .map_err(|_| SealerError::Derivation)?;
    Ok(key)
}

fn sealing_key(secret: &Secret, purpose: &str) -> Result<RandomizedNonceKey, SealerError> {
    RandomizedNonceKey::new(&AES_256_GCM, &derive(secret, purpose)?).map_err(|_| SealerError::Derivation)
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "0123456789abcdef0123456789abcdef";
    const SECOND: &str = "another secret of thirty-two byte";

    fn keyed(key: &str, previous: Option<&str>) -> Sealer {
        Sealer::new(&Key { key: key.into(), previous: previous.map(Secret::from) }, "a").unwrap()
    }

    fn sealer(purpose: &'static str) -> Sealer {
        Sealer::new(&Key { key: FIRST.into(), previous: None }, purpose).unwrap()
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
        assert_eq!(keyed(SECOND, None).open::<i32>(&sealed), Err(OpenError));
    }

    #[test]
    fn while_the_secret_is_changed_both_open_and_the_new_one_seals() {
        let (old, both, new) = (keyed(FIRST, None), keyed(SECOND, Some(FIRST)), keyed(SECOND, None));
        assert_eq!(both.open(&old.seal(&1)), Ok(1));
        assert_eq!(new.open(&both.seal(&2)), Ok(2));
        assert_eq!(old.open::<i32>(&both.seal(&2)), Err(OpenError));
        assert!(both.is_sealed_with_present_key(&both.seal(&1)) && !both.is_sealed_with_present_key(&old.seal(&1)));
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
        for (key, previous) in [("short", None), (FIRST, Some("short"))] {
            let secret = Key { key: key.into(), previous: previous.map(Secret::from) };
            assert_eq!(Sealer::new(&secret, "a").unwrap_err(), SealerError::SecretTooShort);
        }
    }
}
