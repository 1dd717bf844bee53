//! What the function keeps between requests.

use std::sync::Arc;

use jiff::Timestamp;
use shared::{
    application_keys::{ApplicationKeys, RotatingKeys},
    aws,
    clock::{Clock, SystemClock},
    configuration::{Configuration, OpenConfigurationError},
    recheck::SessionCheck,
    secrets::Secrets,
    session::{ActiveSession, TokenDigest},
    sharing::{Desk, PushQueue},
    store::{Accounts, id_map::IdMap},
};

use crate::{ApiKeys, KeysError, Settings, error::RouteError, keys};

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) desk: Desk,
    pub(crate) api_keys: ApiKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) configuration: Configuration,
    keys: Arc<RotatingKeys>,
    session_check: SessionCheck,
}

/// Everything an app is made of.
#[derive(Debug)]
pub struct Parts {
    /// Sessions and groups, links, and the queue of pushes.
    pub desk: Desk,
    /// The keys that the vendor's app may present.
    pub api_keys: ApiKeys,
    /// The marketplaces.
    pub configuration: Configuration,
    /// What signs session tokens.
    pub keys: Arc<RotatingKeys>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The app's keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The application secret, or the table.
    #[error(transparent)]
    Configuration(#[from] OpenConfigurationError),
}

impl App {
    /// Reads the app's keys and opens the configuration, both at once.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let config = aws::config().await;
        let (accounts, secrets) = (Accounts::connect(&config, settings.accounts_table), Secrets::new(&config));
        let now = SystemClock.now();
        let api_keys = ApiKeys::of(secrets.clone(), settings.app_api_key_secret_id, keys::usable, now);
        let open = Configuration::open(&accounts, secrets, settings.application_secret_id, now);
        let (api_keys, (configuration, keys)) =
            tokio::try_join!(async { Ok::<_, StartError>(api_keys.await?) }, async { Ok(open.await?) })?;
        let id_map = IdMap::connect(&config, settings.id_map_table);
        let queue = PushQueue::new(aws_sdk_sqs::Client::new(&config), settings.push_queue_url);
        let desk = Desk { accounts, id_map, queue };
        Ok(Self::new(Parts { desk, api_keys, configuration, keys, clock: Arc::new(SystemClock) }))
    }

    /// An app of ready-made parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { desk, api_keys, configuration, keys, clock } = parts;
        Self { desk, api_keys, clock, configuration, keys, session_check: SessionCheck::default() }
    }

    /// What signs and checks session tokens, with the application secret as it is now.
    pub(crate) async fn keys(&self, now: Timestamp) -> Result<Arc<ApplicationKeys>, RouteError> {
        Ok(self.keys.current(now).await?)
    }

    /// The session, if it holds, here and at its marketplace.
    pub(crate) async fn held(&self, id: &TokenDigest, now: Timestamp) -> Result<Option<ActiveSession>, RouteError> {
        Ok(self.session_check.held(&self.desk.accounts, &self.configuration, id, now).await?)
    }
}
