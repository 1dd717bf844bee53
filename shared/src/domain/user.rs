//! The person who signs in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{GroupId, UserId};

/// A person as their marketplace describes them (protocol.md §3.7).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The real id within the marketplace.
    pub id: UserId,
    /// The real address; unique on the hub, and it may change.
    pub email: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Free text from the user's sign-up, unrelated to any group.
    pub company_name: Option<String>,
}

/// Names and addresses stay out of logs: only the id prints.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The same person seen through one group, for apps where a user belongs to one account only (protocol.md §3.8).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualUser {
    /// `{user id}.{group id}`.
    pub id: String,
    /// An address that is unique per group and no mailbox to write to.
    pub email: String,
}

impl VirtualUser {
    /// The virtual id of `user` in `group`: what the marketplace must have sent.
    #[must_use]
    pub fn id_of(user: &UserId, group: &GroupId) -> String {
        format!("{user}.{group}")
    }
}

impl fmt::Debug for VirtualUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Which of a person's two ids an app files them under (protocol.md §3.8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreationMode {
    /// The real one: a person can be in many groups.
    #[default]
    Real,
    /// The virtual one, another in each group: for apps where a user belongs to one account only.
    Virtual,
}
