//! What the sources, the secrets and the table say now.

use jiff::SignedDuration;
use shared::{
    application_keys::ApplicationKeys,
    aws,
    clock::{Clock as _, SystemClock},
    configuration::{Head, Snapshot, Sources, Unavailable},
    marketplace::{DeveloperPlatform, Manifest, PlatformDocument, PlatformUrl},
    sealed::{OpenError, SealerError},
    secrets::{Key, Secrets, SecretsError},
    store::{Accounts, StoreError},
};

use super::{Arguments, clock};

/// All of it.
#[derive(Debug)]
pub(super) struct Readings {
    /// Whether the application secret is being changed.
    pub(super) application: Result<IsChanging, KeyProblem>,
    /// What the sources say, as config-refresh would take it.
    pub(super) sources: Sources,
    /// How far the platform's clock is ahead of ours, if it told the time.
    pub(super) platform_lead: Option<SignedDuration>,
    /// What is stored.
    pub(super) stored: Stored,
}

/// Whether there is a key beside the present one.
pub(super) type IsChanging = bool;

/// The application secret is no good.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyProblem {
    #[error(transparent)]
    Secret(#[from] SecretsError),
    #[error(transparent)]
    Unusable(#[from] SealerError),
}

/// The stored configuration.
#[derive(Debug)]
pub(super) enum Stored {
    /// The table cannot be read.
    Unreadable(StoreError),
    /// There is none.
    Missing,
    /// There is one, and no key to open it with.
    Sealed,
    /// There is one, and the application secret does not open it.
    Closed(OpenError),
    /// It is there.
    Opened(Head, Snapshot),
}

impl Readings {
    /// Asks everybody at once.
    pub(super) async fn take(arguments: &Arguments, platform_url: &PlatformUrl) -> Self {
        let config = aws::config().await;
        let (secrets, accounts) = (Secrets::new(&config), Accounts::connect(&config, arguments.table.clone()));
        let (keys, (platform, platform_lead), manifest, stored) = tokio::join!(
            keys(&secrets, &arguments.application_secret),
            platform(&secrets, &arguments.platform_secret, platform_url),
            manifest(&secrets, &arguments.manifest_secret),
            accounts.configuration(),
        );
        let stored = Stored::of(stored, keys.as_ref().ok().map(|(keys, _)| keys));
        let sources = Sources { platform, manifest }.believed(stored.snapshot());
        Self { application: keys.map(|(_, is_changing)| is_changing), sources, platform_lead, stored }
    }
}

impl Stored {
    fn of(stored: Result<Option<(Head, String)>, StoreError>, keys: Option<&ApplicationKeys>) -> Self {
        match (stored, keys) {
            (Err(error), _) => Self::Unreadable(error),
            (Ok(None), _) => Self::Missing,
            (Ok(Some(_)), None) => Self::Sealed,
            (Ok(Some((head, sealed))), Some(keys)) => match keys.configuration.open(&sealed) {
                Ok(snapshot) => Self::Opened(head, snapshot),
                Err(error) => Self::Closed(error),
            },
        }
    }

    /// What is served, as far as that is known.
    pub(super) fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Opened(_, snapshot) => Some(snapshot),
            Self::Unreadable(_) | Self::Missing | Self::Sealed | Self::Closed(_) => None,
        }
    }
}

async fn keys(secrets: &Secrets, id: &str) -> Result<(ApplicationKeys, IsChanging), KeyProblem> {
    let key: Key = secrets.read(id).await?;
    let is_changing = key.previous.is_some();
    Ok((ApplicationKeys::new(key)?, is_changing))
}

async fn platform(
    secrets: &Secrets,
    id: &str,
    url: &PlatformUrl,
) -> (Result<PlatformDocument, Unavailable>, Option<SignedDuration>) {
    let fetched = async {
        let environment = secrets.read(id).await?;
        Ok::<_, Unavailable>(DeveloperPlatform::new(url.clone(), environment).fetch_dated().await?)
    };
    match fetched.await {
        Ok((document, date)) => (Ok(document), date.map(|date| clock::lead(date, SystemClock.now()))),
        Err(error) => (Err(error), None),
    }
}

async fn manifest(secrets: &Secrets, id: &str) -> Result<Manifest, Unavailable> {
    Ok(Manifest::parse(secrets.read_text(id).await?.expose())?)
}
