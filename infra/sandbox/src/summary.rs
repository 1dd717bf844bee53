//! One marketplace as a caller of the library wants to know it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::config_api::Paths;
use crate::saml::audience;
use crate::state::Marketplace;

/// What is needed to talk to a marketplace, or to pretend to be it. Holds secrets: serialize with care.
#[derive(Clone, Deserialize, Serialize)]
pub struct MarketplaceSummary {
    /// Marketplace key.
    pub key: String,
    /// The app's id.
    pub api_id: String,
    /// The app's key.
    pub api_key: String,
    /// `api.host` and `sso.idp`.
    pub host: String,
    /// Where AuthnRequests go.
    pub idp_sso_url: String,
    /// What an Issuer starts with: the identity provider's address before its query.
    pub issuer: String,
    /// Where a login starts at the app.
    pub initialize_url: String,
    /// The app's assertion consumer service.
    pub acs_url: String,
    /// What its assertions name as audience: the origin of that address, with a slash.
    pub audience: String,
    /// The OpenID provider's endpoint.
    pub openid_endpoint: String,
    /// Where an OpenID login starts at the app.
    pub openid_initialize_url: String,
    /// The identity provider's private key.
    pub idp_private_key_pem: String,
    /// The identity provider's certificate.
    pub idp_certificate_pem: String,
    /// Group uids.
    pub groups: Vec<String>,
    /// User uids.
    pub users: Vec<String>,
}

impl MarketplaceSummary {
    pub(crate) fn of(app: &App, marketplace: &Marketplace, app_host: &str) -> Option<Self> {
        let pair = app.identity(marketplace)?.pair();
        let paths = Paths::of(marketplace);
        let idp_sso_url = app.idp_sso_url(&marketplace.key);
        let acs_url = format!("{app_host}{}", paths.consume);
        let directory = &marketplace.directory;
        Some(Self {
            key: marketplace.key.clone(),
            api_id: marketplace.api_id.clone(),
            api_key: marketplace.api_key.clone(),
            host: app.host(&marketplace.key),
            issuer: idp_sso_url.clone(),
            idp_sso_url,
            initialize_url: format!("{app_host}{}", paths.init),
            audience: audience(&acs_url).unwrap_or_default(),
            acs_url,
            openid_endpoint: app.openid_endpoint(marketplace),
            openid_initialize_url: format!("{app_host}{}", paths.openid_init),
            idp_private_key_pem: pair.private_key_pem.clone(),
            idp_certificate_pem: pair.certificate_pem.clone(),
            groups: directory.groups.iter().map(|group| group.uid.clone()).collect(),
            users: directory.users.iter().map(|user| user.uid.clone()).collect(),
        })
    }
}

impl fmt::Debug for MarketplaceSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MarketplaceSummary")
            .field("key", &self.key)
            .field("api_id", &self.api_id)
            .field("host", &self.host)
            .field("initialize_url", &self.initialize_url)
            .field("acs_url", &self.acs_url)
            .field("openid_endpoint", &self.openid_endpoint)
            .field("openid_initialize_url", &self.openid_initialize_url)
            .field("groups", &self.groups)
            .field("users", &self.users)
            .finish_non_exhaustive()
    }
}
