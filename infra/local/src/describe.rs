//! `--describe`: the whole stack as one JSON document, so that other programs can drive it. It holds test keys and test
//! credentials of this run: they open nothing outside it.

use std::{io::Write as _, path::Path};

use sandbox::MarketplaceSummary;
use serde::{Deserialize, Serialize};

use crate::{
    queues,
    secrets::{MANIFEST, Secrets},
    stores::{ACCOUNTS_TABLE, ID_MAP_TABLE, REGION},
};

/// Where everything is.
#[derive(Clone, Deserialize, Serialize)]
pub struct Description {
    /// The page that shows what happens.
    pub start: Address,
    /// Our service.
    pub service: Service,
    /// The vendor's app.
    pub app: App,
    /// The marketplaces.
    pub sandbox: Sandbox,
    /// What our service stores into.
    pub stores: Stores,
    /// Each marketplace, with what it takes to play its identity provider.
    pub marketplaces: Vec<MarketplaceSummary>,
}

/// A server.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Address {
    /// Without a trailing slash.
    pub base_url: String,
}

/// The vendor's app.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct App {
    /// The demo app, without a trailing slash.
    pub base_url: String,
    /// Where people go once they have signed in: to the demo app, or to an app of one's own.
    pub post_login_url: String,
}

/// Our service.
#[derive(Clone, Deserialize, Serialize)]
pub struct Service {
    /// Without a trailing slash.
    pub base_url: String,
    /// What the app presents to `/app/v1/…`.
    pub app_api_key: String,
    /// The secret that holds the manifest.
    pub manifest_secret: String,
    /// Where to refresh the configuration by hand, where it is not this process that does it.
    pub config_refresh: Option<Address>,
    /// Where to finish removals by hand, idem.
    pub removals: Option<Address>,
    /// What the app checks the events with that are delivered to it (Standard Webhooks).
    pub events_secret: String,
}

/// The sandbox.
#[derive(Clone, Deserialize, Serialize)]
pub struct Sandbox {
    /// Without a trailing slash.
    pub base_url: String,
    /// Its control API.
    pub control_url: String,
    /// Who the app is on its developer platform.
    pub environment_key: String,
    /// The other half.
    pub environment_secret: String,
}

/// The stores.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Stores {
    /// For `--endpoint-url`; any credentials do.
    pub dynamodb_endpoint: String,
    /// The secrets of this run.
    pub secrets_manager_endpoint: String,
    /// The event bus of this run, and its queues.
    pub event_bus_endpoint: String,
    /// For `--region`.
    pub region: String,
    /// Table names by what they hold.
    pub tables: Tables,
    /// Queue URLs by what they carry.
    pub queues: Queues,
}

/// Table names.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Tables {
    /// Groups, users, members, sessions, codes.
    pub accounts: String,
    /// Links between the app's records and the marketplaces'.
    pub id_map: String,
}

/// Queue URLs.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Queues {
    /// Events that could not be published.
    pub events_dead_letters: String,
    /// Records to push to Connec!.
    pub push: String,
    /// Those that could not be.
    pub push_dead_letters: String,
    /// Events, where a rule on the bus sends them to a queue.
    pub events: Option<String>,
}

/// Keys do not print.
impl std::fmt::Debug for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Description").field("start", &self.start).finish_non_exhaustive()
    }
}

/// The secret does not print.
impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// The key does not print.
impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Description {
    pub(crate) fn new(
        addresses: Addresses,
        post_login_url: Option<String>,
        invocations: Option<&str>,
        secrets: &Secrets,
        sandbox: &sandbox::Sandbox,
    ) -> Self {
        let environment = sandbox.environment();
        let post_login_url = post_login_url.unwrap_or_else(|| format!("{}/signed-in", addresses.app));
        Self {
            start: Address { base_url: addresses.start },
            service: Service {
                base_url: addresses.service,
                app_api_key: secrets.app_api_key.expose().to_owned(),
                manifest_secret: MANIFEST.to_owned(),
                config_refresh: invocations
                    .map(|url| Address { base_url: format!("{url}/config-refresh/invocations") }),
                removals: invocations.map(|url| Address { base_url: format!("{url}/removals/invocations") }),
                events_secret: secrets.events.expose().to_owned(),
            },
            app: App { base_url: addresses.app, post_login_url },
            sandbox: Sandbox {
                base_url: sandbox.base_url().to_owned(),
                control_url: sandbox.control_url(),
                environment_key: environment.key.clone(),
                environment_secret: environment.secret.clone(),
            },
            stores: Stores {
                dynamodb_endpoint: addresses.dynamodb,
                queues: Queues {
                    events_dead_letters: queues::url(&addresses.event_bus, queues::EVENTS_DEAD_LETTERS),
                    push: queues::url(&addresses.event_bus, queues::PUSH),
                    push_dead_letters: queues::url(&addresses.event_bus, queues::PUSH_DEAD_LETTERS),
                    events: None,
                },
                event_bus_endpoint: addresses.event_bus,
                secrets_manager_endpoint: addresses.secrets_manager,
                region: REGION.to_owned(),
                tables: Tables { accounts: ACCOUNTS_TABLE.to_owned(), id_map: ID_MAP_TABLE.to_owned() },
            },
            marketplaces: sandbox.marketplaces(),
        }
    }

    /// Writes the document, readable by its owner only.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, file: &Path) -> std::io::Result<()> {
        write(file, format!("{}\n", serde_json::to_string_pretty(self)?).as_bytes())
    }
}

/// Writes a file in one step, readable by its owner only: whoever waits for it never reads half of it.
pub(crate) fn write(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The system's own words would name the draft, which nobody asked for.
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|error| std::io::Error::from(error.kind()))?;
    draft.write_all(content)?;
    draft.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// The base URL of every server.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) start: String,
    pub(crate) service: String,
    pub(crate) app: String,
    pub(crate) dynamodb: String,
    pub(crate) secrets_manager: String,
    pub(crate) event_bus: String,
}
