//! What all addresses of a provider have in common: a marketplace, and the app id that it must know.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::error::ProtocolError;
use super::memory::Memory;
use crate::app::{App, Shared};
use crate::pages::notices;
use crate::state::Marketplace;

/// A marketplace's provider, asked on behalf of the app it knows.
pub(super) struct Provider<'a> {
    pub(super) app: &'a App,
    pub(super) marketplace: &'a Marketplace,
    pub(super) memory: &'a Memory,
    /// The address requests go to and identifiers begin with.
    pub(super) endpoint: String,
}

impl Provider<'_> {
    pub(super) fn record(&self, kind: &str, told: impl Into<String>) {
        self.app.events.record(Some(&self.marketplace.key), kind, told);
    }

    /// Sends the browser to another address of this provider.
    pub(super) fn go_to(&self, step: &str) -> Response {
        found(&self.path_of(step))
    }

    /// The path of another address of this provider.
    pub(super) fn path_of(&self, step: &str) -> String {
        let path = self.endpoint.strip_prefix(&self.app.base_url).unwrap_or(&self.endpoint);
        format!("{path}/{step}")
    }

    /// Where people go whom the app is not for.
    pub(super) fn turn_away(&self) -> Response {
        found(&format!("/{}/app_access_unauthorized", self.marketplace.key))
    }

    pub(super) fn not_understood(&self, error: &ProtocolError) -> Response {
        let text = format!("Cannot use this OpenID request: {error}.");
        self.record("openid.request_refused", &text);
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{text}\n")).into_response()
    }
}

/// Answers as `answer` does if the marketplace knows the app.
pub(super) fn enter(app: &Shared, key: &str, app_id: &str, answer: impl FnOnce(&Provider<'_>) -> Response) -> Response {
    let (Some(marketplace), Some(memory)) = (app.marketplace(key), app.openid.get(key)) else {
        return notices::unknown_marketplace(key);
    };
    let endpoint = app.openid_endpoint(&marketplace);
    let provider = Provider { app, marketplace: &marketplace, memory, endpoint };
    if marketplace.api_id == app_id {
        return answer(&provider);
    }
    provider
        .record("openid.unknown_app", format!("OpenID was asked for in the name of {app_id:?}, which is no app here."));
    provider.turn_away()
}

fn found(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "This address cannot be redirected to.\n").into_response(),
    }
}
