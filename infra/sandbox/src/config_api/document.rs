//! What the developer platform says of every marketplace.

use serde_json::{Value, json};

use super::paths::Paths;
use crate::app::App;
use crate::keys::Identity;
use crate::state::Marketplace;

pub(super) fn document(app: &App) -> Value {
    let world = app.world();
    let entries: Vec<Value> = world
        .marketplaces
        .iter()
        .filter_map(|marketplace| {
            let identity = app.identity(marketplace)?;
            let plain = entry(app, marketplace, world.app_host_of(marketplace), identity);
            marketplace.configuration_patch.apply(plain)
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
