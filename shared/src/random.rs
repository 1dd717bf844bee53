//! Unguessable identifiers, from the system's generator by way of AWS-LC.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `N` random bytes.
///
/// # Panics
/// If the operating system has no randomness to give; nothing can be done safely then.
#[must_use]
#[expect(clippy::expect_used, reason = "AWS-LC aborts rather than return weak randomness; there is no caller to tell")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's random generator works");
    bytes
}

/// A token of 256 bits in 43 characters that need no escaping in a URL, a cookie or a key.
#[must_use]
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// 128 bits as 32 hexadecimal digits.
#[must_use]
pub fn hex128() -> String {
    format!("{:032x}", u128::from_be_bytes(bytes()))
}
