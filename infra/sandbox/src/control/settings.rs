//! Settings of one marketplace.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::app_host;
use super::body::{JsonBody, present};
use super::error::ControlError;
use crate::app::Shared;
use crate::state::{Marketplace, SignatureMode};

/// What may be changed. An absent field stays as it is; a null `app_host` falls back to the common one, a null
/// `openid_init_path` to the usual one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    signature: Option<SignatureMode>,
    check_acs: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    app_host: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    openid_init_path: Option<Option<String>>,
}

/// `PUT` or `PATCH /control/marketplaces/{mp}`
pub(super) async fn change(
    State(app): State<Shared>,
    Path(key): Path<String>,
    JsonBody(settings): JsonBody<Settings>,
) -> Result<Json<Value>, ControlError> {
    let host = match settings.app_host {
        Some(Some(host)) => Some(Some(app_host(&host)?)),
        other => other,
    };
    if let Some(Some(path)) = &settings.openid_init_path {
        check_path(path)?;
    }
    let mut world = app.world();
    let Some(marketplace) = world.marketplace_mut(&key) else {
        return Err(ControlError::not_found("marketplace", key));
    };
    marketplace.signature = settings.signature.unwrap_or(marketplace.signature);
    marketplace.check_acs = settings.check_acs.unwrap_or(marketplace.check_acs);
    if let Some(host) = host {
        marketplace.app_host = host;
    }
    if let Some(path) = settings.openid_init_path {
        marketplace.openid_init_path = path;
    }
    let answer = json!({
        "signature": marketplace.signature,
        "check_acs": marketplace.check_acs,
        "app_host": marketplace.app_host,
        "openid_init_path": marketplace.openid_init_path,
    });
    let told = told(marketplace);
    drop(world);
    app.events.record(Some(&key), "control.settings_changed", told);
    Ok(Json(answer))
}

/// Appended to the app's host, so it must not turn that into another one.
fn check_path(path: &str) -> Result<(), ControlError> {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && path.starts_with('/') {
        return Ok(());
    }
    Err(ControlError::Invalid(format!("{path:?} is not a path at the app: it must begin with / and be plain ASCII")))
}

fn told(marketplace: &Marketplace) -> String {
    let signature = match marketplace.signature {
        SignatureMode::Sha256 => "RSA-SHA256",
        SignatureMode::Historical => "RSA-SHA1",
    };
    let acs = if marketplace.check_acs { "are checked" } else { "are not checked" };
    format!("Responses are now signed with {signature}, and the addresses they go to {acs}.")
}
