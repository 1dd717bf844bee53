//! The only place that spells keys. Ids are parsed types without a `#`, and everything else is digested first, so no value
//! can forge another item's key.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::{GroupId, MarketplaceKey, UserId},
    http::Reference,
    session::TokenDigest,
};

/// The table's partition key.
pub const PARTITION_KEY: &str = "PK";
/// The table's sort key.
pub const SORT_KEY: &str = "SK";
/// The attribute by which DynamoDB expires items: seconds since 1970.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// The address of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    partition: String,
    sort: String,
}

impl Key {
    pub(super) fn group(marketplace: &MarketplaceKey, group: &GroupId) -> Self {
        Self::new(format!("GROUP#{marketplace}#{group}"), "GROUP".to_owned())
    }

    /// Members stand with their group, so that they can be listed and removed with it.
    pub(super) fn member(marketplace: &MarketplaceKey, group: &GroupId, user: &UserId) -> Self {
        Self::new(format!("GROUP#{marketplace}#{group}"), format!("{}{user}", Self::MEMBERS))
    }

    /// What the sort keys of members start with.
    pub(super) const MEMBERS: &'static str = "MEMBER#";

    /// Events stand with their group too, so that the table's stream keeps their order.
    pub(super) fn event(marketplace: &MarketplaceKey, group: &GroupId, sequence: u64) -> Self {
        Self::new(format!("GROUP#{marketplace}#{group}"), format!("EVENT#{sequence:020}"))
    }

    /// What ended before anybody was met stands with the group that nobody has met.
    pub(super) fn ended_group(marketplace: &MarketplaceKey, group: &GroupId) -> Self {
        Self::new(format!("GROUP#{marketplace}#{group}"), "ENDED".to_owned())
    }

    pub(super) fn ended_member(marketplace: &MarketplaceKey, group: &GroupId, user: &UserId) -> Self {
        Self::new(format!("GROUP#{marketplace}#{group}"), format!("ENDED#{user}"))
    }

    /// Unfinished removals stand together, so that they can be listed.
    pub(super) fn removal(marketplace: &MarketplaceKey, group: &GroupId) -> Self {
        Self::new(Self::REMOVALS.to_owned(), format!("{marketplace}#{group}"))
    }

    /// The partition of unfinished removals.
    pub(super) const REMOVALS: &'static str = "REMOVALS";

    pub(super) fn user(marketplace: &MarketplaceKey, user: &UserId) -> Self {
        Self::new(format!("USER#{marketplace}#{user}"), "USER".to_owned())
    }

    pub(super) fn consumed_assertion(marketplace: &MarketplaceKey, assertion_id: &str) -> Self {
        Self::new(format!("ASSERTION#{marketplace}#{}", fingerprint(assertion_id)), "CONSUMED".to_owned())
    }

    pub(super) fn consumed_request(marketplace: &MarketplaceKey, request_id: &str) -> Self {
        Self::new(format!("REQUEST#{marketplace}#{}", fingerprint(request_id)), "CONSUMED".to_owned())
    }

    pub(super) fn session(id: &TokenDigest) -> Self {
        Self::new(format!("SESSION#{}", id.as_str()), "SESSION".to_owned())
    }

    pub(super) fn code(code: &TokenDigest) -> Self {
        Self::new(format!("CODE#{}", code.as_str()), "CODE".to_owned())
    }

    pub(super) fn trace(reference: &Reference) -> Self {
        Self::new(format!("TRACE#{reference}"), "TRACE".to_owned())
    }

    /// The head and the parts of the configuration stand together, and the head first.
    pub(super) fn configuration_head() -> Self {
        Self::new("CONFIGURATION".to_owned(), "HEAD".to_owned())
    }

    pub(super) fn configuration_part(index: usize) -> Self {
        Self::new("CONFIGURATION".to_owned(), format!("PART#{index:03}"))
    }

    pub(super) fn partition(&self) -> &str {
        &self.partition
    }

    fn new(partition: String, sort: String) -> Self {
        Self { partition, sort }
    }

    pub(super) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PARTITION_KEY.to_owned(), AttributeValue::S(self.partition)),
            (SORT_KEY.to_owned(), AttributeValue::S(self.sort)),
        ])
    }
}

/// Text of any length and any characters, as a part of a key.
fn fingerprint(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_ids_in_two_marketplaces_are_different_items() {
        let [acme, north]: [MarketplaceKey; 2] = ["acme-hub", "northbank"].map(|key| key.parse().unwrap());
        let group = "cld-7a1c".parse().unwrap();
        let user = "usr-5k2".parse().unwrap();
        assert_ne!(Key::group(&acme, &group), Key::group(&north, &group));
        assert_ne!(Key::user(&acme, &user), Key::user(&north, &user));
        assert_ne!(Key::member(&acme, &group, &user), Key::member(&north, &group, &user));
        assert_ne!(Key::consumed_assertion(&acme, "_a"), Key::consumed_assertion(&north, "_a"));
        assert_ne!(Key::consumed_request(&acme, "_a"), Key::consumed_request(&north, "_a"));
    }

    #[test]
    fn an_assertion_id_cannot_forge_a_key() {
        let acme = "acme-hub".parse().unwrap();
        let Key { partition, .. } = Key::consumed_assertion(&acme, "_a#CONSUMED#x");
        assert_eq!(partition.matches('#').count(), 2);
    }
}
