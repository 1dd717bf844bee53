//! What is made of a secret and changes with it: read at start, and again when it has grown old, so that a key is changed or
//! withdrawn without a deployment (threats.md P2).

use std::{error::Error, fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::{
    secrets::{Key, Secrets, SecretsError},
    telemetry::causes,
};

/// How long a secret is relied on.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);
/// How long to wait after it could not be read again.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How long one that could not be read again goes on: a key that was withdrawn must end, however the secret was broken.
const MAX_STALENESS: SignedDuration = SignedDuration::from_hours(1);

/// A `T` made of the present version of a secret.
pub struct Rotating<T, E> {
    source: Option<Source<T, E>>,
    known: Mutex<Known<T>>,
}

struct Source<T, E> {
    secrets: Secrets,
    id: String,
    make: fn(Key) -> Result<T, E>,
}

struct Known<T> {
    value: Arc<T>,
    /// When to read it again.
    until: Timestamp,
    /// When it is good no longer, read again or not.
    end: Timestamp,
}

/// The secret could not be read for an hour, so nobody can be told from anybody else.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("secret could not be read for too long")]
pub struct SecretLost;

/// The secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RotationError<E> {
    /// It cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// What it holds is no good.
    #[error("secret {id} is unusable")]
    Unusable {
        /// As asked for.
        id: String,
        /// What is wrong with it.
        #[source]
        error: E,
    },
}

impl<T, E: Error + 'static> Rotating<T, E> {
    /// One that stays as long as the process.
    #[must_use]
    pub fn fixed(value: T) -> Self {
        let known = Known { value: Arc::new(value), until: Timestamp::MAX, end: Timestamp::MAX };
        Self { source: None, known: Mutex::new(known) }
    }

    /// What `make` makes of this secret.
    ///
    /// # Errors
    /// [`RotationError`]: it cannot be read, or nothing can be made of it.
    pub async fn of(
        secrets: Secrets,
        id: String,
        make: fn(Key) -> Result<T, E>,
        now: Timestamp,
    ) -> Result<Self, RotationError<E>> {
        let source = Source { secrets, id, make };
        let known = Known::read(source.read().await?, now);
        Ok(Self { source: Some(source), known: Mutex::new(known) })
    }

    /// What is good now. If the secret cannot be read again the known one goes on for a while, so that a short outage there is
    /// none here.
    ///
    /// # Errors
    /// [`SecretLost`] after an hour of that.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<T>, SecretLost> {
        let mut known = self.known.lock().await;
        if let Some(source) = self.source.as_ref().filter(|_| known.until <= now) {
            match source.read().await {
                Ok(value) => *known = Known::read(value, now),
                Err(error) => {
                    tracing::error!(secret = source.id, causes = causes(&error), "not read again: {error}");
                    known.until = now + RETRY_AFTER;
                }
            }
        }
        if known.end <= now { Err(SecretLost) } else { Ok(Arc::clone(&known.value)) }
    }
}

impl<T> Known<T> {
    fn read(value: T, now: Timestamp) -> Self {
        Self { value: Arc::new(value), until: now + MAX_AGE, end: now + MAX_STALENESS }
    }
}

impl<T, E> Source<T, E> {
    async fn read(&self) -> Result<T, RotationError<E>> {
        let key = self.secrets.read(&self.id).await?;
        (self.make)(key).map_err(|error| RotationError::Unusable { id: self.id.clone(), error })
    }
}

impl<T, E> fmt::Debug for Rotating<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotating")
            .field("secret", &self.source.as_ref().map(|source| &source.id))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::{
        Client,
        operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
        types::error::InternalServiceError,
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;
    use crate::secret::Secret;

    const FIRST: &str = "the-first-key-of-thirty-two-byte";
    const SECOND: &str = "the-second-key-of-thirty-two-bytes";
    const START: Timestamp = Timestamp::UNIX_EPOCH;

    /// No good if it is short.
    #[derive(Debug, thiserror::Error)]
    #[error("short")]
    struct Short;

    fn keys(Key { key, previous, .. }: Key) -> Result<Vec<Secret>, Short> {
        let keys: Vec<Secret> = std::iter::once(key).chain(previous).collect();
        if keys.iter().any(|key| key.expose().len() < 32) { Err(Short) } else { Ok(keys) }
    }

    fn is_good(keys: &[Secret], key: &str) -> bool {
        keys.iter().any(|good| good.matches(key))
    }

    fn value(value: String) -> GetSecretValueOutput {
        GetSecretValueOutput::builder().secret_string(value).build()
    }

    #[tokio::test]
    async fn a_key_is_changed_and_withdrawn_within_five_minutes() {
        let first = mock!(Client::get_secret_value).then_output(|| value(format!(r#"{{"key":"{FIRST}"}}"#)));
        let both = mock!(Client::get_secret_value)
            .then_output(|| value(format!(r#"{{"key":"{SECOND}","previous":"{FIRST}"}}"#)));
        let second = mock!(Client::get_secret_value).then_output(|| value(format!(r#"{{"key":"{SECOND}"}}"#)));
        let client = mock_client!(aws_sdk_secretsmanager, RuleMode::Sequential, [&first, &both, &second]);
        let keys = Rotating::of(Secrets::from(client), "app".to_owned(), keys, START).await.unwrap();

        let good = keys.current(START + MAX_AGE - SignedDuration::from_secs(1)).await.unwrap();
        assert!(is_good(&good, FIRST) && !is_good(&good, SECOND));
        let good = keys.current(START + MAX_AGE).await.unwrap();
        assert!(is_good(&good, FIRST) && is_good(&good, SECOND));
        let good = keys.current(START + MAX_AGE * 2).await.unwrap();
        assert!(!is_good(&good, FIRST) && is_good(&good, SECOND));
    }

    #[tokio::test]
    async fn an_outage_or_a_useless_key_leaves_the_known_one_for_an_hour() {
        let first = mock!(Client::get_secret_value).then_output(|| value(format!(r#"{{"key":"{FIRST}"}}"#)));
        let outage = mock!(Client::get_secret_value)
            .then_error(|| GetSecretValueError::InternalServiceError(InternalServiceError::builder().build()));
        let short = mock!(Client::get_secret_value).then_output(|| value(r#"{"key":"short"}"#.to_owned()));
        let again = mock!(Client::get_secret_value).then_output(|| value("{}".to_owned()));
        let client = mock_client!(aws_sdk_secretsmanager, RuleMode::Sequential, [&first, &outage, &short, &again]);
        let keys = Rotating::of(Secrets::from(client), "app".to_owned(), keys, START).await.unwrap();
        for later in [MAX_AGE, MAX_AGE + RETRY_AFTER] {
            assert!(is_good(&keys.current(START + later).await.unwrap(), FIRST));
        }
        assert_eq!((outage.num_calls(), short.num_calls()), (1, 1));
        assert!(keys.current(START + MAX_STALENESS).await.is_err());
        assert_eq!(again.num_calls(), 1);
    }
}
