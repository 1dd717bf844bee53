//! Session check and the two pages an app sends people to (protocol §3.11).

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use crate::app::Shared;
use crate::pages::notices;
use crate::state::Marketplace;
use crate::time;

#[derive(Deserialize)]
pub(crate) struct Check {
    #[serde(default)]
    session: String,
}

#[derive(Serialize)]
struct Verdict {
    valid: bool,
    recheck: String,
}

/// `GET /{mp}/api/v1/auth/saml/{uid}?session=`: always 200, and always with a new recheck time.
pub(crate) async fn check(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
    Query(Check { session }): Query<Check>,
) -> Response {
    let Some(marketplace) = app.marketplace(&key) else {
        return notices::unknown_marketplace(&key);
    };
    let valid = is_valid(&marketplace, &uid, &session);
    let verdict = if valid { "still valid" } else { "no longer valid" };
    let told = format!("The app asked about a session of {}: {verdict}.", real_uid(&uid));
    app.events.record(Some(&key), "session.checked", told);
    let recheck = time::iso8601(time::plus(time::now(), time::RECHECK));
    Json(Verdict { valid, recheck }).into_response()
}

fn is_valid(marketplace: &Marketplace, uid: &str, token: &str) -> bool {
    let known = marketplace.sessions.get(real_uid(uid));
    known.is_some_and(|known| known == token)
}

/// The uid may be real, virtual or a virtual email: what counts is the text before the first dot.
fn real_uid(uid: &str) -> &str {
    uid.split('.').next().unwrap_or(uid)
}

/// `GET /{mp}/app_logout`
pub(crate) async fn app_logout(State(app): State<Shared>, Path(key): Path<String>) -> Response {
    let Some(marketplace) = app.marketplace(&key) else {
        return notices::unknown_marketplace(&key);
    };
    app.events.record(Some(&key), "session.logged_out", "Somebody was sent here after logging out of the app.");
    let text = "You have been logged out of the app. Your session on the marketplace goes on.";
    notices::notice(StatusCode::OK, "Logged out", &marketplace.name, text)
}

/// `GET /{mp}/app_access_unauthorized`
pub(crate) async fn app_access_unauthorized(State(app): State<Shared>, Path(key): Path<String>) -> Response {
    let Some(marketplace) = app.marketplace(&key) else {
        return notices::unknown_marketplace(&key);
    };
    app.events.record(Some(&key), "session.unauthorized", "Somebody was not let in to the app and was sent here.");
    let text = "You could not be let in to the app. If this surprises you, look at what the app wrote to its log, and \
                at the sandbox's last events.";
    notices::notice(StatusCode::OK, "Access unauthorized", &marketplace.name, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_uid_and_a_virtual_email_name_their_real_user() {
        for uid in ["usr-5k2", "usr-5k2.cld-7a1c", "usr-5k2.cld-7a1c@appmail.hub.example"] {
            assert_eq!(real_uid(uid), "usr-5k2");
        }
    }
}
