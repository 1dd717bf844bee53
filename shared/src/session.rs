//! The session we open when a person signs in, and the two credentials that lead to it: the browser's session id and the
//! app's one-time code. The table keeps only their digests, so that reading it signs nobody in.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{CreationMode, Group, GroupId, MarketplaceKey, Role, User, UserId, VirtualUser},
    identity::MarketplaceSession,
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
#[derive(Debug, Clone)]
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
    /// Under which of the person's two ids the app files them.
    pub creation_mode: CreationMode,
    /// The session at the marketplace that it rests on, and when that is to be asked about again.
    pub marketplace_session: MarketplaceSession,
    /// When the marketplace last said that it holds.
    pub checked_at: Timestamp,
    /// When to ask it again after it did not answer.
    pub ask_again_at: Option<Timestamp>,
}

/// Where the person wanted to go: what was asked for at the start of the sign-in comes back with its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// An address on one of the app's own origins.
    pub return_to: Option<String>,
    /// Whether the app's settings were asked for (protocol.md §3.3).
    #[serde(default)]
    pub settings: bool,
}

/// Which records a sign-in has made, because the marketplace named them for the first time, or for the first time since they were
/// removed: protocol.md §10 wants a new account then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Created {
    /// The group.
    pub group: bool,
    /// The person, in this marketplace.
    pub user: bool,
    /// The person's membership in the group.
    pub member: bool,
}

/// A session that holds now, with the records it names.
#[derive(Debug, Clone)]
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
    /// What of it the sign-in made.
    pub created: Created,
}

/// What `GET /session` and the app's code exchange answer.
#[derive(Serialize)]
pub struct SessionView<'a> {
    marketplace: &'a MarketplaceKey,
    account: AccountView<'a>,
    user: UserView<'a>,
    group: &'a Group,
    role: &'a str,
    is_admin: bool,
    created: Created,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// It holds names and addresses, which do not belong into a log.
impl fmt::Debug for SessionView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionView").field("marketplace", &self.marketplace).finish_non_exhaustive()
    }
}

/// Under which id and address the app files the person: the real or the virtual ones, as the marketplace's settings say.
#[derive(Serialize)]
struct AccountView<'a> {
    mode: CreationMode,
    id: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct UserView<'a> {
    #[serde(flatten)]
    user: &'a User,
    virtual_id: &'a str,
    virtual_email: &'a str,
}

impl ActiveSession {
    /// The id the app files the person under.
    #[must_use]
    pub fn account_id(&self) -> &str {
        match self.session.creation_mode {
            CreationMode::Real => self.user.id.as_str(),
            CreationMode::Virtual => &self.virtual_user.id,
        }
    }

    /// The session as the app sees it.
    #[must_use]
    pub fn view(&self) -> SessionView<'_> {
        SessionView {
            marketplace: &self.session.marketplace,
            account: AccountView {
                mode: self.session.creation_mode,
                id: self.account_id(),
                email: match self.session.creation_mode {
                    CreationMode::Real => &self.user.email,
                    CreationMode::Virtual => &self.virtual_user.email,
                },
            },
            created: self.created,
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
