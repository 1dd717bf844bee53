//! The identity provider's pages: choose a user, choose a group, post the Response.

use axum::response::Response;
use maud::html;

use super::layout::Page;
use crate::state::{Group, Marketplace, User};

/// Submits the form at once; without JavaScript there is its button.
const SUBMIT: &str = "document.forms[0].submit();";

/// "Who are you?" Links replay the request with `&user_uid=`.
pub(crate) fn users(marketplace: &Marketplace, link: &str) -> Response {
    let content = html! {
        ul .choices {
            @for user in &marketplace.directory.users {
                li {
                    a href=(format!("{link}&user_uid={}", user.uid)) {
                        strong { (user.name) " " (user.surname) }
                        span { (user.email) }
                        code { (user.uid) }
                    }
                }
            }
        }
    };
    Page { title: "Who is logging in?", context: &marketplace.name, wide: false, script: None }.render(&content)
}

/// "Through which group?" Links replay the request with `&group_id=`.
pub(crate) fn groups(marketplace: &Marketplace, user: &User, groups: &[&Group], link: &str) -> Response {
    // The last parameter wins for nobody: an earlier group_id matched no group, so it must go.
    let link = without_group_id(link);
    let content = html! {
        p .lead { (user.name) " " (user.surname) " has several groups with this app." }
        ul .choices {
            @for group in groups {
                li {
                    a href=(format!("{link}&group_id={}", group.uid)) {
                        strong { (group.name) }
                        @if let Some(role) = marketplace.directory.role(&user.uid, &group.uid) {
                            span { (role.as_str()) }
                        }
                        code { (group.uid) }
                    }
                }
            }
        }
    };
    Page { title: "Which group?", context: &marketplace.name, wide: false, script: None }.render(&content)
}

/// Hands the Response to the assertion consumer service. There is no RelayState: the protocol echoes none.
pub(crate) fn post_form(marketplace: &Marketplace, acs_url: &str, saml_response: &str) -> Response {
    let content = html! {
        form .card method="post" action=(acs_url) {
            input type="hidden" name="SAMLResponse" value=(saml_response);
            p { "You are being sent to the app. If nothing happens, press the button." }
            button .primary type="submit" { "Continue" }
        }
    };
    Page { title: "Logging in", context: &marketplace.name, wide: false, script: Some(SUBMIT) }.render(&content)
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
