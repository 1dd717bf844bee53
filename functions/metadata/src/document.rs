//! The document in its two versions (protocol.md §2). What has no place in either is a key, a token, or an address that nobody serves.

use serde_json::{Value, json};
use shared::{
    domain::CreationMode,
    marketplace::{IdpKey, Marketplace},
    routes::Purpose,
};

/// A version of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// That of the Ruby SDK, for old hubs.
    First,
    /// That of the Java SDK.
    Second,
}

/// Who signs assertions, and where we take them; where we hear what has ended.
struct Endpoints<'m> {
    initialize: String,
    consume: String,
    key: Option<&'m IdpKey>,
    group_removal: String,
    member_removal: String,
}

impl Version {
    /// The document for one marketplace.
    pub(crate) fn of(self, marketplace: &Marketplace, now: jiff::Timestamp) -> Value {
        let endpoints = Endpoints {
            initialize: served(marketplace, Purpose::SamlInitialize, marketplace.registered.initialize.as_deref()),
            consume: served(marketplace, Purpose::SamlConsume, Some(&marketplace.registered.consume)),
            key: marketplace.idp_keys.iter().find(|key| key.is_used_at(now)),
            group_removal: served(marketplace, Purpose::GroupRemoval, marketplace.registered.group.as_deref()),
            member_removal: served(marketplace, Purpose::MemberRemoval, marketplace.registered.group_user.as_deref()),
        };
        match self {
            Self::First => first(marketplace, &endpoints),
            Self::Second => second(marketplace, &endpoints),
        }
    }
}

fn first(marketplace: &Marketplace, endpoints: &Endpoints<'_>) -> Value {
    let creation_mode = match marketplace.settings.creation_mode {
        CreationMode::Real => "real",
        CreationMode::Virtual => "virtual",
    };
    json!({
        "environment": marketplace.key,
        "app": { "host": marketplace.app_host },
        "api": {
            "id": marketplace.app_id,
            "version": env!("CARGO_PKG_VERSION"),
            "verify_ssl_certs": true,
            "lang": "rust",
            "lang_version": env!("CARGO_PKG_RUST_VERSION"),
            "host": marketplace.api_host,
            "base": marketplace.api_base,
        },
        "sso": {
            "enabled": true,
            "slo_enabled": false,
            "init_path": endpoints.initialize,
            "consume_path": endpoints.consume,
            "creation_mode": creation_mode,
            "idm": marketplace.idm,
            "idp": marketplace.idp,
            "name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            "x509_fingerprint": endpoints.key.map(IdpKey::spaced_fingerprint),
            "x509_certificate": endpoints.key.map(IdpKey::certificate_pem),
        },
        "webhook": { "account": { "groups_path": endpoints.group_removal, "group_users_path": endpoints.member_removal } },
    })
}

fn second(marketplace: &Marketplace, endpoints: &Endpoints<'_>) -> Value {
    let mut document = json!({
        "marketplace": marketplace.key,
        "app": { "host": marketplace.app_host },
        "api": {
            "id": marketplace.app_id,
            "version": env!("CARGO_PKG_VERSION"),
            "lang": "rust",
            "lang_version": env!("CARGO_PKG_RUST_VERSION"),
            "host": marketplace.api_host,
            "base": marketplace.api_base,
        },
        "sso": {
            "init_path": endpoints.initialize,
            "consume_path": endpoints.consume,
            "idm": marketplace.idm,
            "idp": marketplace.idp,
            "x509_fingerprint": endpoints.key.map(IdpKey::spaced_fingerprint),
            "x509_certificate": endpoints.key.map(IdpKey::certificate_pem),
        },
        "webhook": { "account": { "group_path": endpoints.group_removal, "group_user_path": endpoints.member_removal } },
    });
    if let (Some(connec), Some(document)) = (&marketplace.connec, document.as_object_mut()) {
        document.insert("connec".to_owned(), json!({ "host": connec.host, "base_path": connec.base_path }));
    }
    document
}

/// The address as it is registered, if that is one of ours.
fn served(marketplace: &Marketplace, purpose: Purpose, registered: Option<&str>) -> String {
    let key = marketplace.key.as_str();
    let registered = registered.filter(|registered| purpose.is_served_at(registered, key));
    registered.map_or_else(|| purpose.usual(key), str::to_owned)
}
