//! Environment variables, read once at cold start; every error names the variable.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// A variable is missing or cannot be used. Values are never repeated: what stands where it does not belong may be a secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvError {
    /// Not set, or set to nothing.
    #[error("variable {name} is not set")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// Set to something that does not parse.
    #[error("variable {name} cannot be used: {reason}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What the parser said.
        reason: String,
    },
}

/// Where settings come from: the process, or a map. It remembers what it was asked for, so that a test can hold the
/// deployment's variables against those the function reads.
#[derive(Debug)]
pub struct Variables {
    source: Source,
    asked: Mutex<BTreeSet<&'static str>>,
}

#[derive(Debug)]
enum Source {
    Process,
    Map(BTreeMap<String, String>),
}

impl Variables {
    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self { source: Source::Process, asked: Mutex::default() }
    }

    /// The value of `name`; empty counts as absent.
    ///
    /// # Errors
    /// [`EnvError::Missing`], or [`EnvError::Invalid`] if the value is not Unicode.
    pub fn required(&self, name: &'static str) -> Result<String, EnvError> {
        self.optional(name)?.ok_or(EnvError::Missing { name })
    }

    /// The value of `name`, if it is set and not empty.
    ///
    /// # Errors
    /// [`EnvError::Invalid`] if the value is not Unicode.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn optional(&self, name: &'static str) -> Result<Option<String>, EnvError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        let value = match &self.source {
            Source::Map(map) => map.get(name).cloned(),
            Source::Process => match std::env::var(name) {
                Ok(value) => Some(value),
                Err(std::env::VarError::NotPresent) => None,
                // The error itself would repeat the value.
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(EnvError::Invalid { name, reason: "it is not Unicode".to_owned() });
                }
            },
        };
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Every variable that was asked for so far, set or not.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<&'static str> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let map = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { source: Source::Map(map), asked: Mutex::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let variables = Variables::from_iter([("EMPTY", "")]);
        assert_eq!(variables.required("ABSENT").unwrap_err().to_string(), "variable ABSENT is not set");
        assert_eq!(variables.required("EMPTY").unwrap_err().to_string(), "variable EMPTY is not set");
        assert_eq!(variables.optional("ABSENT"), Ok(None));
    }

    #[test]
    fn the_process_has_variables_too() {
        // Cargo sets it for every test.
        assert_eq!(Variables::of_process().required("CARGO_PKG_NAME").as_deref(), Ok("shared"));
    }

    #[test]
    fn it_remembers_what_it_was_asked_for() {
        let variables = Variables::from_iter([("A", "1"), ("B", "2")]);
        let _ = (variables.required("B"), variables.optional("C"));
        assert_eq!(variables.asked(), BTreeSet::from(["B", "C"]));
    }
}
