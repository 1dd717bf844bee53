//! What the function keeps between requests.

use std::sync::Arc;

use shared::{
    aws,
    clock::{Clock, SystemClock},
    secret::Secret,
    secrets::{Key, Secrets, SecretsError},
    store::{Accounts, StoreError},
};

use crate::Settings;

/// A key shorter than this could be guessed.
const MIN_KEY_LEN: usize = 32;

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) api_keys: Vec<Secret>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key that cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A key that could be guessed.
    #[error("an app API key has fewer than {MIN_KEY_LEN} bytes")]
    KeyTooShort,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Reads the app's key and opens the connection to the table, both at once.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let config = aws::config().await;
        let secrets = Secrets::new(&config);
        let accounts = Accounts::connect(&config, settings.accounts_table);
        let key = async { Ok::<Key, StartError>(secrets.read(&settings.app_api_key_secret_id).await?) };
        let connection = async { Ok(accounts.warm_up().await?) };
        let (Key { key, previous }, ()) = tokio::try_join!(key, connection)?;
        Self::new(accounts, std::iter::once(key).chain(previous).collect(), Arc::new(SystemClock))
    }

    /// An app of ready-made parts.
    ///
    /// # Errors
    /// When a key could be guessed.
    pub fn new(accounts: Accounts, api_keys: Vec<Secret>, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        if api_keys.iter().any(|key| key.expose().len() < MIN_KEY_LEN) {
            return Err(StartError::KeyTooShort);
        }
        Ok(Self { accounts, api_keys, clock })
    }
}
