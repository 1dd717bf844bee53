//! What is stored: what the sources said when they last could be used, not what we made of it, so that a new version of ours reads it
//! by its own rules.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::marketplace::Entries;

/// The sealed part.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What the sources say of each marketplace that is served.
    pub entries: Entries,
    /// Since when a marketplace is served by what was said of it before, because what is said now cannot be used.
    pub kept_since: BTreeMap<String, Timestamp>,
}

/// What stands beside it in clear: small, so that asking whether there is something new costs nearly nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Grows with every change; 0 before the first.
    pub version: u64,
    /// How many items the sealed part takes.
    pub parts: usize,
    /// When the developer platform last gave a document that could be used.
    pub platform_at: Option<Timestamp>,
    /// When the manifest last could be used.
    pub manifest_at: Option<Timestamp>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("marketplaces", &self.entries.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
