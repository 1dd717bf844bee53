//! What every route shares: the world, the keys, the faults and the event log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::events::EventLog;
use crate::faults::FaultBoard;
use crate::keys::{Identities, Identity};
use crate::options::EnvironmentCredentials;
use crate::state::{Marketplace, World};
use crate::{connec, openid};

/// The shared part, as axum hands it to handlers.
pub(crate) type Shared = Arc<App>;

pub(crate) struct App {
    /// `http://127.0.0.1:PORT`
    pub(crate) base_url: String,
    pub(crate) environment: EnvironmentCredentials,
    /// Key pairs by marketplace key. They outlive a reset.
    pub(crate) identities: BTreeMap<String, Identities>,
    /// What the OpenID providers remember, by marketplace key.
    pub(crate) openid: BTreeMap<String, openid::Memory>,
    /// What Connec! remembers, by marketplace key.
    pub(crate) connec: BTreeMap<String, connec::Memory>,
    pub(crate) faults: FaultBoard,
    pub(crate) events: EventLog,
    pub(crate) shutdown: CancellationToken,
    /// The world as it was at start.
    pub(crate) initial: World,
    pub(crate) world: Mutex<World>,
}

impl App {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// What a marketplace signs with in its present mode. Every one got its keys at start.
    pub(crate) fn identity(&self, marketplace: &Marketplace) -> Option<&Identity> {
        self.identities.get(&marketplace.key).map(|identities| identities.of_mode(marketplace.signature))
    }

    /// A copy of one marketplace as it is now, so that no lock is held while answering.
    pub(crate) fn marketplace(&self, key: &str) -> Option<Marketplace> {
        self.world().marketplace(key).cloned()
    }

    /// `api.host` and `sso.idp` of a marketplace.
    pub(crate) fn host(&self, marketplace: &str) -> String {
        format!("{}/{marketplace}", self.base_url)
    }

    /// The identity provider's address: where AuthnRequests go.
    pub(crate) fn idp_sso_url(&self, marketplace: &str) -> String {
        format!("{}/api/v1/auth/saml", self.host(marketplace))
    }

    /// The OpenID provider's address: where requests go, and what identifiers begin with.
    pub(crate) fn openid_endpoint(&self, marketplace: &Marketplace) -> String {
        format!("{}/api/openid/provider/{}", self.host(&marketplace.key), marketplace.api_id)
    }

    /// Where the app lives according to this marketplace.
    pub(crate) fn app_host(&self, marketplace: &Marketplace) -> String {
        self.world().app_host_of(marketplace).to_owned()
    }

    /// Back to how everything was at start. Keys and credentials stay, and so does the event log.
    pub(crate) fn reset(&self) {
        *self.world() = self.initial.clone();
        self.faults.clear();
        self.openid.values().for_each(openid::Memory::clear);
        self.connec.values().for_each(connec::Memory::reset);
    }
}

/// Locks `mutex` even if a holder panicked: the data are replaced whole or changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
