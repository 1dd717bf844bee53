//! The customer's side: a group, and what a member may do in it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::GroupId;

/// One instance of the app bought by a customer, as its marketplace describes it (protocol.md §3.7).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id within the marketplace.
    pub id: GroupId,
    /// The display name of the instance.
    pub name: String,
    /// The principal contact's e-mail address.
    pub email: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// An Olson name.
    pub timezone: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Free text.
    pub city: Option<String>,
    /// The owning organization, `org-…`; production hubs send it, sandboxes do not.
    pub org_id: Option<String>,
    /// The partner who introduced the customer, `rsl-…`.
    pub reseller_id: Option<String>,
    /// Whether a credit card is on file.
    pub has_credit_card: bool,
    /// When the free trial ends or ended.
    pub free_trial_end_at: Option<Timestamp>,
}

/// Names and addresses stay out of logs: only the id prints.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the user may do in the group, exactly as the marketplace spells it (protocol.md §0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(String);

impl Role {
    /// A role as sent. Unknown ones are kept: they grant nothing.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The role as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it carries administration rights: `Admin` or `Super Admin`, nothing else (protocol.md §0).
    #[must_use]
    pub fn is_admin(&self) -> bool {
        matches!(self.0.as_str(), "Admin" | "Super Admin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_admin_roles_administrate() {
        for role in ["Admin", "Super Admin"] {
            assert!(Role::new(role).is_admin(), "{role}");
        }
        for role in ["Member", "Power User", "Guest", "admin", "Admin ", "Administrator", ""] {
            assert!(!Role::new(role).is_admin(), "{role}");
        }
    }
}
