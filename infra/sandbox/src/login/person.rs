//! A login, and what both protocols say about it.

use crate::directory::{Group, Reseller, User};
use crate::state::Marketplace;

/// The role of somebody without a membership row.
const GUEST: &str = "Guest";

/// Who logs in, through which group.
pub(crate) struct Login<'a> {
    pub(crate) marketplace: &'a Marketplace,
    pub(crate) user: &'a User,
    pub(crate) group: &'a Group,
    /// Set when the person logging in is the reseller.
    pub(crate) reseller: Option<&'a Reseller>,
}

impl Login<'_> {
    pub(crate) fn session_token(&self) -> String {
        self.marketplace.sessions.get(&self.user.uid).cloned().unwrap_or_default()
    }

    pub(crate) fn role(&self) -> &'static str {
        let role = self.marketplace.directory.role(&self.user.uid, &self.group.uid);
        role.map_or(GUEST, |role| role.as_str())
    }

    pub(crate) fn virtual_uid(&self) -> String {
        format!("{}.{}", self.user.uid, self.group.uid)
    }

    pub(crate) fn virtual_email(&self) -> String {
        format!("{}@appmail.{}.test", self.virtual_uid(), self.marketplace.key)
    }
}
