//! What the app should know: each change of a group, of a person or of a membership, as an event. It is written with the change
//! itself, published later, perhaps twice, and in the order of its group. `docs/events/` describes every type.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    domain::{CreationMode, Group, GroupId, MarketplaceKey, Role, User, UserId, VirtualUser},
    random,
};

/// How long an event can be read again after it happened.
pub const EVENT_LIFETIME: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One change, as the app learns it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same, however often it is delivered: what a consumer recognises a duplicate by.
    pub id: String,
    /// What happened, such as `group.created`.
    pub r#type: String,
    /// When.
    pub timestamp: Timestamp,
    /// The boundary.
    pub marketplace: MarketplaceKey,
    /// The group it is about, or through which it came about.
    pub group: GroupId,
    /// Its place among the events of that group: one more than the event before. Where they start means nothing, and only a group that
    /// comes back after all of it was purged goes on at a higher number.
    pub sequence: u64,
    /// The records as they are after the change.
    pub data: Value,
}

/// It holds names and addresses, which do not belong into a log.
impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event").field("id", &self.id).field("type", &self.r#type).finish_non_exhaustive()
    }
}

/// Why a membership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// The marketplace took the person out of the group.
    MemberRemoved,
    /// The marketplace cancelled the whole group.
    GroupCancelled,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum Change<'a> {
    /// A group signs in for the first time, or the first time since all of it was purged.
    GroupCreated(&'a Group),
    /// The marketplace describes it differently.
    GroupUpdated(&'a Group),
    /// It was cancelled, and somebody signs in through it again.
    GroupRestored(&'a Group),
    /// Its service ends.
    GroupCancelled(&'a Group),
    /// A person signs in for the first time.
    UserCreated(&'a User),
    /// The marketplace describes them differently.
    UserUpdated(&'a User),
    /// They are left without any membership.
    UserBlocked(&'a UserId),
    /// They were, and have one again.
    UserUnblocked(&'a UserId),
    /// In virtual mode: the account that they had in this group is gone.
    UserRemoved(&'a Account),
    /// A person belongs to the group.
    MemberAdded(Member<'a>),
    /// They are something else in it, or the app files them under another id, or under another virtual address.
    MemberUpdated(Member<'a>),
    /// They belong to it no longer.
    MemberRemoved(&'a Account, RemovalReason),
}

/// Whom the app files under which id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: UserId,
    /// Whether that is their real or their virtual id.
    pub mode: CreationMode,
    /// The id the app files them under.
    pub id: String,
}

/// A member, as the app files them.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// The person.
    pub user: &'a User,
    /// Under which id.
    pub account: &'a Account,
    /// Under which address, if they are filed under the virtual id.
    pub virtual_email: &'a str,
    /// What they are.
    pub role: &'a Role,
}

impl Account {
    /// The person's account in this group.
    #[must_use]
    pub fn of(user: &UserId, group: &GroupId, mode: CreationMode) -> Self {
        let id = match mode {
            CreationMode::Real => user.as_str().to_owned(),
            CreationMode::Virtual => VirtualUser::id_of(user, group),
        };
        Self { user: user.clone(), mode, id }
    }

    fn json(&self) -> Value {
        json!({ "mode": self.mode, "id": self.id })
    }
}

impl Member<'_> {
    fn json(&self) -> Value {
        let email = match self.account.mode {
            CreationMode::Real => &self.user.email,
            CreationMode::Virtual => self.virtual_email,
        };
        json!({
            "user": self.user,
            "account": { "mode": self.account.mode, "id": self.account.id, "email": email },
            "role": self.role,
            "is_admin": self.role.is_admin(),
        })
    }
}

impl Change<'_> {
    /// The name of its type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::GroupCreated(_) => "group.created",
            Self::GroupUpdated(_) => "group.updated",
            Self::GroupRestored(_) => "group.restored",
            Self::GroupCancelled(_) => "group.cancelled",
            Self::UserCreated(_) => "user.created",
            Self::UserUpdated(_) => "user.updated",
            Self::UserBlocked(_) => "user.blocked",
            Self::UserUnblocked(_) => "user.unblocked",
            Self::UserRemoved(_) => "user.removed",
            Self::MemberAdded(_) => "member.added",
            Self::MemberUpdated(_) => "member.updated",
            Self::MemberRemoved(..) => "member.removed",
        }
    }

    /// What the app is told of it.
    #[must_use]
    pub fn data(&self) -> Value {
        match self {
            Self::GroupCreated(group)
            | Self::GroupUpdated(group)
            | Self::GroupRestored(group)
            | Self::GroupCancelled(group) => json!({ "group": group }),
            Self::UserCreated(user) | Self::UserUpdated(user) => json!({ "user": user }),
            Self::UserBlocked(user) | Self::UserUnblocked(user) => json!({ "user": { "id": user } }),
            Self::UserRemoved(account) => json!({ "user": { "id": account.user }, "account": account.json() }),
            Self::MemberAdded(member) | Self::MemberUpdated(member) => member.json(),
            Self::MemberRemoved(account, reason) => {
                json!({ "user": { "id": account.user }, "account": account.json(), "reason": reason })
            }
        }
    }

    /// The event, at this place among those of its group.
    #[must_use]
    pub fn event(&self, marketplace: &MarketplaceKey, group: &GroupId, sequence: u64, now: Timestamp) -> Event {
        Event {
            id: format!("evt_{}", random::token()),
            r#type: self.name().to_owned(),
            timestamp: now,
            marketplace: marketplace.clone(),
            group: group.clone(),
            sequence,
            data: self.data(),
        }
    }
}
