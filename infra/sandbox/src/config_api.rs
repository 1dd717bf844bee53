//! The developer platform: one document with the configuration of every marketplace (protocol §1.2).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::app::{App, Shared};
use crate::basic;
use crate::keys::Identity;
use crate::options::PathStyle;
use crate::state::Marketplace;

/// `GET /api/config/v1/marketplaces`
pub(crate) async fn marketplaces(State(app): State<Shared>, headers: HeaderMap) -> Response {
    if !basic::presents(&headers, &app.environment.key, &app.environment.secret) {
        app.events.record(None, "config.refused", "The app asked for its configuration with wrong credentials.");
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"developer platform\"")];
        let body = Json(json!({"error": "Invalid environment credentials"}));
        return (StatusCode::UNAUTHORIZED, challenge, body).into_response();
    }
    app.events.record(None, "config.served", "The app fetched its configuration.");
    Json(document(&app)).into_response()
}

fn document(app: &App) -> Value {
    let world = app.world();
    let entries: Vec<Value> = world
        .marketplaces
        .iter()
        .filter_map(|marketplace| {
            let identity = app.identity(marketplace)?;
            Some(entry(app, marketplace, world.app_host_of(marketplace), identity))
        })
        .collect();
    json!({ "marketplaces": entries })
}

fn entry(app: &App, marketplace: &Marketplace, app_host: &str, identity: &Identity) -> Value {
    let key = &marketplace.key;
    let host = app.host(key);
    let paths = Paths::of(marketplace);
    json!({
        "nid": marketplace.nid,
        "marketplace": key,
        "environment": "stallholder-local",
        "app": {
            "host": app_host,
            "synchronization_start_path": format!("/maestrano/{key}/synchronizations"),
            "synchronization_toggle_path": format!("/maestrano/{key}/synchronizations/toggle_sync"),
            "synchronization_status_path": format!("/maestrano/{key}/synchronizations/:cld-uid"),
        },
        "api": {
            "id": marketplace.api_id,
            "key": marketplace.api_key,
            "host": host,
            "base": "/api/v1/",
        },
        "sso": {
            "idm": marketplace.explicit_idm.then_some(app_host),
            "init_path": paths.init,
            "consume_path": paths.consume,
            "idp": host,
            "x509_fingerprint": identity.fingerprint(),
            "x509_certificate": identity.pair().certificate_pem,
        },
        "connec": { "host": host, "base_path": "/api/v2", "timeout": 300 },
        "webhooks": {
            "account": { "group_path": paths.group, "group_user_path": paths.group_user },
            "connec": {
                "external_ids": true,
                "initialization_path": null,
                "notification_path": paths.notification,
            },
        },
    })
}

/// The app's routes as its developer registered them on one marketplace.
pub(crate) struct Paths {
    pub(crate) init: String,
    pub(crate) consume: String,
    /// Not in the document: the developer platform never had a field for it.
    pub(crate) openid_init: String,
    group: String,
    group_user: String,
    notification: String,
}

impl Paths {
    pub(crate) fn of(marketplace: &Marketplace) -> Self {
        let key = &marketplace.key;
        let default = || format!("/mno-enterprise/{key}/openid/initialize");
        let openid_init = marketplace.openid_init_path.clone().unwrap_or_else(default);
        match marketplace.path_style {
            PathStyle::MnoEnterprise => Self {
                init: format!("/mno-enterprise/{key}/saml/initialize"),
                consume: format!("/mno-enterprise/{key}/saml/consume"),
                openid_init,
                group: format!("/mno-enterprise/{key}/account/group/:id"),
                group_user: format!("/mno-enterprise/{key}/account/group/:group_id/user/:id"),
                notification: format!("/mno-enterprise/{key}/connec/receive"),
            },
            PathStyle::Historical => Self {
                init: format!("/maestrano/auth/saml/init/{key}"),
                consume: format!("/maestrano/auth/saml/consume/{key}"),
                openid_init,
                group: format!("/maestrano/account/groups/:id/{key}"),
                group_user: format!("/maestrano/account/groups/:group_id/users/:id/{key}"),
                notification: format!("/maestrano/connec/notifications/{key}"),
            },
        }
    }
}
