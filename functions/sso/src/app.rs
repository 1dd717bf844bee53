//! What the function keeps between requests.

use std::sync::Arc;

use jiff::Timestamp;
use shared::{
    aws,
    clock::{Clock, SystemClock},
    marketplace::{DeveloperPlatform, Directory, Marketplace, PlatformError},
    openid::ProviderClient,
    recheck::SessionCheck,
    rotating::{Rotating, RotationError},
    saml::{RequestSigner, RequestSignerError},
    sealed::{Sealer, SealerError},
    secrets::{Key, Secrets, SecretsError, SigningKey},
    store::{Accounts, StoreError},
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
    sealer: RotatingSealer,
    directory: Directory,
}

/// Everything an app is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The marketplaces.
    pub directory: Directory,
    /// The table.
    pub accounts: Accounts,
    /// What seals pending requests.
    pub sealer: RotatingSealer,
    /// What signs our requests, if they are signed.
    pub request_signer: Option<RequestSigner>,
    /// Where people arrive in the app.
    pub post_login_url: &'a str,
    /// The app's other origins, separated by commas.
    pub return_origins: &'a str,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What seals pending requests.
pub type RotatingSealer = Rotating<Sealer, SealerError>;

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
    /// An application secret that cannot be read or used.
    #[error(transparent)]
    Sealer(#[from] RotationError<SealerError>),
    /// The key we sign requests with.
    #[error(transparent)]
    RequestSigner(#[from] RequestSignerError),
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
            // The platform takes longer than the other secrets, which come over the connection that is there by now.
            tokio::try_join!(
                async { Ok(platform.fetch(&settings.marketplaces).await?) },
                sealer_of(secrets.clone(), settings.application_secret_id),
                signer_of(&secrets, settings.signing_secret_id.as_deref()),
            )
        };
        let connection = async { Ok(accounts.warm_up().await?) };
        let ((directory, sealer, request_signer), ()) = tokio::try_join!(marketplaces, connection)?;
        for key in settings.marketplaces.marketplaces().filter(|key| directory.find(key.as_str()).is_none()) {
            tracing::warn!(marketplace.key = %key, "settings for a marketplace that is not there");
        }
        Self::new(Parts {
            directory,
            accounts,
            sealer,
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
        for (name, error) in parts.directory.refused() {
            tracing::error!(marketplace.key = name, error = %error, "a marketplace was set aside");
        }
        for marketplace in parts.directory.iter().filter(|one| one.settings.legacy_cryptography.is_any()) {
            let legacy = marketplace.settings.legacy_cryptography;
            tracing::warn!(marketplace.key = %marketplace.key, accepted = ?legacy, "legacy cryptography is accepted");
        }
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
            sealer: parts.sealer,
            directory: parts.directory,
        })
    }

    /// What seals and opens the cookies of pending requests, with the application secret as it is now.
    pub(crate) async fn sealer(&self, now: Timestamp) -> Result<Arc<Sealer>, RouteError> {
        Ok(self.sealer.current(now).await?)
    }

    pub(crate) fn marketplace(&self, key: &str) -> Result<&Marketplace, RouteError> {
        self.directory.find(key).map(AsRef::as_ref).ok_or(RouteError::UnknownMarketplace)
    }
}

async fn sealer_of(secrets: Secrets, id: String) -> Result<RotatingSealer, StartError> {
    Ok(Rotating::of(secrets, id, pending_sealer, SystemClock.now()).await?)
}

async fn signer_of(secrets: &Secrets, id: Option<&str>) -> Result<Option<RequestSigner>, StartError> {
    let Some(id) = id else { return Ok(None) };
    Ok(Some(RequestSigner::new(&secrets.read::<SigningKey>(id).await?)?))
}

/// Seals the cookies of pending requests under an application secret.
///
/// # Errors
/// When the secret could be guessed.
#[expect(clippy::needless_pass_by_value, reason = "a secret that rotates is handed over")]
pub fn pending_sealer(secret: Key) -> Result<Sealer, SealerError> {
    Sealer::new(&secret, "sso pending request")
}
