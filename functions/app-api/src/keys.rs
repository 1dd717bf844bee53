//! The app's API keys: which secrets can be used as one.

use shared::{
    rotating::{Rotating, RotationError},
    secret::Secret,
    secrets::Key,
};

/// A key shorter than this could be guessed.
const MIN_KEY_LEN: usize = 32;

/// The keys that the app may present.
pub type ApiKeys = Rotating<Vec<Secret>, KeyTooShort>;

/// The keys cannot be used.
pub type KeysError = RotationError<KeyTooShort>;

/// A key could be guessed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("an app API key has fewer than {MIN_KEY_LEN} bytes")]
pub struct KeyTooShort;

/// The keys of a secret.
///
/// # Errors
/// [`KeyTooShort`].
pub fn usable(Key { key, previous }: Key) -> Result<Vec<Secret>, KeyTooShort> {
    let keys: Vec<Secret> = std::iter::once(key).chain(previous).collect();
    if keys.iter().any(|key| key.expose().len() < MIN_KEY_LEN) { Err(KeyTooShort) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_could_be_guessed_is_refused() {
        let long = "0123456789abcdef0123456789abcdef";
        for (key, previous) in [("short", None), (long, Some("short"))] {
            assert!(usable(Key { key: key.into(), previous: previous.map(Secret::from) }).is_err());
        }
        assert_eq!(usable(Key { key: long.into(), previous: Some(long.into()) }).unwrap().len(), 2);
    }
}
