//! Secrets Manager: what must not stand in a variable or a template. Every secret is a JSON object, so that a second key can
//! be good beside the first while it is being changed.

use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{Client, error::SdkError, operation::get_secret_value::GetSecretValueError};
use serde::{Deserialize, de::DeserializeOwned};

use crate::secret::Secret;

/// Reads secrets by their ARN or name.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
}

/// A key, and the one before it while that still is good: `{"key": "…", "previous": "…"}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The present one.
    pub key: Secret,
    /// Absent but while the key is being changed.
    #[serde(default)]
    pub previous: Option<Secret>,
}

/// Who we are to somebody else: `{"key": "…", "secret": "…"}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The public half.
    pub key: String,
    /// The other half.
    pub secret: Secret,
}

/// The key that our requests are signed with, and its certificate, both in PEM: `{"private_key": "…", "certificate": "…"}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// PKCS #8, not encrypted.
    pub private_key: Secret,
    /// What identity providers know it by.
    pub certificate: String,
}

/// A secret cannot be read. What it holds is never repeated, in `Debug` neither: an answer that the SDK does not understand would
/// stand there whole.
#[derive(thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager.
    #[error("secret {id} cannot be read")]
    Request {
        /// As asked for.
        id: String,
        /// Why.
        #[source]
        error: Box<SdkError<GetSecretValueError>>,
    },
    /// It is there, but it is binary, or no JSON of the expected shape.
    #[error("secret {id} is not the JSON object it should be")]
    Malformed {
        /// As asked for.
        id: String,
    },
}

impl From<Client> for Secrets {
    fn from(client: Client) -> Self {
        Self { client }
    }
}

impl fmt::Debug for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretsError({self})")
    }
}

impl Secrets {
    /// The secrets of this account and region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// The present version of a secret.
    ///
    /// # Errors
    /// [`SecretsError`] names the secret.
    pub async fn read<T: DeserializeOwned>(&self, id: &str) -> Result<T, SecretsError> {
        parse(id, self.read_text(id).await?.expose())
    }

    /// The present version of a secret, as it is.
    ///
    /// # Errors
    /// [`SecretsError`] names the secret.
    pub async fn read_text(&self, id: &str) -> Result<Secret, SecretsError> {
        let answer = self.client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| SecretsError::Request { id: id.to_owned(), error: Box::new(error) })?;
        answer.secret_string.map(Secret::from).ok_or_else(|| SecretsError::Malformed { id: id.to_owned() })
    }
}

/// serde's own words would repeat the value.
fn parse<T: DeserializeOwned>(id: &str, value: &str) -> Result<T, SecretsError> {
    serde_json::from_str(value).map_err(|_| SecretsError::Malformed { id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_one_before_it() {
        let key: Key = parse("app", r#"{"key":"k2","previous":"k1"}"#).unwrap();
        assert!(key.key.matches("k2") && key.previous.unwrap().matches("k1"));
        assert!(parse::<Key>("app", r#"{"key":"k2"}"#).unwrap().previous.is_none());
    }

    #[test]
    fn what_is_no_key_is_named_but_not_repeated() {
        for value in ["", "hush-hush", r#""hush-hush""#, r#"{"hush-hush":1}"#, r#"{"key":"k","hush-hush":""}"#] {
            let error = parse::<Key>("app", value).unwrap_err();
            assert_eq!(error.to_string(), "secret app is not the JSON object it should be", "{value}");
            assert!(!format!("{error:?}").contains("hush"));
        }
    }

    #[test]
    fn an_answer_that_cannot_be_understood_is_not_repeated_either() {
        let answer =
            aws_sdk_secretsmanager::config::http::HttpResponse::new(200.try_into().unwrap(), "hush-hush".into());
        let error = Box::new(SdkError::response_error("not JSON", answer));
        assert!(format!("{error:?}").contains("hush"), "the SDK's own words repeat it");
        let error = SecretsError::Request { id: "app".to_owned(), error };
        assert_eq!(format!("{error:?}"), "SecretsError(secret app cannot be read)");
        assert!(!crate::telemetry::causes(&error).contains("hush"));
    }
}
