//! The addresses that marketplaces know us by: those that a vendor registers on the developer platform (design.md §3), in all the
//! spellings that were ever used (protocol.md §3.3, §3.9, §5). `{mp}` is a marketplace key.

use url::form_urlencoded;

/// Where a sign-in by SAML starts.
pub const SAML_INITIALIZE: &str = "/mno-enterprise/{mp}/saml/initialize";
/// Where its answer comes.
pub const SAML_CONSUME: &str = "/mno-enterprise/{mp}/saml/consume";
/// Who we are, for the operator of an identity provider.
pub const SAML_METADATA: &str = "/mno-enterprise/{mp}/saml/metadata";
/// Whether the service is there.
pub const HEALTH: &str = "/health";
/// An older spelling of [`SAML_INITIALIZE`].
pub const OLDER_SAML_INITIALIZE: &str = "/maestrano/auth/saml/init/{mp}";
/// An older spelling of [`SAML_CONSUME`].
pub const OLDER_SAML_CONSUME: &str = "/maestrano/auth/saml/consume/{mp}";
/// The oldest spelling of [`SAML_INITIALIZE`]: the marketplace stands in the query, as `marketplace`.
pub const OLDEST_SAML_INITIALIZE: &str = "/maestrano/init";
/// The oldest spelling of [`SAML_CONSUME`]: idem.
pub const OLDEST_SAML_CONSUME: &str = "/maestrano/consume";

/// Where a marketplace tells that a group's service ends.
pub const GROUP_REMOVAL: &str = "/mno-enterprise/{mp}/account/group/{group}";
/// Where a marketplace tells that a person no longer belongs to a group.
pub const MEMBER_REMOVAL: &str = "/mno-enterprise/{mp}/account/group/{group}/user/{user}";
/// An older spelling of [`GROUP_REMOVAL`].
pub const OLDER_GROUP_REMOVAL: &str = "/maestrano/account/groups/{group}/{mp}";
/// An older spelling of [`MEMBER_REMOVAL`].
pub const OLDER_MEMBER_REMOVAL: &str = "/maestrano/account/groups/{group}/users/{user}/{mp}";
/// The oldest spelling of [`GROUP_REMOVAL`]: the credentials tell the marketplace.
pub const OLDEST_GROUP_REMOVAL: &str = "/maestrano/account/groups/{group}";
/// The oldest spelling of [`MEMBER_REMOVAL`]: idem.
pub const OLDEST_MEMBER_REMOVAL: &str = "/maestrano/account/groups/{group}/users/{user}";
/// Another spelling of [`GROUP_REMOVAL`]: idem.
pub const OTHER_GROUP_REMOVAL: &str = "/webhooks/maestrano/groups/{group}";
/// Another spelling of [`MEMBER_REMOVAL`]: idem.
pub const OTHER_MEMBER_REMOVAL: &str = "/webhooks/maestrano/groups/{group}/users/{user}";

/// A purpose that has several addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A sign-in by SAML starts.
    SamlInitialize,
    /// Its answer comes.
    SamlConsume,
    /// A group's service ends.
    GroupRemoval,
    /// A person's membership ends.
    MemberRemoval,
}

impl Purpose {
    /// Its spellings; the first is the usual one.
    #[must_use]
    pub fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::SamlInitialize => &[SAML_INITIALIZE, OLDER_SAML_INITIALIZE, OLDEST_SAML_INITIALIZE],
            Self::SamlConsume => &[SAML_CONSUME, OLDER_SAML_CONSUME, OLDEST_SAML_CONSUME],
            Self::GroupRemoval => &[GROUP_REMOVAL, OLDER_GROUP_REMOVAL, OLDEST_GROUP_REMOVAL, OTHER_GROUP_REMOVAL],
            Self::MemberRemoval => &[MEMBER_REMOVAL, OLDER_MEMBER_REMOVAL, OLDEST_MEMBER_REMOVAL, OTHER_MEMBER_REMOVAL],
        }
    }

    /// The usual address for one marketplace, with the placeholders that it fills in itself.
    #[must_use]
    pub fn usual(self, marketplace: &str) -> String {
        let (group, user) = self.placeholders();
        let usual = self.spellings().first().copied().unwrap_or_default();
        usual.replace("{mp}", marketplace).replace("{group}", group).replace("{user}", user)
    }

    /// Whether a registered address, which may carry a query, is one that we serve this marketplace under.
    #[must_use]
    pub fn is_served_at(self, registered: &str, marketplace: &str) -> bool {
        let (path, query) = registered.split_once('?').unwrap_or((registered, ""));
        let is_removal = matches!(self, Self::GroupRemoval | Self::MemberRemoval);
        // No route of an HTTP API ends with a slash; only the oldest of a sign-in do, behind a route of their own.
        let path = path.strip_suffix('/').filter(|_| !is_removal).unwrap_or(path);
        let names_marketplace = |named: Option<&str>| match (named, self) {
            (Some(named), _) => named == marketplace,
            (None, Self::GroupRemoval | Self::MemberRemoval) => true,
            (None, Self::SamlInitialize | Self::SamlConsume) => {
                marketplace_in_query(query).as_deref() == Some(marketplace)
            }
        };
        let (group, user) = self.placeholders();
        self.spellings().iter().filter_map(|spelling| Names::in_path(path, spelling)).any(|names| {
            names_marketplace(names.marketplace)
                && names.group.is_none_or(|named| named == group)
                && names.user.is_none_or(|named| named == user)
        })
    }

    /// What stands for the group and for the person in a registered address (protocol.md §5).
    fn placeholders(self) -> (&'static str, &'static str) {
        if self == Self::MemberRemoval { (":group_id", ":id") } else { (":id", "") }
    }
}

