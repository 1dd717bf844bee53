//! What all of the account API has in common: a marketplace, and the app's credentials there.

use axum::http::HeaderMap;
use axum::response::Response;

use super::envelope;
use crate::app::App;
use crate::basic;
use crate::pages::notices;
use crate::state::Marketplace;

/// Answers as `answer` does if the app presents its id and key. `done` is what it did, for the event log.
pub(super) fn enter(
    app: &App,
    key: &str,
    headers: &HeaderMap,
    done: &Done<'_>,
    answer: impl FnOnce(&Marketplace) -> Response,
) -> Response {
    let Some(marketplace) = app.marketplace(key) else {
        return notices::unknown_marketplace(key);
    };
    if !basic::presents(headers, &marketplace.api_id, &marketplace.api_key) {
        app.events.record(Some(key), "account.refused", "The app came to the account API with wrong credentials.");
        return envelope::unauthorized();
    }
    app.events.record(Some(key), done.kind, format!("The app {}.", done.told));
    answer(&marketplace)
}

/// What the app did.
pub(super) struct Done<'a> {
    pub(super) kind: &'a str,
    /// Goes on after "The app".
    pub(super) told: &'a str,
}
