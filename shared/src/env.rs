//! Environment variables, read once at cold start; every error names the variable.

use std::{fmt::Display, str::FromStr};

use crate::secret::Secret;

/// A variable is missing or cannot be used. Values are never repeated: some are secrets.
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

/// The value of `name`; empty counts as absent.
///
/// # Errors
/// [`EnvError::Missing`], or [`EnvError::Invalid`] if the value is not Unicode.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn required(name: &'static str) -> Result<String, EnvError> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) | Err(std::env::VarError::NotPresent) => Err(EnvError::Missing { name }),
        Err(error) => Err(EnvError::Invalid { name, reason: error.to_string() }),
    }
}

/// The value of `name`, if it is set and not empty.
///
/// # Errors
/// [`EnvError::Invalid`] if the value is not Unicode.
pub fn optional(name: &'static str) -> Result<Option<String>, EnvError> {
    match required(name) {
        Ok(value) => Ok(Some(value)),
        Err(EnvError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The value of `name`, as a `T`.
///
/// # Errors
/// [`EnvError::Missing`], or [`EnvError::Invalid`] if `T` refuses the value.
pub fn parsed<T: FromStr<Err: Display>>(name: &'static str) -> Result<T, EnvError> {
    required(name)?.parse().map_err(|error: T::Err| EnvError::Invalid { name, reason: error.to_string() })
}

/// The value of `name`, wrapped so that it does not print.
///
/// # Errors
/// As [`required`].
pub fn secret(name: &'static str) -> Result<Secret, EnvError> {
    required(name).map(Secret::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        assert_eq!(
            required("STALLHOLDER_TEST_UNSET").unwrap_err().to_string(),
            "variable STALLHOLDER_TEST_UNSET is not set"
        );
        assert_eq!(optional("STALLHOLDER_TEST_UNSET"), Ok(None));
    }

    #[test]
    fn an_unusable_value_is_named_but_not_repeated() {
        // CARGO_PKG_NAME is set by cargo for every test and is not a number.
        let error = parsed::<u16>("CARGO_PKG_NAME").unwrap_err();
        assert_eq!(error.to_string(), "variable CARGO_PKG_NAME cannot be used: invalid digit found in string");
    }
}
