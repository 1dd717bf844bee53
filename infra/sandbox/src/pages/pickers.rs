//! The pages of a login: choose a user, choose a group, post the answer to the app.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use maud::{Markup, html};

use super::layout::Page;
use crate::directory::{Group, User};
use crate::state::Marketplace;

/// Submits the form at once; without JavaScript there is its button.
const SUBMIT: &str = "document.forms[0].submit();";

/// Where a picker leads.
pub(crate) struct Links<'a> {
    /// The address a choice is added to.
    pub(crate) choose: &'a str,
    /// The way out, where the protocol has one.
    pub(crate) cancel: Option<&'a str>,
}

impl<'a> Links<'a> {
    pub(crate) fn without_cancel(choose: &'a str) -> Self {
        Self { choose, cancel: None }
    }

    fn way_out(&self) -> Markup {
        html! {
            @if let Some(cancel) = self.cancel { p .way-out { a href=(cancel) { "Cancel" } } }
        }
    }
}

/// "Who are you?" Links lead on with `user_uid=`.
pub(crate) fn users(marketplace: &Marketplace, links: &Links<'_>) -> Response {
    let content = html! {
        ul .choices {
            @for user in &marketplace.directory.users {
                li {
                    a href=(with(links.choose, "user_uid", &user.uid)) {
                        strong { (user.name) " " (user.surname) }
                        span { (user.email) }
                        code { (user.uid) }
                    }
                }
            }
        }
        (links.way_out())
    };
    Page { title: "Who is logging in?", context: &marketplace.name, wide: false, script: None }.render(&content)
}

/// "Through which group?" Links lead on with `group_id=`.
pub(crate) fn groups(marketplace: &Marketplace, user: &User, groups: &[&Group], links: &Links<'_>) -> Response {
    // The last parameter wins for nobody: an earlier group_id matched no group, so it must go.
    let choose = without_group_id(links.choose);
    let content = html! {
        p .lead { (user.name) " " (user.surname) " has several groups with this app." }
        ul .choices {
            @for group in groups {
                li {
                    a href=(with(&choose, "group_id", &group.uid)) {
                        strong { (group.name) }
                        @if let Some(role) = marketplace.directory.role(&user.uid, &group.uid) {
                            span { (role.as_str()) }
                        }
                        code { (group.uid) }
                    }
                }
            }
        }
        (links.way_out())
    };
    Page { title: "Which group?", context: &marketplace.name, wide: false, script: None }.render(&content)
}

/// Hands a message to the app. For SAML there is no RelayState: the protocol echoes none.
pub(crate) fn post_form<'a>(
    marketplace: &Marketplace,
    action: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Response {
    let content = html! {
        form .card method="post" action=(action) {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            p { "You are being sent to the app. If nothing happens, press the button." }
            button .primary type="submit" { "Continue" }
        }
    };
    let page = Page { title: "Logging in", context: &marketplace.name, wide: false, script: Some(SUBMIT) };
    let mut response = page.render(&content);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with(link: &str, name: &str, value: &str) -> String {
    let separator = if link.contains('?') { '&' } else { '?' };
    format!("{link}{separator}{name}={value}")
}

fn without_group_id(link: &str) -> String {
    let Some((path, query)) = link.split_once('?') else {
        return link.to_owned();
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("group_id=")).collect();
    format!("{path}?{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_matched_nothing_is_not_asked_for_again() {
        assert_eq!(without_group_id("/a?SAMLRequest=x&group_id=y&user_uid=z"), "/a?SAMLRequest=x&user_uid=z");
    }
}
