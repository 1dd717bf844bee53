//! What ties an answer to its line in the log.

use std::fmt;

use crate::random;

/// What a caller reads to us and we find in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// A fresh one: 60 random bits in 12 characters that are easy to read out.
    #[must_use]
    pub fn generate() -> Self {
        const ALPHABET: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
            'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
        ];
        Self(random::bytes::<12>().iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).collect())
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
        assert_eq!(a.to_string().len(), 12);
        assert_ne!(a, b);
    }
}
