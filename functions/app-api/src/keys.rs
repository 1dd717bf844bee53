//! The app's API keys: read at start, and again when they have grown old, so that a key is changed or withdrawn without a
//! deployment (threats.md P2).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use shared::{
    secret::Secret,
    secrets::{Key, Secrets, SecretsError},
    telemetry::causes,
};
use tokio::sync::Mutex;

/// A key shorter than this could be guessed.
const MIN_KEY_LEN: usize = 32;
/// How long keys are relied on.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);
/// How long to wait after they could not be read again.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How long keys that could not be read again go on: a key that was withdrawn must end, however the secret was broken.
const MAX_STALENESS: SignedDuration = SignedDuration::from_hours(1);

/// The keys that the app may present.
#[derive(Debug)]
pub struct ApiKeys {
    source: Option<Source>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Source {
    secrets: Secrets,
    id: String,
}

#[derive(Debug)]
struct Known {
    keys: Arc<[Secret]>,
    /// When to read them again.
    until: Timestamp,
    /// When they are good no longer, read again or not.
    end: Timestamp,
}

/// The keys could not be read for an hour, so nobody can be told from anybody else.
#[derive(Debug, thiserror::Error)]
#[error("app's keys could not be read for too long")]
pub(crate) struct KeysLost;

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// They cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// One of them could be guessed.
    #[error("an app API key has fewer than {MIN_KEY_LEN} bytes")]
    TooShort,
}

impl ApiKeys {
    /// A key that stays as long as the process.
    ///
    /// # Errors
    /// [`KeysError::TooShort`].
    pub fn fixed(key: Secret) -> Result<Self, KeysError> {
        let keys = usable(Key { key, previous: None })?;
        Ok(Self { source: None, known: Mutex::new(Known { keys, until: Timestamp::MAX, end: Timestamp::MAX }) })
    }

    /// The keys in this secret.
    ///
    /// # Errors
    /// [`KeysError`]: there is no usable key in it.
    pub async fn of(secrets: Secrets, id: String, now: Timestamp) -> Result<Self, KeysError> {
        let source = Source { secrets, id };
        let known = Known::read(source.read().await?, now);
        Ok(Self { source: Some(source), known: Mutex::new(known) })
    }

    /// The keys that are good now. If they cannot be read again the known ones go on for a while, so that a short outage there is
    /// none here.
    pub(crate) async fn current(&self, now: Timestamp) -> Result<Arc<[Secret]>, KeysLost> {
        let mut known = self.known.lock().await;
        if let Some(source) = self.source.as_ref().filter(|_| known.until <= now) {
            match source.read().await {
                Ok(keys) => *known = Known::read(keys, now),
                Err(error) => {
                    tracing::error!(causes = causes(&error), "the app's keys could not be read again: {error}");
                    known.until = now + RETRY_AFTER;
                }
            }
        }
        if known.end <= now { Err(KeysLost) } else { Ok(Arc::clone(&known.keys)) }
    }
}

impl Known {
    fn read(keys: Arc<[Secret]>, now: Timestamp) -> Self {
        Self { keys, until: now + MAX_AGE, end: now + MAX_STALENESS }
    }
}

impl Source {
    async fn read(&self) -> Result<Arc<[Secret]>, KeysError> {
        usable(self.secrets.read(&self.id).await?)
    }
}

fn usable(Key { key, previous }: Key) -> Result<Arc<[Secret]>, KeysError> {
    let keys: Arc<[Secret]> = std::iter::once(key).chain(previous).collect();
    if keys.iter().any(|key| key.expose().len() < MIN_KEY_LEN) { Err(KeysError::TooShort) } else { Ok(keys) }
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

    const FIRST: &str = "the-first-key-of-thirty-two-byte";
    const SECOND: &str = "the-second-key-of-thirty-two-bytes";
    const START: Timestamp = Timestamp::UNIX_EPOCH;

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
        let keys = ApiKeys::of(Secrets::from(client), "app".to_owned(), START).await.unwrap();

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
        let keys = ApiKeys::of(Secrets::from(client), "app".to_owned(), START).await.unwrap();
        for later in [MAX_AGE, MAX_AGE + RETRY_AFTER] {
            assert!(is_good(&keys.current(START + later).await.unwrap(), FIRST));
        }
        assert_eq!((outage.num_calls(), short.num_calls()), (1, 1));
        assert!(keys.current(START + MAX_STALENESS).await.is_err());
        assert_eq!(again.num_calls(), 1);
    }

    #[test]
    fn a_key_that_could_be_guessed_is_refused() {
        assert!(matches!(ApiKeys::fixed("short".into()), Err(KeysError::TooShort)));
    }
}
