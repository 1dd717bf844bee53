//! What the function keeps between requests.

use std::sync::Arc;

use shared::{
    clock::{Clock, SystemClock},
    env::{self, EnvError},
    secret::Secret,
    store::{Accounts, StoreError},
};

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
    /// A variable.
    #[error(transparent)]
    Environment(#[from] EnvError),
    /// A key that could be guessed.
    #[error("an app API key has fewer than {MIN_KEY_LEN} bytes")]
    KeyTooShort,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Reads `ACCOUNTS_TABLE`, `APP_API_KEY` and `APP_API_KEY_PREVIOUS`, and opens the connection to the table.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn from_env() -> Result<Self, StartError> {
        let mut api_keys = vec![env::secret("APP_API_KEY")?];
        api_keys.extend(env::optional("APP_API_KEY_PREVIOUS")?.map(Secret::from));
        let accounts = Accounts::from_env().await?;
        accounts.warm_up().await?;
        Self::new(accounts, api_keys, Arc::new(SystemClock))
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
