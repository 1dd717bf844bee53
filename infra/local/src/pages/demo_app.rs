//! What the vendor's app shows.

use maud::{Markup, html};

use super::page;
use crate::demo_app::Visitor;

/// Who signed in, through which group and marketplace.
pub(crate) fn greeting(visitor: &Visitor) -> String {
    let Visitor { marketplace, user, group, role, is_admin, .. } = visitor;
    page(
        "Ledgerly",
        &html! {
            main.narrow { div.card {
                h1 { "Hello, " span #name { (user.first_name) " " (user.last_name) } }
                p.lead { "You are signed in to Ledgerly, the demo app, through a marketplace." }
                @if visitor.is_new() {
                    p #first-visit {
                        "This is your first visit. A real app would ask now whether you have an account with " (user.email)
                        " already, and link the two only if you say so."
                    }
                }
                dl {
                    dt { "E-mail" } dd #email { (user.email) }
                    dt { "Group" } dd #group { (group.name) }
                    dt { "Role" } dd #role { (role) }
                    dt { "Rights" } dd { @if *is_admin { "may administrate the group" } @else { "may use the app" } }
                    dt { "Marketplace" } dd #marketplace { (marketplace) }
                    dt { "Ids" } dd { code #user-id { (user.id) } " in " code #group-id { (group.id) } }
                }
                p { a href="/records" { "Customers and invoices" } }
                form method="post" action="/sign-out" { button.button.quiet type="submit" { "Sign out" } }
            } }
        },
    )
}

/// Nobody is signed in.
pub(crate) fn welcome(marketplaces: &[(String, String)]) -> String {
    page(
        "Ledgerly",
        &html! {
            main.narrow { div.card {
                h1 { "Ledgerly" }
                p.lead { "This is the demo app of a software vendor. You are not signed in. Come in through a marketplace:" }
                (ways_in(marketplaces))
            } }
        },
    )
}

/// Somebody else is signed in already.
pub(crate) fn switch(present: &Visitor, next: &Visitor) -> String {
    let name = |visitor: &Visitor| format!("{} {}", visitor.user.first_name, visitor.user.last_name);
    page(
        "Ledgerly",
        &html! {
            main.narrow { div.card {
                h1 { "Continue as " span #next { (name(next)) } "?" }
                p.lead {
                    "You are signed in as " (name(present)) " (" (present.marketplace) "). This sign-in is for "
                    (name(next)) " (" (next.marketplace) "). If you did not start it yourself, stay as you are."
                }
                form method="post" action="/switch" { button.button type="submit" { "Continue as " (name(next)) } }
                p { a href="/" { "Stay " (name(present)) } }
            } }
        },
    )
}

/// The code was not good.
pub(crate) fn refused(marketplaces: &[(String, String)]) -> String {
    failed("That link has been used", "A sign-in link works once and for a minute. Please sign in again:", marketplaces)
}

/// The service could not be asked.
pub(crate) fn unavailable(marketplaces: &[(String, String)]) -> String {
    failed("Something went wrong on our side", "You could not be signed in just now. Please try again:", marketplaces)
}

fn failed(title: &str, advice: &str, marketplaces: &[(String, String)]) -> String {
    page(
        "Ledgerly",
        &html! {
            main.narrow { div.card {
                h1 { (title) }
                p.lead { (advice) }
                (ways_in(marketplaces))
            } }
        },
    )
}

fn ways_in(marketplaces: &[(String, String)]) -> Markup {
    html! {
        @for (key, initialize_url) in marketplaces {
            p { a.button href=(initialize_url) { "Sign in through " (key) } }
        }
    }
}
