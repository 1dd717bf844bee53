//! `--describe`: the whole stack as one JSON document, so that other programs can drive it. It holds test keys and test
//! credentials of this run: they open nothing outside it.

use std::{io::Write as _, path::Path};

use sandbox::MarketplaceSummary;
use serde::Serialize;

use crate::{
    secrets::Secrets,
    stores::{ACCOUNTS_TABLE, REGION},
};

/// Where everything is.
#[derive(Clone, Serialize)]
pub struct Description {
    /// The page that shows what happens.
    pub start: Address,
    /// Our service.
    pub service: Service,
    /// The vendor's app.
    pub app: Address,
    /// The marketplaces.
    pub sandbox: Sandbox,
    /// What our service stores into.
    pub stores: Stores,
    /// Each marketplace, with what it takes to play its identity provider.
    pub marketplaces: Vec<MarketplaceSummary>,
}

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct Address {
    /// Without a trailing slash.
    pub base_url: String,
}

/// Our service.
#[derive(Clone, Serialize)]
pub struct Service {
    /// Without a trailing slash.
    pub base_url: String,
    /// What the app presents to `/app/v1/…`.
    pub app_api_key: String,
}

/// The sandbox.
#[derive(Debug, Clone, Serialize)]
pub struct Sandbox {
    /// Without a trailing slash.
    pub base_url: String,
    /// Its control API.
    pub control_url: String,
}

/// The stores.
#[derive(Debug, Clone, Serialize)]
pub struct Stores {
    /// For `--endpoint-url`; any credentials do.
    pub dynamodb_endpoint: String,
    /// For `--region`.
    pub region: &'static str,
    /// Table names by what they hold.
    pub tables: Tables,
    /// Queue URLs by what they carry; none yet.
    pub queues: Queues,
}

/// Table names.
#[derive(Debug, Clone, Serialize)]
pub struct Tables {
    /// Groups, users, members, sessions, codes.
    pub accounts: &'static str,
}

/// Queue URLs.
#[derive(Debug, Clone, Serialize)]
pub struct Queues {}

/// Keys do not print.
impl std::fmt::Debug for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Description").field("start", &self.start).finish_non_exhaustive()
    }
}

/// The key does not print.
impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Description {
    pub(crate) fn new(addresses: Addresses, secrets: &Secrets, sandbox: &sandbox::Sandbox) -> Self {
        Self {
            start: Address { base_url: addresses.start },
            service: Service { base_url: addresses.service, app_api_key: secrets.app_api_key.expose().to_owned() },
            app: Address { base_url: addresses.app },
            sandbox: Sandbox { base_url: sandbox.base_url().to_owned(), control_url: sandbox.control_url() },
            stores: Stores {
                dynamodb_endpoint: addresses.dynamodb,
                region: REGION,
                tables: Tables { accounts: ACCOUNTS_TABLE },
                queues: Queues {},
            },
            marketplaces: sandbox.marketplaces(),
        }
    }

    /// Writes the document in one step, readable by its owner only: whoever waits for the file never reads half of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, file: &Path) -> std::io::Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The system's own words would name the draft, which nobody asked for.
        let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|error| std::io::Error::from(error.kind()))?;
        serde_json::to_writer_pretty(&mut draft, self)?;
        draft.write_all(b"\n")?;
        draft.persist(file).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The base URL of every server.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) start: String,
    pub(crate) service: String,
    pub(crate) app: String,
    pub(crate) dynamodb: String,
}
