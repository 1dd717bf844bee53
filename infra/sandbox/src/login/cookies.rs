//! What the browser keeps between the launcher and the login: short-lived cookies, one set per marketplace.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

/// Long enough for one trip through the app.
const COOKIE_SECONDS: u32 = 300;
const USER: &str = "user";
const GROUP: &str = "group";

/// The user the launcher chose a moment ago.
pub(crate) fn remembered_user(headers: &HeaderMap, key: &str) -> Option<String> {
    cookie(headers, USER, key)
}

/// The group the launcher launched a moment ago. An AuthnRequest comes with its `group_id`; an OpenID request cannot.
pub(crate) fn launched_group(headers: &HeaderMap, key: &str) -> Option<String> {
    cookie(headers, GROUP, key)
}

/// Spares the person a second choice of user and group.
pub(super) fn remember_launch(response: Response, key: &str, user: Option<&str>, group: Option<&str>) -> Response {
    remember(remember(response, USER, key, user), GROUP, key, group)
}

/// One launch is one login: the next visit asks again.
pub(crate) fn forget_launch(response: Response, key: &str) -> Response {
    remember_launch(response, key, None, None)
}

/// Sets or clears a cookie of one marketplace.
pub(crate) fn remember(mut response: Response, what: &str, key: &str, value: Option<&str>) -> Response {
    let seconds = if value.is_some() { COOKIE_SECONDS } else { 0 };
    let value = value.unwrap_or_default();
    let cookie = format!("sandbox_{what}_{key}={value}; Path=/{key}/; Max-Age={seconds}; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What [`remember`] set.
pub(crate) fn cookie(headers: &HeaderMap, what: &str, key: &str) -> Option<String> {
    let name = format!("sandbox_{what}_{key}");
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(cookie, _)| *cookie == name)
        .map(|(_, value)| value.to_owned())
}
