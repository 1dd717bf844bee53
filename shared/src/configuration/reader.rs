//! How functions read the snapshot: once at cold start, and again in the background when it has grown old.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{Head, Snapshot};
use crate::{
    application_keys::{ApplicationKeys, RotatingKeys},
    http::BasicCredentials,
    marketplace::{AuthenticationError, Directory, Marketplace, NotServed},
    rotating::{RotationError, SecretLost},
    sealed::{OpenError, SealerError},
    secrets::Secrets,
    store::{Accounts, StoreError},
    telemetry::causes,
};

/// How old it may be before somebody looks whether there is a newer one, in the background.
const MAX_AGE: SignedDuration = SignedDuration::from_secs(15);
/// How old it may be before a request waits for that look: an execution environment that was frozen for hours must not serve a
/// marketplace that was disabled meanwhile.
const MAX_STALENESS: SignedDuration = SignedDuration::from_secs(45);
/// How often at most anybody looks, whatever is asked for.
const MIN_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// The marketplaces as they are now.
#[derive(Debug, Clone)]
pub struct Configuration(Arc<Reader>);

#[derive(Debug)]
struct Reader {
    source: Option<(Accounts, Arc<RotatingKeys>)>,
    known: Mutex<Known>,
    /// Held by the one that looks.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    /// None before the first snapshot was read.
    directory: Option<Arc<Directory>>,
    version: u64,
    looked_at: Timestamp,
}

/// There is no configuration to answer with yet.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no configuration could be read yet; config-refresh makes it within a minute of a deployment")]
pub struct NotConfigured;

/// A marketplace cannot be served, and why.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum ConfigurationError<E> {
    /// Nobody can be, for the moment.
    #[error(transparent)]
    NotConfigured(#[from] NotConfigured),
    /// This one.
    #[error("{0}")]
    Marketplace(E),
}

/// A function that reads the configuration cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenConfigurationError {
    /// An application secret that cannot be read or used.
    #[error(transparent)]
    Keys(#[from] RotationError<SealerError>),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The snapshot cannot be read at the moment.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secret(#[from] SecretLost),
    #[error("the stored configuration cannot be opened")]
    Open(#[source] OpenError),
}

impl Configuration {
    /// The configuration in this table, with what is keyed from the application secret: reads that, and opens the connection to the
    /// table meanwhile; then the marketplaces. A deployment that has none yet starts too.
    ///
    /// # Errors
    /// [`OpenConfigurationError`]
    pub async fn open(
        accounts: &Accounts,
        secrets: Secrets,
        application_secret_id: String,
        now: Timestamp,
    ) -> Result<(Self, Arc<RotatingKeys>), OpenConfigurationError> {
        let keys = async {
            let keys = RotatingKeys::of(secrets, application_secret_id, ApplicationKeys::new, now);
            Ok::<_, OpenConfigurationError>(Arc::new(keys.await?))
        };
        let (keys, ()) = tokio::try_join!(keys, async { Ok(accounts.warm_up().await?) })?;
        let configuration = Self::new(accounts.clone(), Arc::clone(&keys));
        if let Err(error) = configuration.current(now).await {
            tracing::error!("{error}");
        }
        Ok((configuration, keys))
    }

    /// The configuration in this table. Nothing is read yet.
    #[must_use]
    pub fn new(accounts: Accounts, keys: Arc<RotatingKeys>) -> Self {
        Self::of(Some((accounts, keys)), Known { looked_at: Timestamp::MIN, ..Known::default() })
    }

    /// One that stays as it is.
    #[must_use]
    pub fn fixed(directory: Directory) -> Self {
        Self::of(None, Known { directory: Some(Arc::new(directory)), version: 0, looked_at: Timestamp::MAX })
    }

    fn of(source: Option<(Accounts, Arc<RotatingKeys>)>, known: Known) -> Self {
        Self(Arc::new(Reader { source, known: Mutex::new(known), looking: tokio::sync::Mutex::default() }))
    }

    /// All marketplaces. What was read last serves, whatever its age, as long as there is nothing newer to be had.
    ///
    /// # Errors
    /// [`NotConfigured`] as long as nothing was ever read.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Directory>, NotConfigured> {
        let known = self.0.known();
        let age = now.duration_since(known.looked_at);
        // A clock that went back tells no age.
        if known.directory.is_none() || age >= MAX_STALENESS || age.is_negative() {
            self.0.look(now).await;
        } else if age >= MAX_AGE {
            let reader = Arc::clone(&self.0);
            tokio::spawn(async move { reader.look(now).await });
        }
        self.0.known().directory.ok_or(NotConfigured)
    }

    /// The marketplace with this key. One that is not there makes us look once more, so that a new one is served at once.
    ///
    /// # Errors
    /// [`ConfigurationError`]
    pub async fn find(&self, key: &str, now: Timestamp) -> Result<Arc<Marketplace>, ConfigurationError<NotServed>> {
        self.ask(now, |directory| directory.find(key).cloned()).await
    }

    /// The marketplace with this key, if these are its credentials. Those that are not make us look once more, so that new ones are
    /// good at once.
    ///
    /// # Errors
    /// [`ConfigurationError`]
    pub async fn authenticate(
        &self,
        key: &str,
        presented: Option<&BasicCredentials>,
        now: Timestamp,
    ) -> Result<Arc<Marketplace>, ConfigurationError<AuthenticationError>> {
        self.ask(now, |directory| directory.authenticate(key, presented, now).cloned()).await
    }

    /// The marketplace that these are the credentials of, served or not, and no other than the one with this key, if there is one.
    ///
    /// # Errors
    /// [`ConfigurationError`]: there is none.
    pub async fn recognize(
        &self,
        key: Option<&str>,
        presented: Option<&BasicCredentials>,
        now: Timestamp,
    ) -> Result<Arc<Marketplace>, ConfigurationError<AuthenticationError>> {
        self.ask(now, |directory| {
            directory.recognize(key, presented, now).cloned().ok_or(AuthenticationError::Credentials)
        })
        .await
    }

    async fn ask<T, E>(
        &self,
        now: Timestamp,
        question: impl Fn(&Directory) -> Result<T, E>,
    ) -> Result<T, ConfigurationError<E>> {
        if let Ok(answer) = question(&*self.current(now).await?) {
            return Ok(answer);
        }
        self.0.look(now).await;
        question(&*self.current(now).await?).map_err(ConfigurationError::Marketplace)
    }
}

