//! What ties an answer to its line in the log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::random;

/// Digits and letters that nobody takes for another: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many of them a reference has.
const LEN: usize = 12;

/// What a caller reads to us and we find in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference(String);

/// What was read to us is no reference.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a reference has {LEN} digits and capital letters")]
pub struct InvalidReference;

impl Reference {
    /// A fresh one: 60 random bits in 12 characters that are easy to read out.
    #[must_use]
    pub fn generate() -> Self {
        let letters = random::bytes::<LEN>();
        let letters = letters.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
        Self(letters.map(|letter| char::from(*letter)).collect())
    }
}

/// As it is read out: case, spaces and dashes do not count.
impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let letters: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()).collect();
        let known = letters.bytes().all(|letter| ALPHABET.contains(&letter));
        if known && letters.len() == LEN { Ok(Self(letters)) } else { Err(InvalidReference) }
    }
}

impl TryFrom<String> for Reference {
    type Error = InvalidReference;

    fn try_from(text: String) -> Result<Self, InvalidReference> {
        text.parse()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_twelve_characters_and_differ() {
        let [a, b] = [Reference::generate(), Reference::generate()];
        assert_eq!(a.to_string().len(), LEN);
        assert_ne!(a, b);
    }

    #[test]
    fn a_reference_is_read_back_however_it_was_spoken() {
        let reference = Reference::generate();
        let (head, tail) = reference.0.split_at(4);
        assert_eq!(format!(" {}-{tail} ", head.to_lowercase()).parse(), Ok(reference));
        for bad in ["", "0123", "0123456789ABC", "0123456789AI", "0123456789A#"] {
            assert_eq!(bad.parse::<Reference>(), Err(InvalidReference), "{bad}");
        }
    }
}
