//! The session we open when a person signs in, and the two credentials that lead to it: the browser's session id and the
//! app's one-time code. The table keeps only their digests, so that reading it signs nobody in.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Group, GroupId, MarketplaceKey, Role, User, UserId, VirtualUser},
    random,
};

/// How long a session lasts at most.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// How long the app may take to redeem a one-time code.
pub const CODE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// A credential of 256 random bits that we hand out once and keep only the digest of.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A fresh one.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::token())
    }

    /// One that somebody presents. Anything but 43 base64url characters is none of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        shaped.then(|| Self(text.to_owned()))
    }

    /// The clear text, for the cookie or the URL that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the table knows it by.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes())))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The SHA-256 of a [`Token`], in base64url: safe to store, useless to present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenDigest(String);

impl TokenDigest {
    /// As text, for a key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a session is bound to. It names the records; it does not copy them, so that it always tells their present state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The boundary.
    pub marketplace: MarketplaceKey,
    /// Who.
    pub user: UserId,
    /// Through which group.
    pub group: GroupId,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when at most.
    pub expires_at: Timestamp,
    /// When the marketplace is due to be asked whether it still holds (protocol.md §3.11).
    pub recheck_at: Timestamp,
}

/// A session that holds now, with the records it names.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveSession {
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
    /// The person seen through the group.
    pub virtual_user: VirtualUser,
    /// The group.
    pub group: Group,
    /// What they are in it.
    pub role: Role,
}

/// What `GET /session` and the app's code exchange answer.
#[derive(Serialize)]
pub struct SessionView<'a> {
    marketplace: &'a MarketplaceKey,
    user: UserView<'a>,
    group: &'a Group,
    role: &'a str,
    is_admin: bool,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// It holds names and addresses, which do not belong into a log.
impl fmt::Debug for SessionView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionView").field("marketplace", &self.marketplace).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct UserView<'a> {
    #[serde(flatten)]
    user: &'a User,
    virtual_id: &'a str,
    virtual_email: &'a str,
}

impl ActiveSession {
    /// The session as the app sees it.
    #[must_use]
    pub fn view(&self) -> SessionView<'_> {
        SessionView {
            marketplace: &self.session.marketplace,
            user: UserView {
                user: &self.user,
                virtual_id: &self.virtual_user.id,
                virtual_email: &self.virtual_user.email,
            },
            group: &self.group,
            role: self.role.as_str(),
            is_admin: self.role.is_admin(),
            created_at: self.session.created_at,
            expires_at: self.session.expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_do_not_print_and_come_back() {
        let [a, b] = [Token::generate(), Token::generate()];
        assert_ne!(a.expose(), b.expose());
        assert_eq!(format!("{a:?}"), "[redacted]");
        assert_eq!(Token::parse(a.expose()), Some(a));
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        for text in ["", "short", &"a".repeat(42), &"a".repeat(44), &"#".repeat(43), &"é".repeat(21)] {
            assert_eq!(Token::parse(text), None, "{text:?}");
        }
    }
}
