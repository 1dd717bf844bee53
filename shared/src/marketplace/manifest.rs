//! Our own manifest: marketplaces that the developer platform does not know, and what we accept from each. JSON or YAML;
//! `docs/manifest.schema.json` is its schema.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MarketplaceError, MarketplaceSettings, historical::HistoricalEnvironment, settings};
use crate::secret::Secret;

/// The largest manifest: what a secret can hold.
const MAX_MANIFEST_LEN: usize = 64 * 1024;

/// The members of an entry that say what the marketplace is, not how we deal with it.
const FACTS: [&str; 3] = ["configuration", "historical_environment", "certificates"];

/// The setting that counts even if nothing else of its entry can be read.
const DISABLED: &str = "disabled";

/// A manifest that is one; what it says of each marketplace is not looked at yet.
#[derive(Clone, Default)]
pub struct Manifest {
    /// What it says of each marketplace.
    pub marketplaces: BTreeMap<String, Value>,
}

/// A manifest that cannot be used at all. Nothing of it is repeated: keys stand in there.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ManifestError {
    /// Neither JSON nor YAML, or a key is there twice.
    #[error("manifest is malformed at line {line}, column {column}")]
    Malformed {
        /// Counted from 1; 0 when the place is not known.
        line: usize,
        /// Counted from 1; 0 when the place is not known.
        column: usize,
    },
    /// Something else than `marketplaces` on top.
    #[error("manifest is not an object with nothing but `marketplaces`, an object by marketplace key")]
    Shape,
    /// More than a secret can hold.
    #[error("manifest is larger than {} KiB", MAX_MANIFEST_LEN / 1024)]
    TooLarge,
}

/// What the manifest says of one marketplace.
#[derive(Default)]
pub(super) struct ManifestEntry {
    /// Laid over the platform's entry, in the platform's own shape.
    pub(super) configuration: Value,
    pub(super) historical_environment: Option<HistoricalEnvironment>,
    pub(super) certificates: Vec<ManifestCertificate>,
    pub(super) previous_api_key: Option<PreviousApiKey>,
    pub(super) settings: MarketplaceSettings,
}

/// Another certificate that the marketplace signs with, or will sign with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestCertificate {
    pub(super) certificate: String,
    pub(super) fingerprint: Option<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// The API key before the present one. It ends by itself: one that was forgotten would open the door for good.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousApiKey {
    /// The key.
    pub key: Secret,
    /// When it is good no longer.
    pub until: Timestamp,
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.marketplaces.keys()).finish()
    }
}

impl Manifest {
    /// Reads a manifest; JSON is YAML. An empty text is an empty manifest.
    ///
    /// # Errors
    /// [`ManifestError`] when nothing of it can be used.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST_LEN {
            return Err(ManifestError::TooLarge);
        }
        // Through YAML's own values, which know when a key is there twice.
        let document: yaml_serde::Value = yaml_serde::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((0, 0), |place| (place.line(), place.column()));
            ManifestError::Malformed { line, column }
        })?;
        let document = serde_json::to_value(document).map_err(|_| ManifestError::Shape)?;
        let mut document = match document {
            Value::Null => return Ok(Self::default()),
            Value::Object(document) => document,
            _ => return Err(ManifestError::Shape),
        };
        let marketplaces = document.remove("marketplaces").unwrap_or_default();
        if !document.keys().all(|name| name == "$schema") {
            return Err(ManifestError::Shape);
        }
        match marketplaces {
            Value::Null => Ok(Self::default()),
            Value::Object(marketplaces) => Ok(Self { marketplaces: marketplaces.into_iter().collect() }),
            _ => Err(ManifestError::Shape),
        }
    }

    /// Whether what it says of one marketplace means anything at all; whether it can be used is seen with the other sources.
    ///
    /// # Errors
    /// [`MarketplaceError`] names what does not.
    pub fn check(said: Option<&Value>) -> Result<(), MarketplaceError> {
        ManifestEntry::read(said).map(drop)
    }

    /// Whether it says where the marketplace is.
    #[must_use]
    pub fn describes(said: Option<&Value>) -> bool {
        ManifestEntry::read(said).is_ok_and(|entry| entry.describes())
    }

    /// What `said` says, with what `before` said in the place of each fact: where the marketplace is, and what it signs with. A fact that
    /// is not stated any more was taken back, and stays so.
    #[must_use]
    pub fn with_facts_of(said: Option<&Value>, before: Option<&Value>) -> Option<Value> {
        let mut mixed = said?.as_object()?.clone();
        for fact in FACTS {
            let known = before.and_then(|before| before.get(fact));
            match mixed.get_mut(fact).filter(|value| is_stated(value)) {
                Some(value) => *value = known.cloned().unwrap_or_default(),
                None => drop(mixed.remove(fact)),
            }
        }
        Some(Value::Object(mixed))
    }

    /// Whether it says that the marketplace is not served, whatever else it says.
    #[must_use]
    pub fn disables(said: Option<&Value>) -> bool {
        said.and_then(|said| said.get(DISABLED)) == Some(&Value::Bool(true))
    }

    /// The same entry, disabled.
    #[must_use]
    pub fn disabled(said: Option<&Value>) -> Value {
        let mut said = said.and_then(Value::as_object).cloned().unwrap_or_default();
        said.insert(DISABLED.to_owned(), true.into());
        Value::Object(said)
    }
}

