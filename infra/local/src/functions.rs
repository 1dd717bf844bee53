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
    sharing::{DeadLetters, Desk, PushQueue},
    store::{Accounts, id_map::IdMap},
};

use crate::{
    Calls, Description, StartError, bus, queues,
    secrets::{self, Secrets},
    stores,
};

/// One `App` for each function.
pub(crate) struct Functions {
    pub(crate) account_webhooks: Arc<account_webhooks::App>,
    pub(crate) connec_push: Arc<connec_push::App>,
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
        push_limits: connec_push::Limits,
    ) -> Result<Self, StartError> {
        // A client for each and for every resource, so that their calls can be told apart.
        let table = |function, resource| {
            let config = stores::config(&stack.stores.dynamodb_endpoint).interceptor(calls.of(function, resource));
            Client::from_conf(config.build())
        };
        let accounts = |function| Accounts::new(table(function, "AccountsTable"), stack.stores.tables.accounts.clone());
        let id_map = |function| IdMap::new(table(function, "IdMapTable"), stack.stores.tables.id_map.clone());
        let sqs = |function, queue| queues::client(&stack.stores.event_bus_endpoint, calls, function, queue);
        let desk = |function| Desk {
            accounts: accounts(function),
            id_map: id_map(function),
            queue: PushQueue::new(sqs(function, "PushQueue"), stack.stores.queues.push.clone()),
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
            desk: desk("app-api"),
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
        let removals =
            removals::App::new(accounts("removals"), id_map("removals"), configuration("removals"), Arc::clone(&clock));
        let push_dead_letters = stack.stores.queues.push_dead_letters.clone();
        let connec_push = connec_push::App::new(connec_push::Parts {
            desk: desk("connec-push"),
            dead_letters: DeadLetters::new(sqs("connec-push", "PushDeadLetters"), push_dead_letters),
            configuration: configuration("connec-push"),
            limits: push_limits,
            clock,
        });
        let bus = bus::client(&stack.stores.event_bus_endpoint, calls);
        let dead_letters = stack.stores.queues.events_dead_letters.clone();
        let events = events::App::new(
            events::Bus::new(bus, bus::BUS.to_owned()),
            events::DeadLetters::new(sqs("events", "EventsDeadLetters"), dead_letters),
        );
        Ok(Self {
            account_webhooks: Arc::new(account_webhooks),
            connec_push: Arc::new(connec_push),
            events: Arc::new(events),
            removals: Arc::new(removals),
            sso: Arc::new(sso),
            app_api: Arc::new(app_api),
            metadata: Arc::new(metadata),
            config_refresh: Arc::new(config_refresh),
        })
    }
}
