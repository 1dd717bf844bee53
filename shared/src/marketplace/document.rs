//! The developer platform's document as a whole (protocol.md §1.2, §1.3).

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::MarketplaceError;
use crate::domain::MarketplaceKey;

/// Where an entry says whose it is.
const KEY: &str = "marketplace";

/// A document that is one; its entries are not looked at yet.
#[derive(Clone, Default)]
pub struct PlatformDocument {
    /// Each entry that has a key of its own.
    pub entries: BTreeMap<String, Value>,
    /// Each that has none, with what is wrong: its key, or else where it stands.
    pub refused: Vec<(String, MarketplaceError)>,
    /// Whether one of those has no key that can be read.
    unnamed: bool,
}

/// A document of the developer platform that cannot be used at all (protocol.md §1.3).
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum DocumentError {
    /// Not JSON, or not of the documented shape. What the parser read is not repeated: keys stand in there.
    #[error("configuration document is malformed at line {line}, column {column}")]
    Malformed {
        /// Counted from 1; 0 when the place is not known.
        line: usize,
        /// Counted from 1; 0 when the place is not known.
        column: usize,
    },
    /// The platform put an error into a 200.
    #[error("developer platform reports an error")]
    Reported,
    /// There is no `marketplaces` in it, or something else than entries.
    #[error("configuration document has no marketplaces")]
    NoMarketplaces,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(default)]
    marketplaces: Value,
}

impl fmt::Debug for PlatformDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, refused, .. } = self;
        f.debug_struct("PlatformDocument")
            .field("entries", &entries.keys().collect::<Vec<_>>())
            .field("refused", refused)
            .finish()
    }
}

impl PlatformDocument {
    /// Reads the developer platform's answer.
    ///
    /// # Errors
    /// [`DocumentError`] when the document as a whole cannot be used. A single bad entry is no error.
    pub fn parse(body: &[u8]) -> Result<Self, DocumentError> {
        // serde would read an array for a struct.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(DocumentError::Malformed { line: 1, column: 1 });
        }
        let document: Document = serde_json::from_slice(body)
            .map_err(|error| DocumentError::Malformed { line: error.line(), column: error.column() })?;
        if document.error.is_some() {
            return Err(DocumentError::Reported);
        }
        // A single object is accepted in place of the array (protocol.md §1.2).
        let entries = match document.marketplaces {
            Value::Null => return Err(DocumentError::NoMarketplaces),
            Value::Array(entries) => entries,
            Value::Object(entry) if entry.contains_key(KEY) => vec![Value::Object(entry)],
            _ => return Err(DocumentError::NoMarketplaces),
        };
        let mut read = Self::default();
        for (index, entry) in entries.into_iter().enumerate() {
            read.take(index, entry);
        }
        Ok(read)
    }

    /// Whether it has no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.refused.is_empty()
    }

    /// What is wrong with what it says of this marketplace, as far as the document alone shows. Where an entry has no key that can be
    /// read, it may be that of any marketplace that is not named otherwise.
    #[must_use]
    pub fn problem_of(&self, key: &str) -> Option<MarketplaceError> {
        let own = self.refused.iter().find(|(refused, _)| refused == key);
        let unnamed = || !self.entries.contains_key(key) && self.unnamed;
        own.map(|(_, error)| error.clone()).or_else(|| unnamed().then_some(MarketplaceError::Unnamed))
    }

    /// A key used twice serves neither: we could not tell whose credentials are whose.
    fn take(&mut self, index: usize, entry: Value) {
        let key = match key_of(&entry) {
            Ok(key) => key.to_string(),
            Err(error) => {
                self.unnamed = true;
                return self.refused.push((format!("entry {}", index + 1), error));
            }
        };
        let is_refused = self.refused.iter().any(|(refused, _)| *refused == key);
        if !is_refused && self.entries.remove(&key).is_none() {
            self.entries.insert(key, entry);
        } else if !is_refused {
            self.refused.push((key, MarketplaceError::Duplicate));
        }
    }
}

fn key_of(entry: &Value) -> Result<MarketplaceKey, MarketplaceError> {
    match entry.get(KEY) {
        None if !entry.is_object() => Err(MarketplaceError::Type { field: "entry", expected: "an object" }),
        None | Some(Value::Null) => Err(MarketplaceError::Missing { field: KEY }),
        Some(Value::String(key)) => Ok(key.parse()?),
        Some(_) => Err(MarketplaceError::Type { field: KEY, expected: "text" }),
    }
}
