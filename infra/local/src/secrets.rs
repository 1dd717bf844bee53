//! Secrets of one run: made at start, never stored, and served as Secrets Manager would to functions that run elsewhere.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use sandbox::EnvironmentCredentials;
use serde::Deserialize;
use serde_json::json;
use shared::{random, secret::Secret};

/// The name of what keys everything that is sealed.
pub(crate) const APPLICATION: &str = "stallholder-application";
/// The name of the app's key to `app-api`.
pub(crate) const APP_API_KEY: &str = "stallholder-app-api-key";
/// The name of who we are on the developer platform.
pub(crate) const DEVELOPER_PLATFORM: &str = "stallholder-developer-platform";

/// What the functions read from Secrets Manager when they are deployed.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    /// Keys everything that is sealed.
    pub(crate) application: Secret,
    /// The demo app's key to `app-api`.
    pub(crate) app_api_key: Secret,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
}

type Values = Arc<BTreeMap<&'static str, String>>;

impl Secrets {
    pub(crate) fn generate() -> Self {
        Self { application: random::token().into(), app_api_key: random::token().into() }
    }

    /// `GetSecretValue`, the one call the functions make.
    pub(crate) fn router(&self, environment: &EnvironmentCredentials) -> Router {
        let key = |key: &Secret| json!({ "key": key.expose() }).to_string();
        let values: Values = Arc::new(BTreeMap::from([
            (APPLICATION, key(&self.application)),
            (APP_API_KEY, key(&self.app_api_key)),
            (DEVELOPER_PLATFORM, json!({ "key": environment.key, "secret": environment.secret }).to_string()),
        ]));
        Router::new().route("/", post(get_secret_value)).with_state(values)
    }
}

async fn get_secret_value(State(values): State<Values>, headers: HeaderMap, body: String) -> Response {
    // A page from elsewhere must not get here under a name that resolves to this machine.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !(host.starts_with("127.0.0.1:") || host.starts_with("localhost:")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if headers.get("x-amz-target").is_none_or(|target| target != "secretsmanager.GetSecretValue") {
        return refused("UnknownOperationException", "only GetSecretValue is served here");
    }
    let request = serde_json::from_str::<GetSecretValue>(&body).ok();
    let Some((name, value)) = request.and_then(|request| values.get_key_value(&*request.secret_id)) else {
        return refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    };
    Json(json!({ "Name": name, "SecretString": value, "VersionStages": ["AWSCURRENT"] })).into_response()
}

fn refused(kind: &str, message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind, "message": message }))).into_response()
}
