//! The identifier of a person at a provider (protocol.md §4).

use crate::domain::UserId;

/// `{op_endpoint}/users/{uid}` of the configured endpoint, and no other address.
#[derive(Clone)]
pub(super) struct ClaimedId {
    url: String,
    user: UserId,
}

impl ClaimedId {
    /// `text`, if it is an identifier under `endpoint`. A user's id has no character that could lead elsewhere.
    pub(super) fn under(endpoint: &str, text: &str) -> Option<Self> {
        let user = text.strip_prefix(endpoint)?.strip_prefix("/users/")?.parse().ok()?;
        Some(Self { url: text.to_owned(), user })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.url
    }

    pub(super) fn user(&self) -> &UserId {
        &self.user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "https://hub.test/api/openid/provider/app-1";

    #[test]
    fn an_identifier_ends_in_the_users_id() {
        let id = ClaimedId::under(ENDPOINT, "https://hub.test/api/openid/provider/app-1/users/usr-1").unwrap();
        assert_eq!(id.user().as_str(), "usr-1");
    }

    #[test]
    fn no_other_address_is_an_identifier() {
        for rest in [
            "",
            "/users/",
            "/users",
            "/users/usr-1/",
            "/users/usr-1?x",
            "/users/usr-1#x",
            "/users/../usr-1",
            "/users/usr-1.xrds",
            "/users/%75sr-1",
            "/Users/usr-1",
            "//users/usr-1",
            "x/users/usr-1",
            "@evil.test/users/usr-1",
        ] {
            assert!(ClaimedId::under(ENDPOINT, &format!("{ENDPOINT}{rest}")).is_none(), "{rest}");
        }
        for elsewhere in [
            "http://hub.test/api/openid/provider/app-1/users/usr-1",
            "https://evil.test/api/openid/provider/app-1/users/usr-1",
            "https://hub.test/api/openid/provider/app-2/users/usr-1",
            "https://HUB.test/api/openid/provider/app-1/users/usr-1",
        ] {
            assert!(ClaimedId::under(ENDPOINT, elsewhere).is_none(), "{elsewhere}");
        }
    }
}
