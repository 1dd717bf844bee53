//! Pages that only tell something.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::html;

use super::layout::Page;
use crate::directory::User;
use crate::state::Marketplace;

/// A titled sentence or two with a status.
pub(crate) fn notice(status: StatusCode, title: &str, context: &str, text: &str) -> Response {
    let content = html! {
        section .card { p .notice { (text) } p { a href="/" { "All marketplaces" } } }
    };
    let page = Page { title, context, wide: false, script: None }.render(&content);
    (status, page).into_response()
}

pub(crate) fn access_denied(marketplace: &Marketplace, user: &User) -> Response {
    let text = format!(
        "{} {} ({}) has no group with this app on {}, so there is nothing to log in to.",
        user.name, user.surname, user.uid, marketplace.name
    );
    notice(StatusCode::FORBIDDEN, "Access denied", &marketplace.name, &text)
}

pub(crate) fn unknown_group(marketplace: &Marketplace, uid: &str) -> Response {
    let text = format!("There is no group {uid:?} on {}.", marketplace.name);
    notice(StatusCode::NOT_FOUND, "Unknown group", &marketplace.name, &text)
}

pub(crate) fn unknown_marketplace(key: &str) -> Response {
    let text = format!("There is no marketplace {key:?} in this sandbox.");
    notice(StatusCode::NOT_FOUND, "Unknown marketplace", "Sandbox", &text)
}
