//! The launcher's cards.

use maud::{Markup, html};
use url::form_urlencoded::Serializer;

use super::launcher_groups;
use crate::config_api::{Damage, Paths};
use crate::connec::{BatchDamage, LARGEST_BATCH};
use crate::directory::{Group, User};
use crate::events::Event;
use crate::faults::{Fault, FaultKind};
use crate::routes::RouteName;
use crate::state::{Marketplace, SignatureMode};
use crate::time;

pub(super) struct Card<'a> {
    pub(super) marketplace: &'a Marketplace,
    pub(super) host: &'a str,
    pub(super) app_host: &'a str,
}

/// A way into the app.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Saml,
    /// By SAML as the reseller of the group.
    Reseller,
    OpenId,
}

impl Card<'_> {
    /// Absolute, because the cookies must belong to the host the app sends the browser back to.
    fn launch_url(&self, user: &User, group: Option<&Group>, way: Way) -> String {
        let paths = Paths::of(self.marketplace);
        let init = if way == Way::OpenId { paths.openid_init } else { paths.init };
        let mut query = Serializer::new(String::new());
        query.append_pair("user_uid", &user.uid).append_pair("sso_init_endpoint", &format!("{}{init}", self.app_host));
        if let Some(group) = group {
            query.append_pair("group_id", &group.uid);
        }
        if way == Way::Reseller {
            query.append_pair("reseller_sso", "true");
        }
        format!("{}/sso_trigger?{}", self.host, query.finish())
    }
}

pub(super) fn card(card: &Card<'_>) -> Markup {
    let marketplace = card.marketplace;
    html! {
        section .card aria-labelledby=(format!("mp-{}", marketplace.key)) {
            header .card-head {
                div {
                    h2 id=(format!("mp-{}", marketplace.key)) {
                        a href=(format!("/{}", marketplace.key)) { (marketplace.name) }
                    }
                    p .meta { code { (marketplace.key) } " · app id " code { (marketplace.api_id) } }
                }
                (switches(marketplace))
            }
            @for user in &marketplace.directory.users {
                (person(card, user))
            }
            (launcher_groups::groups(marketplace))
        }
    }
}

