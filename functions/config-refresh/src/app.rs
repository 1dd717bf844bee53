//! What the function keeps between refreshes.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use shared::{
    application_keys::{ApplicationKeys, RotatingKeys},
    aws,
    clock::{Clock, SystemClock},
    configuration::{Sources, Unavailable},
    marketplace::{DeveloperPlatform, Manifest, PlatformDocument, PlatformError, PlatformUrl},
    rotating::RotationError,
    sealed::SealerError,
    secrets::{Credentials, Secrets},
    store::Accounts,
};

use crate::Settings;

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) keys: Arc<RotatingKeys>,
    pub(crate) clock: Arc<dyn Clock>,
    secrets: Secrets,
    platform_url: PlatformUrl,
    platform_secret_id: String,
    manifest_secret_id: String,
    /// Who we are on the platform, as long as it believes so.
    environment: Mutex<Option<Credentials>>,
}

/// Everything an app is made of.
#[derive(Debug)]
pub struct Parts {
    /// The table.
    pub accounts: Accounts,
    /// What seals the snapshot.
    pub keys: Arc<RotatingKeys>,
    /// Where the platform's credentials and the manifest are.
    pub secrets: Secrets,
    /// The developer platform.
    pub platform_url: PlatformUrl,
    /// Which secret holds its credentials.
    pub platform_secret_id: String,
    /// Which secret holds the manifest.
    pub manifest_secret_id: String,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The function cannot start: the application secret cannot be read or used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StartError(#[from] RotationError<SealerError>);

impl App {
    /// Reads the application secret.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let config = aws::config().await;
        let secrets = Secrets::new(&config);
        let now = SystemClock.now();
        let keys = RotatingKeys::of(secrets.clone(), settings.application_secret_id, ApplicationKeys::new, now).await?;
        Ok(Self::new(Parts {
            accounts: Accounts::connect(&config, settings.accounts_table),
            keys: Arc::new(keys),
            secrets,
            platform_url: settings.platform_url,
            platform_secret_id: settings.platform_secret_id,
            manifest_secret_id: settings.manifest_secret_id,
            clock: Arc::new(SystemClock),
        }))
    }

    /// An app of ready-made parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { accounts, keys, secrets, platform_url, platform_secret_id, manifest_secret_id, clock } = parts;
        let environment = Mutex::default();
        Self { accounts, keys, clock, secrets, platform_url, platform_secret_id, manifest_secret_id, environment }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the sources say, both asked at once.
    pub(crate) async fn sources(&self) -> Sources {
        let (platform, manifest) = tokio::join!(self.platform(), self.manifest());
        Sources { platform, manifest }
    }

    async fn platform(&self) -> Result<PlatformDocument, Unavailable> {
        let known = self.environment().clone();
        let environment = match known {
            Some(environment) => environment,
            None => self.secrets.read(&self.platform_secret_id).await?,
        };
        *self.environment() = Some(environment.clone());
        let document = DeveloperPlatform::new(self.platform_url.clone(), environment).fetch().await;
        if matches!(document, Err(PlatformError::Unauthorized)) {
            // They may have been changed: the next refresh reads them again.
            *self.environment() = None;
        }
        Ok(document?)
    }

    async fn manifest(&self) -> Result<Manifest, Unavailable> {
        Ok(Manifest::parse(self.secrets.read_text(&self.manifest_secret_id).await?.expose())?)
    }

    fn environment(&self) -> std::sync::MutexGuard<'_, Option<Credentials>> {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
