//! One running stack, with a clock that the test holds.

use std::{collections::HashMap, path::Path, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use local::{Options, Stack};
use sandbox::{IdpKeys, KeyPair, MarketplaceSummary};
use shared::{
    clock::{Clock, FixedClock, SystemClock},
    testing::{IdentityProvider, ResponseDraft},
};

use super::Browser;

/// Keys are made once per target folder: making them is what would take longest.
const KEYS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/idp-keys-v1.pem");

/// The stack under test.
pub(crate) struct World {
    stack: Stack,
    clock: Arc<FixedClock>,
}

impl World {
    /// Starts a stack. Its service lives at the machine's time until the clock is moved.
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(FixedClock::at(SystemClock.now()));
        let options = Options {
            idp_keys: tokio::task::spawn_blocking(idp_keys).await.unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..Options::default()
        };
        Self { stack: Stack::start(options).await.unwrap(), clock }
    }

    pub(crate) async fn stop(self) {
        self.stack.stop().await;
    }

    pub(crate) fn marketplace(&self, key: &str) -> &MarketplaceSummary {
        self.stack.description().marketplaces.iter().find(|marketplace| marketplace.key == key).unwrap()
    }

    pub(crate) fn service(&self, path: &str) -> String {
        format!("{}{path}", self.stack.description().service.base_url)
    }

    pub(crate) fn app_url(&self) -> &str {
        &self.stack.description().app.base_url
    }

    pub(crate) fn start_url(&self) -> &str {
        &self.stack.description().start.base_url
    }

    pub(crate) fn sandbox_url(&self) -> &str {
        &self.stack.description().sandbox.base_url
    }

    pub(crate) fn app_api_key(&self) -> &str {
        &self.stack.description().service.app_api_key
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// The identity provider of a marketplace, for saying what it would never say.
    pub(crate) fn identity_provider(&self, key: &str) -> IdentityProvider {
        IdentityProvider::from_pem(&self.marketplace(key).idp_private_key_pem)
    }

    /// What that identity provider would answer.
    pub(crate) fn draft(&self, key: &str, request_id: &str) -> ResponseDraft {
        let marketplace = self.marketplace(key);
        ResponseDraft::genuine(&marketplace.idp_sso_url, &marketplace.acs_url, request_id, self.now())
    }

    /// Starts a sign-in in this browser and tells the id of the request.
    pub(crate) async fn begin(&self, browser: &mut Browser, key: &str) -> String {
        let answer = browser.get(&self.marketplace(key).initialize_url).await;
        super::browser::request_id(answer.location().unwrap())
    }

    /// Every item of the accounts table.
    pub(crate) async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let table = self.stack.description().stores.tables.accounts;
        self.stack.dynamodb().scan().table_name(table).consistent_read(true).send().await.unwrap().items.unwrap()
    }

    /// The items of one type.
    pub(crate) async fn items_of(&self, kind: &str) -> Vec<HashMap<String, AttributeValue>> {
        let items = self.items().await.into_iter();
        items.filter(|item| item["type"].as_s().unwrap() == kind).collect()
    }

    /// What happened so far, as one text.
    pub(crate) fn feed(&self) -> String {
        self.stack.feed().recent().into_iter().map(|entry| format!("{} {}\n", entry.source, entry.text)).collect()
    }
}

/// A different pair for each marketplace, from the cache if it is there. Two processes may both make them: the last one wins.
fn idp_keys() -> IdpKeys {
    let pairs: Vec<String> = match std::fs::read_to_string(KEYS) {
        Ok(cached) => cached.split("\n====\n").map(str::to_owned).collect(),
        Err(_) => make_keys(),
    };
    let [acme_key, acme_certificate, north_key, north_certificate] = &pairs[..] else {
        panic!("{KEYS} is broken; delete it")
    };
    let pair = |key: &String, certificate: &String| KeyPair {
        private_key_pem: key.clone(),
        certificate_pem: certificate.clone(),
    };
    IdpKeys::PerMarketplace(vec![pair(acme_key, acme_certificate), pair(north_key, north_certificate)])
}

fn make_keys() -> Vec<String> {
    let pairs: Vec<String> = ["acme-hub.test", "northbank.test"]
        .iter()
        .flat_map(|name| {
            let pair = KeyPair::generate(2_048, name).unwrap();
            [pair.private_key_pem, pair.certificate_pem]
        })
        .collect();
    let draft = tempfile::NamedTempFile::new_in(Path::new(KEYS).parent().unwrap()).unwrap();
    std::fs::write(draft.path(), pairs.join("\n====\n")).unwrap();
    draft.persist(KEYS).unwrap();
    pairs
}
