//! The only place that spells keys. Ids are parsed types without a `#`, and everything else is digested first, so no value
//! can forge another item's key.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::{GroupId, LocalRecord, MarketplaceKey, Place, Realm, RemoteRecord, UserId},
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

    /// The side of a link that one finds by the vendor's own record: all of a record stand together.
    pub(super) fn link(record: &LocalRecord, place: &Place) -> Self {
        let Place { realm: Realm { provider, realm }, entity } = place;
        Self::new(Self::links_of(record), format!("{}#{}#{}", part(provider), part(realm), part(entity)))
    }

    /// The partition of a record's links.
    pub(super) fn links_of(record: &LocalRecord) -> String {
        format!("L#{}#{}", part(&record.class_name), part(&record.id))
    }

    /// The side of a link that one finds by the other platform's record: all of a realm stand together, by entity and then by id.
    pub(super) fn counterpart(remote: &RemoteRecord) -> Self {
        let Place { realm, entity } = &remote.place;
        Self::new(Self::links_in(realm), format!("{}{}", Self::entity(entity), part(&remote.rid)))
    }

    /// The partition of a realm's links.
    pub(super) fn links_in(realm: &Realm) -> String {
        format!("R#{}#{}", part(&realm.provider), part(&realm.realm))
    }

    /// What the sort keys of an entity's links start with, in their realm.
    pub(super) fn entity(entity: &str) -> String {
        format!("{}#", part(entity))
    }

    /// A record that the app handed to us, in its latest version.
    pub(super) fn record(record: &LocalRecord) -> Self {
        Self::new(format!("RECORD#{}#{}", part(&record.class_name), part(&record.id)), "RECORD".to_owned())
    }

    /// How a marketplace's Connec! does.
    pub(super) fn circuit(marketplace: &MarketplaceKey) -> Self {
        Self::new(format!("CIRCUIT#{marketplace}"), "CIRCUIT".to_owned())
    }

    /// One of the rights to ask it.
    pub(super) fn slot(marketplace: &MarketplaceKey, number: u8) -> Self {
        Self::new(format!("CIRCUIT#{marketplace}"), format!("SLOT#{number:03}"))
    }

    /// A key as it was read, and so as it was made here.
    pub(super) fn of(partition: String, sort: String) -> Self {
        Self { partition, sort }
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

/// The longest part that stands in a key as it is. Five of them fit into any key.
const MAX_PART_LEN: usize = 200;

/// Text of any length and any characters, as a part of a key that ends at `#`. What is short and harmless stays as it is, and so keeps its
/// order, by the bytes of UTF-8; the few characters that mean something here are escaped, and what is long is digested. No two texts
/// have the same part: a `~` begins digests only, and a `%` escapes only.
fn part(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '#' | '%' | '~' => part.push_str(&format!("%{:02X}", u32::from(character))),
            control if control.is_control() => part.push_str(&format!("%{:02X};", u32::from(control))),
            plain => part.push(plain),
        }
    }
    if part.len() <= MAX_PART_LEN { part } else { format!("~{}", fingerprint(text)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// Texts that try to be mistaken for others: short ones of few characters, so that collisions would be likely, and long ones.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::collection::vec(
                prop_oneof![Just('#'), Just('%'), Just('~'), Just('2'), Just('3'), Just('\n'), Just('é'), Just('a')],
                0..6
            )
            .prop_map(|characters| characters.into_iter().collect()),
            any::<String>(),
            (150..260_usize, any::<char>()).prop_map(|(length, last)| format!("{}{last}", "x".repeat(length))),
        ]
    }

    /// Two that are often the same, and often almost.
    fn pair() -> impl Strategy<Value = (String, String)> {
        (text(), text(), any::<bool>())
            .prop_map(|(one, other, same)| if same { (one.clone(), one) } else { (one, other) })
    }

    fn link_keys(parts: &[&String; 5]) -> (Key, Key) {
        let [class_name, id, provider, realm, entity] = parts.map(Clone::clone);
        let record = LocalRecord { class_name, id };
        let place = Place { realm: Realm { provider, realm }, entity };
        let remote = RemoteRecord { place: place.clone(), rid: record.id.clone() };
        (Key::link(&record, &place), Key::counterpart(&remote))
    }

    proptest! {
        #[test]
        fn links_have_the_same_key_only_if_they_are_the_same(
            a in pair(), b in pair(), c in pair(), d in pair(), e in pair(),
        ) {
            let (one, other) = ([&a.0, &b.0, &c.0, &d.0, &e.0], [&a.1, &b.1, &c.1, &d.1, &e.1]);
            prop_assert_eq!(link_keys(&one).0 == link_keys(&other).0, one == other);
            let of_counterpart = |parts: [&'_ String; 5]| parts[1..].iter().map(|part| (*part).clone()).collect::<Vec<_>>();
            prop_assert_eq!(link_keys(&one).1 == link_keys(&other).1, of_counterpart(one) == of_counterpart(other));
        }

        #[test]
        fn no_value_moves_the_borders_between_the_parts(a in text(), b in text(), c in text(), d in text(), e in text()) {
            let (local, remote) = link_keys(&[&a, &b, &c, &d, &e]);
            for (key, borders) in [(local, (2, 2)), (remote, (2, 1))] {
                let count = |text: &str| text.matches('#').count();
                prop_assert_eq!((count(&key.partition), count(&key.sort)), borders);
                prop_assert!(key.partition.len() <= 1_024 && key.sort.len() <= 1_024);
            }
        }

        #[test]
        fn the_ids_of_an_entity_stand_in_their_own_order(one in "[ -\"$&-}é-ÿ]{0,60}", other in "[ -\"$&-}é-ÿ]{0,60}") {
            let empty = String::new();
            let key = |id| link_keys(&[&empty, id, &empty, &empty, &empty]).1.sort;
            prop_assert_eq!(key(&one).cmp(&key(&other)), one.cmp(&other));
        }
    }
}
