//! All marketplaces of one document, by key.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Marketplace, MarketplaceError, config::RawMarketplace};

/// The marketplaces we serve.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    marketplaces: HashMap<String, Arc<Marketplace>>,
    refused: Vec<(String, MarketplaceError)>,
}

/// A document of the developer platform that cannot be used at all (protocol.md §1.3).
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
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
    /// There is no `marketplaces` in it.
    #[error("configuration document has no marketplaces")]
    NoMarketplaces,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "one_or_many")]
    marketplaces: Option<Vec<RawMarketplace>>,
}

/// A single object is accepted in place of the array (protocol.md §1.2).
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RawMarketplace>>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let many = match value {
        serde_json::Value::Null => return Ok(None),
        serde_json::Value::Array(many) => many,
        one => vec![one],
    };
    let entries = many.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
    entries.map(Some).map_err(D::Error::custom)
}

impl Directory {
    /// Reads the developer platform's answer.
    ///
    /// # Errors
    /// [`ConfigurationError`] when the document as a whole cannot be used. A single bad marketplace is no error: see
    /// [`refused`](Self::refused).
    pub fn from_json(body: &[u8]) -> Result<Self, ConfigurationError> {
        let document: Document = serde_json::from_slice(body)
            .map_err(|error| ConfigurationError::Malformed { line: error.line(), column: error.column() })?;
        if document.error.is_some() {
            return Err(ConfigurationError::Reported);
        }
        let mut directory = Self::default();
        for raw in document.marketplaces.ok_or(ConfigurationError::NoMarketplaces)? {
            let name = raw.marketplace.clone().unwrap_or_default();
            match Marketplace::try_from(raw) {
                Ok(marketplace) => directory.insert(marketplace),
                Err(error) => directory.refused.push((name, error)),
            }
        }
        Ok(directory)
    }

    /// A key used twice serves neither: we could not tell whose credentials are whose.
    fn insert(&mut self, marketplace: Marketplace) {
        let key = marketplace.key.to_string();
        let seen_before =
            self.refused.iter().any(|(name, error)| *name == key && *error == MarketplaceError::Duplicate);
        if seen_before || self.marketplaces.remove(&key).is_some() {
            self.refused.push((key, MarketplaceError::Duplicate));
        } else {
            self.marketplaces.insert(key, Arc::new(marketplace));
        }
    }

    /// The marketplace with this key, exactly as written.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Arc<Marketplace>> {
        self.marketplaces.get(key)
    }

    /// All usable marketplaces, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Marketplace>> {
        self.marketplaces.values()
    }

    /// The marketplaces that were set aside, each with its reason. The names are as the document gave them.
    #[must_use]
    pub fn refused(&self) -> &[(String, MarketplaceError)] {
        &self.refused
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MANY: &str = include_str!("../../../tests/fixtures/vectors/marketplaces_config.json");

    fn changed(change: impl FnOnce(&mut Value)) -> Directory {
        let mut document: Value = serde_json::from_str(MANY).unwrap();
        change(&mut document["marketplaces"]);
        Directory::from_json(document.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn every_marketplace_of_the_vector_is_found_by_its_key() {
        let directory = Directory::from_json(MANY.as_bytes()).unwrap();
        assert!(directory.refused().is_empty());
        assert_eq!(directory.iter().count(), 3);
        let northbank = directory.find("northbank").unwrap();
        assert_eq!(northbank.acs_url, "https://app.example.test/maestrano/consume/?marketplace=northbank");
        assert!(directory.find("Northbank").is_none());
    }

    #[test]
    fn a_single_object_is_read_like_an_array_of_one() {
        let one = include_bytes!("../../../tests/fixtures/vectors/marketplaces_config_single_object.json");
        assert_eq!(Directory::from_json(one).unwrap().iter().count(), 1);
    }

    #[test]
    fn a_document_without_marketplaces_is_refused_with_its_reason() {
        let error = include_bytes!("../../../tests/fixtures/vectors/marketplaces_config_error.json");
        assert!(matches!(Directory::from_json(error), Err(ConfigurationError::Reported)));
        let missing = include_bytes!("../../../tests/fixtures/vectors/marketplaces_config_missing_key.json");
        assert!(matches!(Directory::from_json(missing), Err(ConfigurationError::NoMarketplaces)));
        assert!(matches!(Directory::from_json(b"<html>"), Err(ConfigurationError::Malformed { .. })));
        assert!(matches!(Directory::from_json(b"{\"marketplaces\":[7]}"), Err(ConfigurationError::Malformed { .. })));
    }

    #[test]
    fn one_bad_marketplace_does_not_take_the_others_with_it() {
        let directory = changed(|all| all[1]["sso"]["x509_certificate"] = json!("nonsense"));
        assert!(directory.find("acme-hub").is_some());
        assert!(directory.find("northbank").is_none());
        assert_eq!(directory.refused()[0].0, "northbank");
    }

    #[test]
    fn a_key_used_twice_or_thrice_serves_nobody() {
        let directory = changed(|all| {
            all[1]["marketplace"] = json!("acme-hub");
            all[2]["marketplace"] = json!("acme-hub");
        });
        assert!(directory.find("acme-hub").is_none());
        assert!(directory.refused().iter().all(|(_, error)| *error == MarketplaceError::Duplicate));
    }
}
