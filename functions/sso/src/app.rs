//! What the function keeps between requests.

use std::sync::Arc;

use shared::{
    clock::{Clock, SystemClock},
    env::{self, EnvError},
    marketplace::{DeveloperPlatform, Directory, Marketplace, PlatformError},
    sealed::{Sealer, SealerError},
    secret::Secret,
    store::{Accounts, StoreError},
    web_url,
};
use url::Url;

use crate::error::RouteError;

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
    /// A variable.
    #[error(transparent)]
    Environment(#[from] EnvError),
    /// The app's address for people who have signed in.
    #[error("APP_POST_LOGIN_URL is not a plain https URL (http is for this machine only)")]
    PostLoginUrl,
    /// The application secret.
    #[error(transparent)]
    Secret(#[from] SealerError),
    /// The configuration of the marketplaces.
    #[error("the marketplaces' configuration could not be read")]
    Marketplaces(#[from] PlatformError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Reads `ACCOUNTS_TABLE`, `APPLICATION_SECRET`, `APP_POST_LOGIN_URL` and the developer platform's variables, fetches the
    /// marketplaces and opens the connection to the table, both at once.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn from_env() -> Result<Self, StartError> {
        let platform = DeveloperPlatform::from_env()?;
        let accounts = Accounts::from_env().await?;
        let (directory, ()) = tokio::try_join!(async { platform.fetch().await.map_err(StartError::from) }, async {
            accounts.warm_up().await.map_err(StartError::from)
        },)?;
        let secret = env::secret("APPLICATION_SECRET")?;
        Self::new(directory, accounts, &secret, &env::required("APP_POST_LOGIN_URL")?, Arc::new(SystemClock))
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
        let post_login_url = web_url::parse(post_login_url).ok_or(StartError::PostLoginUrl)?;
        let sealer = Sealer::new(application_secret, "sso pending request")?;
        Ok(Self { accounts, clock, post_login_url, sealer, directory })
    }

    pub(crate) fn marketplace(&self, key: &str) -> Result<&Arc<Marketplace>, RouteError> {
        self.directory.find(key).ok_or(RouteError::UnknownMarketplace)
    }
}
