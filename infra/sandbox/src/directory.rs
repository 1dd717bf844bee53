//! Whom and what a marketplace knows: people, groups, who is in which, and resellers.
//!
//! Plain data and look-ups. It knows neither HTTP nor sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time;

/// When a record was made and last changed, as the account API tells it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Dates {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Dates {
    /// Those of a record that is written now, and perhaps replaces an earlier one.
    pub(crate) fn written_now(earlier: Option<Self>) -> Self {
        let now = time::now();
        Self { created_at: earlier.map_or(now, |dates| dates.created_at), updated_at: now }
    }
}

/// A person with an account on one marketplace.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct User {
    /// `usr-…`, unique on this marketplace only.
    pub uid: String,
    /// First name.
    pub name: String,
    /// Last name.
    pub surname: String,
    /// Real address.
    pub email: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Free text from sign-up; often empty.
    #[serde(default)]
    pub company_name: Option<String>,
    /// `created_at` and `updated_at`.
    #[serde(flatten)]
    pub dates: Dates,
}

/// Whether a group still has the app.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum GroupStatus {
    /// It has.
    #[default]
    Running,
    /// The customer cancelled. The marketplace still knows the group, but nobody gets in.
    Terminated,
}

/// One bought instance of the app.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Group {
    /// `cld-…`, unique on this marketplace only.
    pub uid: String,
    /// Display name.
    pub name: String,
    /// Principal contact.
    pub email: String,
    /// End of the free trial.
    pub free_trial_end_at: Timestamp,
    /// Whether a card is on file.
    #[serde(default)]
    pub has_credit_card: bool,
    /// ISO 4217.
    pub currency: String,
    /// Olson name.
    pub timezone: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// City.
    pub city: String,
    /// The reseller who introduced the customer.
    #[serde(default)]
    pub reseller_id: Option<String>,
    /// The customer's accounting software, in the marketplace's own words.
    #[serde(default)]
    pub main_accounting: Option<String>,
    /// Whether it still has the app.
    #[serde(default)]
    pub status: GroupStatus,
    /// `created_at` and `updated_at`.
    #[serde(flatten)]
    pub dates: Dates,
}

impl Group {
    pub(crate) fn is_running(&self) -> bool {
        self.status == GroupStatus::Running
    }
}

/// A user's place in a group.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Membership {
    /// The member.
    pub user_uid: String,
    /// The group.
    pub group_uid: String,
    /// What the member may do there.
    pub role: Role,
}

impl Membership {
    pub(crate) fn is_of(&self, user_uid: &str, group_uid: &str) -> bool {
        self.user_uid == user_uid && self.group_uid == group_uid
    }
}

/// The exact role strings of the protocol. `Guest` is never stored: it is what somebody without a membership gets.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub enum Role {
    /// `Member`
    Member,
    /// `Power User`
    #[serde(rename = "Power User")]
    PowerUser,
    /// `Admin`
    Admin,
    /// `Super Admin`
    #[serde(rename = "Super Admin")]
    SuperAdmin,
}

impl Role {
    /// The string the marketplace sends.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::PowerUser => "Power User",
            Self::Admin => "Admin",
            Self::SuperAdmin => "Super Admin",
        }
    }
}

/// A partner who introduces customers.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Reseller {
    /// `rsl-…`
    pub uid: String,
    /// Display name.
    pub name: String,
    /// Short code.
    pub code: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// `created_at` and `updated_at`.
    #[serde(flatten)]
    pub dates: Dates,
}

/// Everybody and everything a marketplace knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Directory {
    /// People.
    pub users: Vec<User>,
    /// Bought instances.
    pub groups: Vec<Group>,
    /// Who is in which group.
    pub memberships: Vec<Membership>,
    /// Partners.
    pub resellers: Vec<Reseller>,
}

impl Directory {
    pub(crate) fn user(&self, uid: &str) -> Option<&User> {
        self.users.iter().find(|user| user.uid == uid)
    }

    /// Any group the marketplace knows, also a cancelled one.
    pub(crate) fn group(&self, uid: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.uid == uid)
    }

    /// A group people can be signed in to.
    pub(crate) fn running_group(&self, uid: &str) -> Option<&Group> {
        self.group(uid).filter(|group| group.is_running())
    }

    pub(crate) fn reseller(&self, uid: &str) -> Option<&Reseller> {
        self.resellers.iter().find(|reseller| reseller.uid == uid)
    }

    pub(crate) fn role(&self, user_uid: &str, group_uid: &str) -> Option<Role> {
        self.memberships
            .iter()
            .find(|membership| membership.is_of(user_uid, group_uid))
            .map(|membership| membership.role)
    }

    /// The groups a user can be signed in to, in the order they were bought.
    pub(crate) fn running_groups_of(&self, user_uid: &str) -> Vec<&Group> {
        self.groups_of(user_uid).filter(|group| group.is_running()).collect()
    }

    /// The groups a user is in, cancelled ones as well.
    pub(crate) fn groups_of(&self, user_uid: &str) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(move |group| self.role(user_uid, &group.uid).is_some())
    }
}
