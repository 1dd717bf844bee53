//! Secrets of one run: made at start, never stored.

use shared::{random, secret::Secret};

/// What the functions read from Secrets Manager when they are deployed.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    /// Keys everything that is sealed.
    pub(crate) application: Secret,
    /// The demo app's key to `app-api`.
    pub(crate) app_api_key: Secret,
}

impl Secrets {
    pub(crate) fn generate() -> Self {
        Self { application: random::token().into(), app_api_key: random::token().into() }
    }
}
