//! What the function keeps between requests.

use std::sync::Arc;

use jiff::Timestamp;
use shared::{
    application_keys::{ApplicationKeys, RotatingKeys},
    aws,
    clock::{Clock, SystemClock},
    configuration::{Configuration, OpenConfigurationError},
    marketplace::Marketplace,
    openid::ProviderClient,
    recheck::SessionCheck,
    saml::{RequestSigner, RequestSignerError},
    secrets::{Secrets, SecretsError, SigningKey},
    store::Accounts,
    web_url,
};
use url::Url;

use crate::{Settings, error::RouteError, return_to::ReturnOrigins};

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) post_login_url: Url,
    pub(crate) request_signer: Option<RequestSigner>,
    pub(crate) return_origins: ReturnOrigins,
    pub(crate) session_check: SessionCheck,
    pub(crate) openid_provider: ProviderClient,
    pub(crate) configuration: Configuration,
    keys: Arc<RotatingKeys>,
}

/// Everything an app is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The marketplaces.
    pub configuration: Configuration,
    /// The table.
    pub accounts: Accounts,
    /// What seals pending requests.
    pub keys: Arc<RotatingKeys>,
    /// What signs our requests, if they are signed.
    pub request_signer: Option<RequestSigner>,
    /// Where people arrive in the app.
    pub post_login_url: &'a str,
    /// The app's other origins, separated by commas.
    pub return_origins: &'a str,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The app's address for people who have signed in.
    #[error("APP_POST_LOGIN_URL is not a plain https URL (http is for this machine only)")]
    PostLoginUrl,
    /// The app's other addresses.
    #[error("APP_RETURN_ORIGINS is not a list of https origins (http is for this machine only)")]
    ReturnOrigins,
    /// A secret that cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The application secret, or the table.
    #[error(transparent)]
    Configuration(#[from] OpenConfigurationError),
    /// The key we sign requests with.
    #[error(transparent)]
    RequestSigner(#[from] RequestSignerError),
}

impl App {
    /// Opens the configuration and reads the key that signs requests.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let config = aws::config().await;
        let secrets = Secrets::new(&config);
        let accounts = Accounts::connect(&config, settings.accounts_table);
        let open = Configuration::open(&accounts, secrets.clone(), settings.application_secret_id, SystemClock.now());
        let ((configuration, keys), request_signer) =
            tokio::try_join!(async { Ok(open.await?) }, signer_of(&secrets, settings.signing_secret_id.as_deref()),)?;
        Self::new(Parts {
            configuration,
            accounts,
            keys,
            request_signer,
            post_login_url: &settings.post_login_url,
            return_origins: &settings.return_origins,
            clock: Arc::new(SystemClock),
        })
    }

    /// An app of ready-made parts.
    ///
    /// # Errors
    /// When people cannot be sent to the app's addresses safely.
    pub fn new(parts: Parts<'_>) -> Result<Self, StartError> {
        let post_login_url = web_url::parse(parts.post_login_url).ok_or(StartError::PostLoginUrl)?;
        Ok(Self {
            return_origins: ReturnOrigins::new(&post_login_url, parts.return_origins)
                .ok_or(StartError::ReturnOrigins)?,
            accounts: parts.accounts,
            clock: parts.clock,
            post_login_url,
            request_signer: parts.request_signer,
            session_check: SessionCheck::default(),
            openid_provider: ProviderClient::default(),
            keys: parts.keys,
            configuration: parts.configuration,
        })
    }

    /// What seals and opens the cookies of pending requests, with the application secret as it is now.
    pub(crate) async fn keys(&self, now: Timestamp) -> Result<Arc<ApplicationKeys>, RouteError> {
        Ok(self.keys.current(now).await?)
    }

    pub(crate) async fn marketplace(&self, key: &str) -> Result<Arc<Marketplace>, RouteError> {
        Ok(self.configuration.find(key, self.clock.now()).await?)
    }
}

async fn signer_of(secrets: &Secrets, id: Option<&str>) -> Result<Option<RequestSigner>, StartError> {
    let Some(id) = id else { return Ok(None) };
    Ok(Some(RequestSigner::new(&secrets.read::<SigningKey>(id).await?)?))
}
