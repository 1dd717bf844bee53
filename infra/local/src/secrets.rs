//! Secrets of one run: made at start, never stored, and served as Secrets Manager would.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
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

use crate::{standard_webhooks::SigningSecret, stores::REGION};

/// The name of what keys everything that is sealed.
pub(crate) const APPLICATION: &str = "stallholder-application";
/// The name of the app's key to `app-api`.
pub(crate) const APP_API_KEY: &str = "stallholder-app-api-key";
/// The name of who we are on the developer platform.
pub(crate) const DEVELOPER_PLATFORM: &str = "stallholder-developer-platform";

/// The name of the manifest.
pub(crate) const MANIFEST: &str = "stallholder-manifest";

/// What the functions read from Secrets Manager when they are deployed.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    /// Keys everything that is sealed.
    pub(crate) application: Secret,
    /// The demo app's key to `app-api`.
    pub(crate) app_api_key: Secret,
    /// Signs the events that are delivered to the demo app. The functions know nothing of it.
    pub(crate) events: SigningSecret,
}

/// What both calls say; only one of them has a value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call {
    secret_id: String,
    secret_string: Option<String>,
}

type Values = Arc<Mutex<BTreeMap<&'static str, String>>>;

/// A client that asks the Secrets Manager at `endpoint`, which wants no credentials.
pub(crate) fn client(endpoint: &str) -> shared::secrets::Secrets {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
        .build();
    aws_sdk_secretsmanager::Client::from_conf(config).into()
}

impl Secrets {
    pub(crate) fn generate() -> Self {
        Self {
            application: random::token().into(),
            app_api_key: random::token().into(),
            events: SigningSecret::generate(),
        }
    }

    /// `GetSecretValue`, the one call the functions make, and `PutSecretValue`, for whoever wants to change one.
    pub(crate) fn router(&self, environment: &EnvironmentCredentials, manifest: String) -> Router {
        let key = |key: &Secret| json!({ "key": key.expose() }).to_string();
        let values: Values = Arc::new(Mutex::new(BTreeMap::from([
            (APPLICATION, key(&self.application)),
            (APP_API_KEY, key(&self.app_api_key)),
            (DEVELOPER_PLATFORM, json!({ "key": environment.key, "secret": environment.secret }).to_string()),
            (MANIFEST, manifest),
        ])));
        Router::new().route("/", post(answer)).with_state(values)
    }
}

async fn answer(State(values): State<Values>, headers: HeaderMap, body: String) -> Response {
    // A page from elsewhere must not get here under a name that resolves to this machine.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !(host.starts_with("127.0.0.1:") || host.starts_with("localhost:")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let puts = match target {
        "secretsmanager.GetSecretValue" => false,
        "secretsmanager.PutSecretValue" => true,
        _ => return refused("UnknownOperationException", "only GetSecretValue and PutSecretValue are served here"),
    };
    let Ok(call) = serde_json::from_str::<Call>(&body) else {
        return refused("SerializationException", "not the JSON of this call");
    };
    let mut values = values.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((name, value)) = values.iter_mut().find(|(name, _)| **name == call.secret_id) else {
        return refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    };
    match (puts, call.secret_string) {
        (false, _) => {
            Json(json!({ "Name": name, "SecretString": value, "VersionStages": ["AWSCURRENT"] })).into_response()
        }
        (true, Some(new)) => {
            *value = new;
            Json(json!({ "Name": name, "VersionStages": ["AWSCURRENT"] })).into_response()
        }
        (true, None) => refused("InvalidParameterException", "You must provide SecretString."),
    }
}

fn refused(kind: &str, message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind, "message": message }))).into_response()
}
