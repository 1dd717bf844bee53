//! Identifiers, parsed once: whoever holds one knows that it is safe in a key, a path and a log line.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Text that is not the identifier it was meant to be. The text itself is not repeated: an outsider chose it.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not a valid {kind}")]
pub struct InvalidId {
    /// Which identifier was expected.
    pub kind: &'static str,
}

/// The longest group or user id we take; those seen have under 50 characters (protocol.md §0).
const MAX_UID_LEN: usize = 128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $valid:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if $valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId { kind: $kind }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                if $valid(&text) { Ok(Self(text)) } else { Err(InvalidId { kind: $kind }) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The key of one configured marketplace: `[a-z0-9][a-z0-9._-]{0,62}` (design.md §3).
    MarketplaceKey, "marketplace key", is_marketplace_key
}
id! {
    /// One instance of the app bought by a customer, `cld-…`; unique within its marketplace only (protocol.md §0).
    GroupId, "group id", is_uid
}
id! {
    /// A person, `usr-…`, always the real one; unique within its marketplace only (protocol.md §0).
    UserId, "user id", is_uid
}

fn is_marketplace_key(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 63
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}

/// A dot is refused: it separates the user from the group in a virtual user's id (protocol.md §3.8).
fn is_uid(text: &str) -> bool {
    (1..=MAX_UID_LEN).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marketplace_keys_of_the_field_are_accepted() {
        for key in ["maestrano-uat", "acme-hub", "a", "9", "a.b_c-d", &"a".repeat(63)] {
            assert!(key.parse::<MarketplaceKey>().is_ok(), "{key}");
        }
    }

    #[test]
    fn anything_else_is_no_marketplace_key() {
        for key in ["", "-a", ".a", "Acme", "a/b", "a b", "a#b", "a\n", "é", "..", &"a".repeat(64)] {
            assert!(key.parse::<MarketplaceKey>().is_err(), "{key:?}");
        }
    }

    #[test]
    fn uids_of_the_field_are_accepted() {
        for id in ["usr-5k2", "cld-7a1c", "7c1d4be2-5a90-4c7e-9d0e-3b1f6d2a8c55", &"u".repeat(128)] {
            assert!(id.parse::<UserId>().is_ok(), "{id}");
            assert!(id.parse::<GroupId>().is_ok(), "{id}");
        }
    }

    #[test]
    fn a_uid_cannot_carry_a_separator_of_any_kind() {
        for id in ["", "usr-1.evil", "usr 1", "usr/1", "usr#1", "usr%231", "usr-1\0", "usr-é", &"u".repeat(129)] {
            assert!(id.parse::<UserId>().is_err(), "{id:?}");
        }
    }

    #[test]
    fn the_rule_also_holds_when_deserialising() {
        assert!(serde_json::from_str::<UserId>("\"usr-1.evil\"").is_err());
        assert_eq!(serde_json::from_str::<UserId>("\"usr-1\"").unwrap().as_str(), "usr-1");
    }
}