fn switches(marketplace: &Marketplace) -> Markup {
    let path = format!("marketplaces/{}", marketplace.key);
    let (label, next) = match marketplace.signature {
        SignatureMode::Sha256 => ("RSA-SHA256", r#"{"signature":"historical"}"#),
        SignatureMode::Historical => ("RSA-SHA1 (historical)", r#"{"signature":"sha256"}"#),
    };
    let acs = if marketplace.check_acs { "checked" } else { "not checked" };
    let acs_next = format!("{{\"check_acs\":{}}}", !marketplace.check_acs);
    html! {
        div .switches {
            button type="button" data-method="PATCH" data-path=(path) data-body=(next)
                title="Switch the signature mode" { "Signature: " (label) }
            button type="button" data-method="PATCH" data-path=(path) data-body=(acs_next)
                title="Switch the check of the address logins are answered to" { "Consume URL: " (acs) }
        }
    }
}

fn person(card: &Card<'_>, user: &User) -> Markup {
    let key = &card.marketplace.key;
    let directory = &card.marketplace.directory;
    html! {
        article .person {
            div .person-head {
                div {
                    h3 { (user.name) " " (user.surname) }
                    p .meta { (user.email) " · " code { (user.uid) } }
                }
                button .quiet type="button" data-method="POST"
                    data-path=(format!("marketplaces/{key}/users/{}/end_session", user.uid))
                    aria-label=(format!("End the session of {}", user.name)) { "End session" }
            }
            @if directory.running_groups_of(&user.uid).is_empty() {
                p .membership {
                    span .none { "No group with this app" }
                    a .launch href=(card.launch_url(user, None, Way::Saml)) { "Try anyway" }
                }
            }
            @for group in directory.groups_of(&user.uid) {
                (membership(card, user, group))
            }
        }
    }
}

fn membership(card: &Card<'_>, user: &User, group: &Group) -> Markup {
    let role = card.marketplace.directory.role(&user.uid, &group.uid);
    html! {
        p .membership {
            span .group {
                span { (group.name) }
                " "
                code { (group.uid) }
                @if let Some(role) = role { " " span .role { (role.as_str()) } }
            }
            span .ways {
                @if group.is_running() { (ways(card, user, group)) } @else { (launcher_groups::cancelled()) }
                (launcher_groups::remove(card.marketplace, user, group))
            }
        }
    }
}

fn ways(card: &Card<'_>, user: &User, group: &Group) -> Markup {
    html! {
        @if group.reseller_id.is_some() {
            a href=(card.launch_url(user, Some(group), Way::Reseller))
                aria-label=(format!("Launch {} as reseller", group.name)) { "As reseller" }
        }
        a .launch href=(card.launch_url(user, Some(group), Way::Saml))
            aria-label=(format!("Launch {} as {}", group.name, user.name)) { "Launch" }
        a href=(card.launch_url(user, Some(group), Way::OpenId))
            aria-label=(format!("Launch {} as {} by OpenID", group.name, user.name)) { "OpenID" }
    }
}

pub(super) fn faults(faults: &[Fault], marketplaces: &[Marketplace]) -> Markup {
    html! {
        section .card aria-labelledby="faults" {
            header .card-head {
                h2 #faults { "Faults" }
                button .quiet type="button" data-method="POST" data-path="reset" { "Reset everything" }
            }
            @if faults.is_empty() { p .hint { "Nothing fails on purpose." } }
            ul .rows {
                @for fault in faults { (fault_row(fault)) }
            }
            (fault_form(marketplaces))
        }
    }
}

fn fault_row(fault: &Fault) -> Markup {
    let detail = match fault.kind {
        FaultKind::Status => match fault.retry_after_s {
            Some(seconds) => format!("answers {} and to come back after {seconds} s", fault.status),
            None => format!("answers {}", fault.status),
        },
        FaultKind::Delay => format!("waits {} ms", fault.delay_ms),
        FaultKind::Drop => "breaks the connection".to_owned(),
        FaultKind::Malformed => "answers nonsense".to_owned(),
        FaultKind::Document(damage) => format!("answers {}", damaged(damage)),
        FaultKind::Batch(BatchDamage::ItemStatus) => {
            format!("answers {} for op {}", fault.status, fault.item.unwrap_or_default())
        }
        FaultKind::Batch(BatchDamage::ShortResults) => "leaves out the last result".to_owned(),
    };
    let often = fault.times.map_or_else(|| "always".to_owned(), |times| format!("{times} more"));
    html! {
        li {
            span {
                code { (fault.route.as_str()) }
                " " (detail) ", " (often)
                @if let Some(key) = &fault.marketplace { " on " (key) }
            }
            button .quiet type="button" data-method="DELETE" data-path=(format!("faults/{}", fault.id))
                aria-label=(format!("Remove fault {}", fault.id)) { "Remove" }
        }
    }
}

fn damaged(damage: Damage) -> &'static str {
    match damage {
        Damage::NotJson => "a web page",
        Damage::HalfDocument => "half the document",
        Damage::ErrorDocument => "an error document",
        Damage::NoMarketplaces => "without marketplaces",
        Damage::NoEntries => "an empty list",
        Damage::SingleObject => "one object, no list",
    }
}

fn fault_form(marketplaces: &[Marketplace]) -> Markup {
    html! {
        form #fault-form .fields {
            label { "Route"
                select name="route" { @for route in RouteName::ALL { option { (route.as_str()) } } }
            }
            label { "Marketplace"
                select name="marketplace" {
                    option value="" { "all" }
                    @for marketplace in marketplaces { option { (marketplace.key) } }
                }
            }
            label { "Kind"
                select name="kind" {
                    @for kind in FaultKind::ANYWHERE { option { (kind.as_str()) } }
                    optgroup label="config only" {
                        @for kind in FaultKind::CONFIG_ONLY { option { (kind.as_str()) } }
                    }
                    optgroup label="connec_batch only" {
                        @for kind in FaultKind::BATCH_ONLY { option { (kind.as_str()) } }
                    }
                }
            }
            label { "Status" input name="status" type="number" min="400" max="599" value="503"; }
            label { "Retry after, s" input name="retry_after_s" type="number" min="0" placeholder="not told"; }
            label { "Delay, ms" input name="delay_ms" type="number" min="0" max="60000" value="2000"; }
            label { "Op of a batch" input name="item" type="number" min="1" max=(LARGEST_BATCH) placeholder="none"; }
            label { "Times" input name="times" type="number" min="1" placeholder="always" value="1"; }
            button .primary type="submit" { "Add fault" }
        }
    }
}

pub(super) fn events(events: &[Event]) -> Markup {
    html! {
        section .card aria-labelledby="events" {
            header .card-head { h2 #events { "Last events" } }
            @if events.is_empty() { p .hint { "Nothing has happened yet." } }
            ol .rows {
                @for event in events {
                    li .event {
                        time datetime=(time::iso8601(event.at)) { (clock(event)) }
                        span {
                            (event.text)
                            @if let Some(key) = &event.marketplace { " " code { (key) } }
                        }
                    }
                }
            }
        }
    }
}

/// Time of day in UTC.
fn clock(event: &Event) -> String {
    event.at.strftime("%H:%M:%S").to_string()
}
