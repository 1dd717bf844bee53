//! What the function keeps between runs.

use std::sync::Arc;

use jiff::Timestamp;
use shared::{
    account_api::AccountApi,
    aws,
    clock::{Clock, SystemClock},
    configuration::{Configuration, OpenConfigurationError},
    secrets::Secrets,
    store::{Accounts, id_map::IdMap},
};

use crate::Settings;

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) id_map: IdMap,
    pub(crate) configuration: Configuration,
    pub(crate) account_api: AccountApi,
    clock: Arc<dyn Clock>,
}

impl App {
    /// Opens the configuration.
    ///
    /// # Errors
    /// [`OpenConfigurationError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, OpenConfigurationError> {
        let config = aws::config().await;
        let (accounts, secrets) = (Accounts::connect(&config, settings.accounts_table), Secrets::new(&config));
        let now = SystemClock.now();
        let (configuration, _) = Configuration::open(&accounts, secrets, settings.application_secret_id, now).await?;
        let id_map = IdMap::connect(&config, settings.id_map_table);
        Ok(Self::new(accounts, id_map, configuration, Arc::new(SystemClock)))
    }

    /// An app of ready-made parts.
    #[must_use]
    pub fn new(accounts: Accounts, id_map: IdMap, configuration: Configuration, clock: Arc<dyn Clock>) -> Self {
        Self { accounts, id_map, configuration, account_api: AccountApi::default(), clock }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