impl ManifestEntry {
    /// Reads what the manifest says of one marketplace; no entry says nothing.
    pub(super) fn read(entry: Option<&Value>) -> Result<Self, MarketplaceError> {
        let mut entry = match entry {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(entry)) => entry.clone(),
            Some(_) => return Err(MarketplaceError::Type { field: "manifest", expected: "an object" }),
        };
        let configuration = entry.remove("configuration").unwrap_or_default();
        if !(configuration.is_object() || configuration.is_null()) {
            return Err(MarketplaceError::Type { field: "configuration", expected: "an object" });
        }
        Ok(Self {
            configuration,
            historical_environment: historical_environment(&mut entry)?,
            certificates: certificates(&mut entry)?,
            previous_api_key: previous_api_key(&mut entry)?,
            settings: settings::read(entry)?,
        })
    }

    /// Whether it says where a marketplace is, and not only what we accept from it.
    pub(super) fn describes(&self) -> bool {
        self.configuration.is_object()
    }
}

/// Null and an empty list state nothing.
fn is_stated(fact: &Value) -> bool {
    !fact.is_null() && fact.as_array().is_none_or(|items| !items.is_empty())
}

fn historical_environment(entry: &mut Map<String, Value>) -> Result<Option<HistoricalEnvironment>, MarketplaceError> {
    const FIELD: &str = "historical_environment";
    match entry.remove(FIELD) {
        None | Some(Value::Null) => Ok(None),
        Some(name) => name
            .as_str()
            .and_then(HistoricalEnvironment::from_name)
            .map(Some)
            .ok_or(MarketplaceError::Type { field: FIELD, expected: "one of local, uat, production" }),
    }
}

fn certificates(entry: &mut Map<String, Value>) -> Result<Vec<ManifestCertificate>, MarketplaceError> {
    const EXPECTED: &str = "a list of {certificate, fingerprint, from, until}";
    let are_objects = |value: &Value| value.as_array().is_none_or(|items| items.iter().all(Value::is_object));
    Ok(taken(entry, "certificates", EXPECTED, are_objects)?.unwrap_or_default())
}

fn previous_api_key(entry: &mut Map<String, Value>) -> Result<Option<PreviousApiKey>, MarketplaceError> {
    const EXPECTED: &str = "{key, until}";
    let key: Option<PreviousApiKey> = taken(entry, "previous_api_key", EXPECTED, |value| !value.is_array())?;
    match key {
        // It would open the door to everybody who knows the id.
        Some(blank) if blank.key.expose().trim().is_empty() => {
            Err(MarketplaceError::Type { field: "previous_api_key", expected: EXPECTED })
        }
        key => Ok(key),
    }
}

/// serde's own words would repeat the value, and it would read an array for an object: `is_plain` knows.
fn taken<T: for<'de> Deserialize<'de>>(
    entry: &mut Map<String, Value>,
    field: &'static str,
    expected: &'static str,
    is_plain: impl FnOnce(&Value) -> bool,
) -> Result<Option<T>, MarketplaceError> {
    let value = entry.remove(field).unwrap_or_default();
    let error = MarketplaceError::Type { field, expected };
    if !is_plain(&value) {
        return Err(error);
    }
    serde_json::from_value(value).map_err(|_| error)
}
