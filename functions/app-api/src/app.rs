//! What the function keeps between requests.

use std::sync::Arc;

use shared::{
    aws,
    clock::{Clock, SystemClock},
    secrets::Secrets,
    store::{Accounts, StoreError},
};

use crate::{ApiKeys, KeysError, Settings, keys};

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) api_keys: ApiKeys,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The app's keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Reads the app's keys and opens the connection to the table, both at once.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let config = aws::config().await;
        let accounts = Accounts::connect(&config, settings.accounts_table);
        let keys = ApiKeys::of(Secrets::new(&config), settings.app_api_key_secret_id, keys::usable, SystemClock.now());
        let (keys, ()) = tokio::try_join!(async { keys.await.map_err(StartError::from) }, async {
            accounts.warm_up().await.map_err(StartError::from)
        })?;
        Ok(Self::new(accounts, keys, Arc::new(SystemClock)))
    }

    /// An app of ready-made parts.
    #[must_use]
    pub fn new(accounts: Accounts, api_keys: ApiKeys, clock: Arc<dyn Clock>) -> Self {
        Self { accounts, api_keys, clock }
    }
}
