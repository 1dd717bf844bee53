//! Records that two platforms both have: the vendor's own, and its counterparts elsewhere.

use std::{cmp::Ordering, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A record of the vendor's app: what the app calls it, whatever characters that has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LocalRecord {
    /// The app's name for this kind of record, such as `customer`.
    pub class_name: String,
    /// Its id among those.
    pub id: String,
}

/// Where on another platform ids are unique: for a marketplace its key and a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Realm {
    /// The platform; for a marketplace its key.
    pub provider: String,
    /// The account there; for a marketplace the group.
    pub realm: String,
}

/// Where a record has at most one counterpart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The account on the platform.
    #[serde(flatten)]
    pub realm: Realm,
    /// The platform's name for this kind of record, such as `organizations`.
    pub entity: String,
}

/// A record of another platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RemoteRecord {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// Its id there; in Connec! the `connec_id`.
    pub rid: String,
}

/// Which state of a record something is about. The app counts its versions, or says when it changed the record; a later state has the
/// greater version. One that counts can begin to say when, and not the other way round: moments are greater than any count in use.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// The app's count.
    #[serde(rename = "version")]
    Number(u64),
    /// When the app changed it, to the microsecond.
    UpdatedAt(Timestamp),
}

impl Version {
    /// The largest count: what JSON numbers hold everywhere.
    pub const MAX_NUMBER: u64 = (1 << 53) - 1;

    /// What versions are compared by.
    #[must_use]
    pub fn order(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::UpdatedAt(at) => u64::try_from(at.as_microsecond()).unwrap_or_default(),
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl fmt::Display for LocalRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.class_name, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_state_has_the_greater_version() {
        let at = |text: &str| Version::UpdatedAt(text.parse().unwrap());
        assert!(Version::Number(1) < Version::Number(2));
        assert!(at("2030-01-15T10:00:00Z") < at("2030-01-15T10:00:00.000001Z"));
        assert_eq!(at("2030-01-15T11:00:00+01:00"), at("2030-01-15T10:00:00Z"));
        assert!(Version::Number(1_000_000_000_000) < at("2026-01-01T00:00:00Z"));
    }
}
