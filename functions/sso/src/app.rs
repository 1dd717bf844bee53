//! What the function keeps between requests.

use std::sync::Arc;

use shared::{
    aws,
    clock::{Clock, SystemClock},
    marketplace::{DeveloperPlatform, Directory, Marketplace, PlatformError},
    sealed::{Sealer, SealerError},
    secret::Secret,
    secrets::{OnlyKey, Secrets, SecretsError},
    store::{Accounts, StoreError},
    web_url,
};
use url::Url;

use crate::{Settings, error::RouteError};

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) post_login_url: Url,
    pub(crate) sealer: Sealer,
    directory: Directory,
}

/// The function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The app's address for people who have signed in.
    #[error("APP_POST_LOGIN_URL is not a plain https URL (http is for this machine only)")]
    PostLoginUrl,
    /// A secret that cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// An application secret that cannot be used.
    #[error(transparent)]
    Sealer(#[from] SealerError),
    /// The configuration of the marketplaces.
    #[error("the marketplaces' configuration could not be read")]
    Marketplaces(#[from] PlatformError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Reads the secrets and fetches the marketplaces, and opens the connection to the table meanwhile.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let config = aws::config().await;
        let secrets = Secrets::new(&config);
        let accounts = Accounts::connect(&config, settings.accounts_table);
        let marketplaces = async {
            let environment = secrets.read(&settings.platform_secret_id).await?;
            let platform = DeveloperPlatform::new(settings.platform_url, environment);
            // The platform takes longer than the other secret, which comes over the connection that is there by now.
            tokio::try_join!(async { Ok(platform.fetch(&settings.marketplaces).await?) }, async {
                Ok::<OnlyKey, StartError>(secrets.read(&settings.application_secret_id).await?)
            })
        };
        let connection = async { Ok(accounts.warm_up().await?) };
        let ((directory, application_secret), ()) = tokio::try_join!(marketplaces, connection)?;
        Self::new(directory, accounts, &application_secret.key, &settings.post_login_url, Arc::new(SystemClock))
    }

    /// An app of ready-made parts.
    ///
    /// # Errors
    /// When the application secret could be guessed, or people cannot be sent to the post-login URL safely.
    pub fn new(
        directory: Directory,
        accounts: Accounts,
        application_secret: &Secret,
        post_login_url: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        for (name, error) in directory.refused() {
            tracing::error!(marketplace.key = name, error = %error, "a marketplace was set aside");
        }
        for marketplace in directory.iter().filter(|marketplace| marketplace.settings.legacy_cryptography.is_any()) {
            tracing::warn!(
                marketplace.key = %marketplace.key, legacy_cryptography = ?marketplace.settings.legacy_cryptography,
                "legacy cryptography is accepted"
            );
        }
        let post_login_url = web_url::parse(post_login_url).ok_or(StartError::PostLoginUrl)?;
        let sealer = Sealer::new(application_secret, "sso pending request")?;
        Ok(Self { accounts, clock, post_login_url, sealer, directory })
    }

    pub(crate) fn marketplace(&self, key: &str) -> Result<&Arc<Marketplace>, RouteError> {
        self.directory.find(key).ok_or(RouteError::UnknownMarketplace)
    }
}
