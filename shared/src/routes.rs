//! The addresses that marketplaces know us by: those that a vendor registers on the developer platform (design.md §3), in all the
//! spellings that were ever used (protocol.md §3.3, §3.9). `{mp}` is a marketplace key.

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

/// A purpose that has several addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A sign-in by SAML starts.
    SamlInitialize,
    /// Its answer comes.
    SamlConsume,
}

impl Purpose {
    /// Its spellings; the first is the usual one.
    #[must_use]
    pub fn spellings(self) -> [&'static str; 3] {
        match self {
            Self::SamlInitialize => [SAML_INITIALIZE, OLDER_SAML_INITIALIZE, OLDEST_SAML_INITIALIZE],
            Self::SamlConsume => [SAML_CONSUME, OLDER_SAML_CONSUME, OLDEST_SAML_CONSUME],
        }
    }

    /// The usual address for one marketplace.
    #[must_use]
    pub fn usual(self, marketplace: &str) -> String {
        let [usual, ..] = self.spellings();
        usual.replace("{mp}", marketplace)
    }

    /// Whether a registered address, which may carry a query, is one that we serve this marketplace under.
    #[must_use]
    pub fn is_served_at(self, registered: &str, marketplace: &str) -> bool {
        let (path, query) = registered.split_once('?').unwrap_or((registered, ""));
        let path = path.strip_suffix('/').unwrap_or(path);
        self.spellings().into_iter().any(|spelling| match marketplace_in(path, spelling) {
            Some("") => marketplace_in_query(query).as_deref() == Some(marketplace),
            named => named == Some(marketplace),
        })
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
        for purpose in [Purpose::SamlInitialize, Purpose::SamlConsume] {
            assert!(purpose.is_served_at(&purpose.usual("acme-hub"), "acme-hub"));
        }
    }
}
