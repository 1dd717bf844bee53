//! What there is at a user's identifier: a page for people, a discovery document for apps.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::assertion::identifier;
use super::door::{Provider, enter};
use super::xrds;
use crate::app::Shared;
use crate::pages::notices;

const XRDS_LOCATION: HeaderName = HeaderName::from_static("x-xrds-location");

/// `GET …/users/{uid}` and `…/users/{uid}.xrds`
pub(crate) async fn identity_page(
    State(app): State<Shared>,
    Path((key, app_id, uid)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    enter(&app, &key, &app_id, |provider| {
        let (uid, discovery) = xrds::asked_for(&uid, &headers);
        if provider.marketplace.directory.user(uid).is_none() {
            return unknown_user(provider, uid);
        }
        let identifier = identifier(&provider.endpoint, uid);
        if discovery { xrds::of_user(&provider.endpoint, &identifier) } else { page(provider, uid, &identifier) }
    })
}

fn page(provider: &Provider<'_>, uid: &str, identifier: &str) -> Response {
    let text = format!("This address is the OpenID identifier of {uid}.");
    let mut response = notices::notice(StatusCode::OK, uid, &provider.marketplace.name, &text);
    if let Ok(location) = HeaderValue::from_str(&xrds::location(identifier)) {
        response.headers_mut().insert(XRDS_LOCATION, location);
    }
    response
}

fn unknown_user(provider: &Provider<'_>, uid: &str) -> Response {
    let text = format!("There is no user {uid:?} on {}.", provider.marketplace.name);
    notices::notice(StatusCode::NOT_FOUND, "Unknown user", &provider.marketplace.name, &text)
}
