//! The launcher's list of a marketplace's groups, the way to their records, and the buttons that end access: to a whole
//! group, or one member's.

use maud::{Markup, html};

use crate::directory::{Group, User};
use crate::state::Marketplace;

pub(super) fn groups(marketplace: &Marketplace) -> Markup {
    let id = format!("groups-{}", marketplace.key);
    html! {
        section .groups aria-labelledby=(id) {
            h3 id=(id) { "Groups" }
            ul .rows {
                @for group in &marketplace.directory.groups { (row(marketplace, group)) }
            }
        }
    }
}

fn row(marketplace: &Marketplace, group: &Group) -> Markup {
    let members = marketplace.directory.memberships.iter().filter(|membership| membership.group_uid == group.uid);
    html! {
        li {
            span {
                (group.name) " " code { (group.uid) } " "
                span .meta { (number_of_members(members.count())) }
            }
            span .ways {
                a href=(format!("/{}/records/{}", marketplace.key, group.uid))
                    aria-label=(format!("Records of {}", group.name)) { "Records" }
                @if group.is_running() { (cancel(marketplace, group)) } @else { (cancelled()) }
            }
        }
    }
}

fn number_of_members(count: usize) -> String {
    match count {
        0 => "no members".to_owned(),
        1 => "1 member".to_owned(),
        several => format!("{several} members"),
    }
}

fn cancel(marketplace: &Marketplace, group: &Group) -> Markup {
    let question = format!("Cancel {} ({})? Nobody gets in any more, and the app is told.", group.name, group.uid);
    html! {
        button .ending type="button" data-method="POST"
            data-path=(format!("marketplaces/{}/groups/{}/cancel", marketplace.key, group.uid))
            data-confirm=(question) aria-label=(format!("Cancel {}", group.name)) { "Cancel" }
    }
}

pub(super) fn cancelled() -> Markup {
    html! { span .ended { "cancelled" } }
}

pub(super) fn remove(marketplace: &Marketplace, user: &User, group: &Group) -> Markup {
    let question =
        format!("Remove {} {} from {} ({})? The app is told.", user.name, user.surname, group.name, group.uid);
    html! {
        button .ending type="button" data-method="POST"
            data-path=(format!("marketplaces/{}/groups/{}/members/{}/remove", marketplace.key, group.uid, user.uid))
            data-confirm=(question) aria-label=(format!("Remove {} from {}", user.name, group.name)) { "Remove" }
    }
}