impl Reader {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks whether there is a newer snapshot, unless somebody has just done so.
    async fn look(&self, now: Timestamp) {
        let Some((accounts, keys)) = &self.source else { return };
        let _alone = self.looking.lock().await;
        let known = self.known();
        let age = now.duration_since(known.looked_at);
        if !age.is_negative() && age < MIN_INTERVAL {
            return;
        }
        let found = match newer(accounts, keys, &known, now).await {
            Ok(Some((version, directory))) => Known { directory: Some(Arc::new(directory)), version, looked_at: now },
            Ok(None) => Known { looked_at: now, ..known },
            Err(error) => {
                tracing::error!(causes = causes(&error), "configuration not read: {error}");
                // No sooner than it would be for one that was read: what is down need not be asked by every request.
                Known { looked_at: now, ..known }
            }
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

/// The snapshot in the table, if it is another than the one that is known.
async fn newer(
    accounts: &Accounts,
    keys: &RotatingKeys,
    known: &Known,
    now: Timestamp,
) -> Result<Option<(u64, Directory)>, LookError> {
    if known.directory.is_some() {
        let head = accounts.configuration_head().await?;
        if head.is_none_or(|head| head.version == known.version) {
            return Ok(None);
        }
    }
    let Some((Head { version, .. }, sealed)) = accounts.configuration().await? else { return Ok(None) };
    let snapshot: Snapshot = keys.current(now).await?.configuration.open(&sealed).map_err(LookError::Open)?;
    let directory = Directory::of(&snapshot.entries);
    log(&directory);
    Ok(Some((version, directory)))
}

/// What an operator should know of each snapshot that is read.
fn log(directory: &Directory) {
    for (key, error) in directory.refused() {
        tracing::error!(marketplace.key = key, %error, "a marketplace was set aside");
    }
    for marketplace in directory.iter().filter(|one| one.settings.legacy_cryptography.is_any()) {
        let legacy = marketplace.settings.legacy_cryptography;
        tracing::warn!(marketplace.key = %marketplace.key, accepted = ?legacy, "legacy cryptography is accepted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{directory, logged};

    #[test]
    fn every_snapshot_warns_of_legacy_cryptography_and_of_nothing_else() {
        let lines = |manifest: &str| {
            logged(|| log(&directory(&format!("marketplaces: {{bare-market: {{local: true}}, {manifest}}}"))))
        };
        let [warning] = &lines("acme-hub: {legacy_cryptography: {sha1: true}}")[..] else { panic!("not one warning") };
        assert_eq!((&warning["level"], &warning["marketplace.key"]), (&"WARN".into(), &"acme-hub".into()));
        assert_eq!(warning["message"], "legacy cryptography is accepted");
        let accepted = warning["accepted"].as_str().unwrap();
        assert!(accepted.contains("sha1: true") && accepted.contains("short_rsa_keys: false"), "{accepted}");
        assert!(lines("acme-hub: {openid: true, unsolicited_responses: true}").is_empty());
    }
}
