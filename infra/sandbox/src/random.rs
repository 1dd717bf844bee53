//! Identifiers and tokens nobody can guess, from the operating system's generator.

use std::fmt::Write as _;

use rsa::rand_core::{OsRng, RngCore as _};

const LOWER_ALPHANUMERIC: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// `length` characters of a-z and 0-9, every character equally likely.
pub(crate) fn token(length: usize) -> String {
    let mut token = String::with_capacity(length);
    while token.len() < length {
        // 252 is the largest multiple of 36 a byte can hold: bytes above it would favour some characters.
        let byte = bytes::<1>()[0];
        if byte < 252
            && let Some(character) = LOWER_ALPHANUMERIC.get(usize::from(byte % 36))
        {
            token.push(char::from(*character));
        }
    }
    token
}

/// A version 4 UUID in its usual form.
pub(crate) fn uuid() -> String {
    let mut raw = bytes::<16>();
    raw[6] = (raw[6] & 0x0f) | 0x40;
    raw[8] = (raw[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (position, byte) in raw.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut raw = [0; N];
    OsRng.fill_bytes(&mut raw);
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_asked_length_and_alphabet() {
        let token = token(36);
        assert_eq!(token.len(), 36);
        assert!(token.bytes().all(|byte| LOWER_ALPHANUMERIC.contains(&byte)));
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        let uuid = uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }
}
