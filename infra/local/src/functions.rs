//! The functions as this process hosts them: the same `App`s as in Lambda, made of ready parts.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use shared::{clock::Clock, marketplace::Directory, rotating::Rotating, secret::Secret, secrets::Key, store::Accounts};

use crate::{Calls, Description, StartError, secrets::Secrets, stores};

/// One `App` for each function.
pub(crate) struct Functions {
    pub(crate) sso: Arc<sso::App>,
    pub(crate) app_api: Arc<app_api::App>,
}

impl Functions {
    /// What they refuse to start with is refused here as well.
    pub(crate) fn new(
        stack: &Description,
        secrets: &Secrets,
        directory: Directory,
        calls: &Calls,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        // A client for each, so that their calls can be told apart.
        let accounts = |function| {
            let config = stores::config(&stack.stores.dynamodb_endpoint).interceptor(calls.of(function)).build();
            Accounts::new(Client::from_conf(config), stack.stores.tables.accounts.clone())
        };
        let key = |key: &Secret| Key { key: key.clone(), previous: None };
        let sso = sso::App::new(sso::Parts {
            directory,
            accounts: accounts("sso"),
            sealer: Rotating::fixed(sso::pending_sealer(key(&secrets.application))?),
            request_signer: None,
            post_login_url: &stack.app.post_login_url,
            return_origins: "",
            clock: Arc::clone(&clock),
        })?;
        let api_keys = app_api::ApiKeys::fixed(app_api::usable(key(&secrets.app_api_key))?);
        let app_api = app_api::App::new(accounts("app-api"), api_keys, clock);
        Ok(Self { sso: Arc::new(sso), app_api: Arc::new(app_api) })
    }
}