/// What a path names, as it is written there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names<'a> {
    /// `{mp}`
    pub marketplace: Option<&'a str>,
    /// `{group}`
    pub group: Option<&'a str>,
    /// `{user}`
    pub user: Option<&'a str>,
}

impl<'a> Names<'a> {
    /// What a path names that has this pattern.
    #[must_use]
    pub fn in_path(path: &'a str, pattern: &str) -> Option<Self> {
        let (mut written, mut names) = (path.split('/'), Self::default());
        for expected in pattern.split('/') {
            let segment = written.next()?;
            match expected {
                "{mp}" => names.marketplace = Some(segment),
                "{group}" => names.group = Some(segment),
                "{user}" => names.user = Some(segment),
                _ if segment != expected => return None,
                _ => {}
            }
        }
        written.next().is_none().then_some(names)
    }
}

/// The marketplace in a path that has this pattern; empty if the pattern names none.
#[must_use]
pub fn marketplace_in<'a>(path: &'a str, pattern: &str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{mp}") else { return (path == pattern).then_some("") };
    let marketplace = path.strip_prefix(before)?.strip_suffix(after)?;
    (!marketplace.contains('/')).then_some(marketplace)
}

/// The marketplace in a query's `marketplace=`, if that is there once.
#[must_use]
pub fn marketplace_in_query(query: &str) -> Option<String> {
    let mut named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "marketplace");
    match (named.next(), named.next()) {
        (Some((_, marketplace)), None) => Some(marketplace.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_served_for_its_own_marketplace_only() {
        for served in [
            "/mno-enterprise/acme-hub/saml/initialize",
            "/mno-enterprise/acme-hub/saml/initialize/",
            "/maestrano/auth/saml/init/acme-hub",
            "/maestrano/init/?marketplace=acme-hub",
            "/maestrano/init?marketplace=acme-hub&x=1",
        ] {
            assert!(Purpose::SamlInitialize.is_served_at(served, "acme-hub"), "{served}");
            assert!(!Purpose::SamlInitialize.is_served_at(served, "northbank"), "{served}");
            assert!(!Purpose::SamlConsume.is_served_at(served, "acme-hub"), "{served}");
        }
        for not_served in
            ["/login", "/maestrano/init", "/maestrano/init?marketplace=acme-hub&marketplace=acme-hub", "/"]
        {
            assert!(!Purpose::SamlInitialize.is_served_at(not_served, "acme-hub"), "{not_served}");
        }
        assert!(Purpose::SamlConsume.is_served_at("/maestrano/consume/?marketplace=northbank", "northbank"));
    }

    #[test]
    fn the_usual_address_is_served() {
        for purpose in [Purpose::SamlInitialize, Purpose::SamlConsume, Purpose::GroupRemoval, Purpose::MemberRemoval] {
            assert!(purpose.is_served_at(&purpose.usual("acme-hub"), "acme-hub"));
            assert!(!purpose.is_served_at(&purpose.usual("acme-hub"), "northbank"));
        }
    }

    #[test]
    fn removals_are_served_where_the_placeholders_stand_for_what_they_should() {
        for served in [
            "/mno-enterprise/acme-hub/account/group/:id",
            "/maestrano/account/groups/:id/acme-hub",
            "/maestrano/account/groups/:id",
            "/webhooks/maestrano/groups/:id",
        ] {
            assert!(Purpose::GroupRemoval.is_served_at(served, "acme-hub"), "{served}");
            assert!(!Purpose::MemberRemoval.is_served_at(served, "acme-hub"), "{served}");
        }
        for served in [
            "/mno-enterprise/acme-hub/account/group/:group_id/user/:id",
            "/maestrano/account/groups/:group_id/users/:id/acme-hub",
            "/maestrano/account/groups/:group_id/users/:id",
            "/webhooks/maestrano/groups/:group_id/users/:id",
        ] {
            assert!(Purpose::MemberRemoval.is_served_at(served, "acme-hub"), "{served}");
            assert!(!Purpose::GroupRemoval.is_served_at(served, "acme-hub"), "{served}");
        }
        for swapped in ["/maestrano/account/groups/:id/users/:group_id", "/maestrano/account/groups/:id/users/:id"] {
            assert!(!Purpose::MemberRemoval.is_served_at(swapped, "acme-hub"), "{swapped}");
        }
        assert!(!Purpose::GroupRemoval.is_served_at("/maestrano/account/groups/cld-7a1c", "acme-hub"));
    }
}
