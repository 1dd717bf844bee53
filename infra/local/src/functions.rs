//! The functions as this process hosts them: the same `App`s as in Lambda, made of ready parts.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use shared::{
    application_keys::{ApplicationKeys, RotatingKeys},
    clock::Clock,
    configuration::Configuration,
    marketplace::PlatformUrl,
    secret::Secret,
    secrets::Key,
    store::Accounts,
};

use crate::{
    Calls, Description, StartError, bus,
    secrets::{self, Secrets},
    stores,
};

/// One `App` for each function.
pub(crate) struct Functions {
    pub(crate) account_webhooks: Arc<account_webhooks::App>,
    pub(crate) events: Arc<events::App>,
    pub(crate) removals: Arc<removals::App>,
    pub(crate) sso: Arc<sso::App>,
    pub(crate) app_api: Arc<app_api::App>,
    pub(crate) metadata: Arc<metadata::App>,
    pub(crate) config_refresh: Arc<config_refresh::App>,
}

impl Functions {
    /// What they refuse to start with is refused here as well.
    pub(crate) fn new(
        stack: &Description,
        secrets: &Secrets,
        calls: &Calls,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        // A client for each, so that their calls can be told apart.
        let accounts = |function| {
            let config = stores::config(&stack.stores.dynamodb_endpoint).interceptor(calls.of(function)).build();
            Accounts::new(Client::from_conf(config), stack.stores.tables.accounts.clone())
        };
        let key = |key: &Secret| Key { key: key.clone(), previous: None };
        let keys = Arc::new(RotatingKeys::fixed(ApplicationKeys::new(key(&secrets.application))?));
        let configuration = |function| Configuration::new(accounts(function), Arc::clone(&keys));
        let config_refresh = config_refresh::App::new(config_refresh::Parts {
            accounts: accounts("config-refresh"),
            keys: Arc::clone(&keys),
            secrets: secrets::client(&stack.stores.secrets_manager_endpoint),
            platform_url: PlatformUrl::new(&stack.sandbox.base_url, "/api/config/v1")?,
            platform_secret_id: secrets::DEVELOPER_PLATFORM.to_owned(),
            manifest_secret_id: secrets::MANIFEST.to_owned(),
            clock: Arc::clone(&clock),
        });
        let metadata = metadata::App::new(configuration("metadata"), Arc::clone(&clock));
        let sso = sso::App::new(sso::Parts {
            configuration: configuration("sso"),
            accounts: accounts("sso"),
            keys: Arc::clone(&keys),
            request_signer: None,
            post_login_url: &stack.app.post_login_url,
            return_origins: "",
            clock: Arc::clone(&clock),
        })?;
        let api_keys = app_api::ApiKeys::fixed(app_api::usable(key(&secrets.app_api_key))?);
        let app_api = app_api::App::new(app_api::Parts {
            accounts: accounts("app-api"),
            api_keys,
            configuration: configuration("app-api"),
            keys: Arc::clone(&keys),
            clock: Arc::clone(&clock),
        });
        let account_webhooks = account_webhooks::App::new(
            accounts("account-webhooks"),
            configuration("account-webhooks"),
            Arc::clone(&clock),
        );
        let removals = removals::App::new(accounts("removals"), configuration("removals"), clock);
        let (bus, queue) = bus::clients(&stack.stores.event_bus_endpoint, calls);
        let dead_letters = stack.stores.queues.events_dead_letters.clone();
        let events =
            events::App::new(events::Bus::new(bus, bus::BUS.to_owned()), events::DeadLetters::new(queue, dead_letters));
        Ok(Self {
            account_webhooks: Arc::new(account_webhooks),
            events: Arc::new(events),
            removals: Arc::new(removals),
            sso: Arc::new(sso),
            app_api: Arc::new(app_api),
            metadata: Arc::new(metadata),
            config_refresh: Arc::new(config_refresh),
        })
    }
}
