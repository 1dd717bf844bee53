//! Deciding who is there and for which group, from the query, the cookie and the directory (protocol §3.5).

use url::Url;

use super::person::Login;
use crate::app::App;
use crate::directory::{Group, Reseller, User};
use crate::state::Marketplace;

/// What has to be shown next.
pub(crate) enum Decision<'a> {
    PickUser,
    PickGroup(&'a User, Vec<&'a Group>),
    /// The user has no group with this app.
    Denied(&'a User),
    LogIn(Login<'a>),
}

/// Where the query says whom and what it wants.
pub(crate) struct Hints<'a> {
    pub(crate) user_uid: Option<&'a str>,
    pub(crate) group_id: Option<&'a str>,
}

pub(crate) fn decide<'a>(marketplace: &'a Marketplace, hints: &Hints<'_>) -> Decision<'a> {
    let directory = &marketplace.directory;
    let Some(user) = hints.user_uid.and_then(|uid| directory.user(uid)) else {
        return Decision::PickUser;
    };
    let groups = directory.running_groups_of(&user.uid);
    let asked = |group: &&Group| hints.group_id == Some(group.uid.as_str());
    if let Some(group) = reseller_visit(marketplace, &groups, hints.group_id) {
        return log_in(marketplace, user, group);
    }
    match groups.as_slice() {
        [] => Decision::Denied(user),
        [only] => log_in(marketplace, user, only),
        several => match several.iter().copied().find(asked) {
            Some(group) => log_in(marketplace, user, group),
            None => Decision::PickGroup(user, groups),
        },
    }
}

fn log_in<'a>(marketplace: &'a Marketplace, user: &'a User, group: &'a Group) -> Decision<'a> {
    Decision::LogIn(Login { marketplace, user, group, reseller: reseller(marketplace, group) })
}

/// A reseller may visit a customer's group without being a member: the one way to log in as `Guest`.
fn reseller_visit<'a>(
    marketplace: &'a Marketplace,
    memberships: &[&Group],
    group_id: Option<&str>,
) -> Option<&'a Group> {
    let group = marketplace.directory.running_group(group_id?)?;
    let is_member = memberships.iter().any(|membership| membership.uid == group.uid);
    (!is_member && reseller(marketplace, group).is_some()).then_some(group)
}

/// The reseller a pending `reseller_sso` speaks of: the group's own.
fn reseller<'a>(marketplace: &'a Marketplace, group: &Group) -> Option<&'a Reseller> {
    marketplace.pending_reseller.as_ref()?;
    marketplace.directory.reseller(group.reseller_id.as_deref()?)
}

/// `reseller_sso` counts for one login, whether or not the group turned out to have a reseller.
pub(crate) fn spend_reseller_visit(app: &App, login: &Login<'_>) {
    if let Some(marketplace) = app.world().marketplace_mut(&login.marketplace.key) {
        marketplace.pending_reseller = None;
    }
}

/// Scheme, host and port of an http(s) address.
pub(crate) fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_scheme_has_no_origin() {
        assert_eq!(origin("https://app.example.test/a/b?c=d").as_deref(), Some("https://app.example.test"));
        assert_eq!(origin("javascript:alert(1)"), None);
    }
}
