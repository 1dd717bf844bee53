//! All marketplaces of one document, by key.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{AllSettings, Marketplace, MarketplaceError, config::RawMarketplace};

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
    error: Option<IgnoredAny>,
    #[serde(default)]
    marketplaces: Value,
}

impl Directory {
    /// Reads the developer platform's answer, and completes it with our own settings.
    ///
    /// # Errors
    /// [`ConfigurationError`] when the document as a whole cannot be used. A single bad marketplace is no error: see
    /// [`refused`](Self::refused).
    pub fn from_json(body: &[u8], settings: &AllSettings) -> Result<Self, ConfigurationError> {
        let document: Document = serde_json::from_slice(body)
            .map_err(|error| ConfigurationError::Malformed { line: error.line(), column: error.column() })?;
        if document.error.is_some() {
            return Err(ConfigurationError::Reported);
        }
        // A single object is accepted in place of the array (protocol.md §1.2).
        let entries = match document.marketplaces {
            Value::Null => return Err(ConfigurationError::NoMarketplaces),
            Value::Array(entries) => entries,
            entry => vec![entry],
        };
        let names: Vec<String> = entries.iter().map(name_of).collect();
        let mut directory = Self::default();
        for (entry, name) in entries.into_iter().zip(&names) {
            let twice = names.iter().filter(|other| *other == name).count() > 1;
            match read(entry, settings, twice) {
                Ok(marketplace) => {
                    directory.marketplaces.insert(name.clone(), Arc::new(marketplace));
                }
                Err(error) => directory.refused.push((name.clone(), error)),
            }
        }
        Ok(directory)
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

fn name_of(entry: &Value) -> String {
    entry["marketplace"].as_str().unwrap_or_default().to_owned()
}

/// A key used twice serves neither, usable or not: we could not tell whose credentials are whose.
fn read(entry: Value, settings: &AllSettings, twice: bool) -> Result<Marketplace, MarketplaceError> {
    if twice {
        return Err(MarketplaceError::Duplicate);
    }
    let raw: RawMarketplace = serde_json::from_value(entry).map_err(|_| MarketplaceError::Malformed)?;
    Marketplace::new(raw, settings)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MANY: &str = include_str!("../../../tests/fixtures/vectors/marketplaces_config.json");

    fn changed(change: impl FnOnce(&mut Value)) -> Directory {
        let mut document: Value = serde_json::from_str(MANY).unwrap();
        change(&mut document["marketplaces"]);
        Directory::from_json(document.to_string().as_bytes(), &AllSettings::default()).unwrap()
    }

    #[test]
    fn every_marketplace_of_the_vector_is_found_by_its_key() {
        let directory = Directory::from_json(MANY.as_bytes(), &AllSettings::default()).unwrap();
        assert!(directory.refused().is_empty());
        assert_eq!(directory.iter().count(), 3);
        let northbank = directory.find("northbank").unwrap();
        assert_eq!(northbank.acs_url, "https://app.example.test/maestrano/consume/?marketplace=northbank");
        assert!(directory.find("Northbank").is_none());
    }

    #[test]
    fn a_single_object_is_read_like_an_array_of_one() {
        let one = include_bytes!("../../../tests/fixtures/vectors/marketplaces_config_single_object.json");
        assert_eq!(Directory::from_json(one, &AllSettings::default()).unwrap().iter().count(), 1);
    }

    #[test]
    fn a_document_without_marketplaces_is_refused_with_its_reason() {
        let error = include_bytes!("../../../tests/fixtures/vectors/marketplaces_config_error.json");
        assert!(matches!(Directory::from_json(error, &AllSettings::default()), Err(ConfigurationError::Reported)));
        let missing = include_bytes!("../../../tests/fixtures/vectors/marketplaces_config_missing_key.json");
        assert!(matches!(
            Directory::from_json(missing, &AllSettings::default()),
            Err(ConfigurationError::NoMarketplaces)
        ));
        assert!(matches!(
            Directory::from_json(b"<html>", &AllSettings::default()),
            Err(ConfigurationError::Malformed { .. })
        ));
    }

    #[test]
    fn one_bad_marketplace_does_not_take_the_others_with_it() {
        let directory = changed(|all| all[1]["sso"]["x509_certificate"] = json!("nonsense"));
        assert!(directory.find("acme-hub").is_some());
        assert!(directory.find("northbank").is_none());
        assert_eq!(directory.refused()[0].0, "northbank");
    }

    #[test]
    fn a_malformed_entry_does_not_take_the_others_with_it() {
        for change in [
            json!(7),
            json!(null),
            json!({"marketplace": "northbank", "sso": 5}),
            json!({"marketplace": "northbank", "sso": null}),
        ] {
            let directory = changed(|all| all[1] = change.clone());
            assert_eq!((directory.iter().count(), directory.refused().len()), (2, 1), "{change}");
        }
    }

    #[test]
    fn a_key_used_twice_serves_nobody_even_if_one_of_the_two_is_broken() {
        for broken in 0..2 {
            let directory = changed(|all| {
                all[1]["marketplace"] = json!("acme-hub");
                all[broken]["sso"]["x509_certificate"] = json!("nonsense");
            });
            assert!(directory.find("acme-hub").is_none());
        }
    }

    #[test]
    fn a_key_used_thrice_serves_nobody() {
        let directory = changed(|all| {
            all[1]["marketplace"] = json!("acme-hub");
            all[2]["marketplace"] = json!("acme-hub");
        });
        assert!(directory.find("acme-hub").is_none());
        assert!(directory.refused().iter().all(|(_, error)| *error == MarketplaceError::Duplicate));
    }
}
