//! What the function keeps between batches.

use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use shared::{
    aws,
    clock::{Clock, SystemClock},
    configuration::{Configuration, OpenConfigurationError},
    connec::ConnecApi,
    random,
    secrets::Secrets,
    sharing::{DeadLetters, Desk, PushQueue},
    store::{Accounts, id_map::IdMap},
};

use crate::Settings;

/// Made once per execution environment.
#[derive(Debug)]
pub struct App {
    pub(crate) desk: Desk,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) configuration: Configuration,
    pub(crate) connec: ConnecApi,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    /// How long the push that has been tried longest has been tried, of those seen since it was told last.
    pub(crate) oldest_secs: AtomicI64,
}

/// Everything an app is made of.
#[derive(Debug)]
pub struct Parts {
    /// Groups, records on their way, links, and the queue that this works off.
    pub desk: Desk,
    /// Where what fails for good goes.
    pub dead_letters: DeadLetters,
    /// The marketplaces.
    pub configuration: Configuration,
    /// How long, and how often.
    pub limits: Limits,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// How long things may take, and how often they are tried.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a call may take, whatever the marketplace's configuration says.
    pub call: Duration,
    /// How long after its start an invocation still begins calls. With a call it must fit into the function's timeout.
    pub begin: Duration,
    /// The pause after the first attempt; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// For how long a push is tried.
    pub patience: SignedDuration,
    /// How many execution environments are at one marketplace at a time: fewer than there can be, so that one that does not answer leaves
    /// some for the others.
    pub slots: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_mins(1),
            begin: Duration::from_secs(90),
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(15),
            patience: SignedDuration::from_hours(72),
            slots: 4,
        }
    }
}

impl Limits {
    /// How long what an invocation has begun can be under way.
    pub(crate) fn whole(&self) -> Duration {
        self.begin + self.call + Duration::from_secs(10)
    }

    /// How long to wait before the next attempt, when so many were in vain.
    pub(crate) fn pause(&self, attempts: u32) -> Duration {
        let longest = self.first_pause.saturating_mul(1 << attempts.min(16)).min(self.longest_pause);
        let random = f64::from(u32::from_be_bytes(random::bytes())) / f64::from(u32::MAX);
        longest.mul_f64(0.75 + random / 4.0)
    }
}

impl App {
    /// Opens the configuration.
    ///
    /// # Errors
    /// [`OpenConfigurationError`] says what is missing.
    pub async fn start(settings: Settings) -> Result<Self, OpenConfigurationError> {
        let config = aws::config().await;
        let (accounts, queues) =
            (Accounts::connect(&config, settings.accounts_table), aws_sdk_sqs::Client::new(&config));
        let secrets = Secrets::new(&config);
        let (configuration, _) =
            Configuration::open(&accounts, secrets, settings.application_secret_id, SystemClock.now()).await?;
        let id_map = IdMap::connect(&config, settings.id_map_table);
        let queue = PushQueue::new(queues.clone(), settings.push_queue_url);
        Ok(Self::new(Parts {
            desk: Desk { accounts, id_map, queue },
            dead_letters: DeadLetters::new(queues, settings.push_dead_letters_url),
            configuration,
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
        }))
    }

    /// An app of ready-made parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { desk, dead_letters, configuration, limits, clock } = parts;
        Self {
            desk,
            dead_letters,
            configuration,
            connec: ConnecApi::new(limits.call),
            limits,
            clock,
            oldest_secs: AtomicI64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
