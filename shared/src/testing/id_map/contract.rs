//! The rules. Each works in realms of its own, so that all of them can run on one table.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what breaks a rule is to fail loudly"
)]

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::Links;
use crate::{
    domain::{LocalRecord, Place, Realm, RemoteRecord, Version},
    random,
    store::id_map::{Claim, ClaimRefused, Cursor, Hint, LinkError, Linked, PushOutcome, Settlement},
};

/// Holds a store to every rule. Panics at the first that it breaks.
pub async fn holds(store: &impl Links) {
    a_link_is_found_from_both_sides(store).await;
    a_record_has_one_counterpart_in_a_place(store).await;
    a_counterpart_belongs_to_one_record(store).await;
    a_hundred_at_once_make_one_link(store).await;
    of_a_hundred_records_at_once_one_gets_the_counterpart(store).await;
    any_text_is_an_id(store).await;
    unlinking_frees_both(store).await;
    many_counterparts_are_looked_up_in_their_order(store).await;
    a_realm_is_listed_page_by_page_in_order(store).await;
    a_realm_is_removed_and_removing_goes_on_where_it_was(store).await;
    an_entity_is_renamed_with_what_is_known(store).await;
    a_tombstone_stays(store).await;
    what_was_applied_moves_only_forward(store).await;
    a_first_push_links(store).await;
    one_push_at_a_time_and_never_an_older_one(store).await;
    what_was_rejected_is_not_tried_again_and_what_waits_is(store).await;
    a_push_that_met_another_link_is_told_whose(store).await;
    a_push_that_was_linked_by_hand_meanwhile_says_nothing(store).await;
    what_has_expired_is_pushed_as_if_it_had_never_been(store).await;
    what_is_not_to_be_linked_is_not_claimed(store).await;
}

/// A realm that nobody else uses.
fn realm() -> Realm {
    Realm { provider: "acme-hub".to_owned(), realm: format!("cld-{}", random::hex128()) }
}

fn place(realm: &Realm, entity: &str) -> Place {
    Place { realm: realm.clone(), entity: entity.to_owned() }
}

fn remote(place: &Place, rid: &str) -> RemoteRecord {
    RemoteRecord { place: place.clone(), rid: rid.to_owned() }
}

/// A record that nobody else uses.
fn record(class_name: &str) -> LocalRecord {
    LocalRecord { class_name: class_name.to_owned(), id: random::hex128() }
}

fn now() -> Timestamp {
    "2030-01-15T10:00:30Z".parse().expect("a time")
}

fn pushed(rid: &str) -> Settlement {
    Settlement::Pushed { rid: rid.to_owned(), hash: "hash".to_owned() }
}

async fn a_link_is_found_from_both_sides(store: &impl Links) {
    let (one, other, customer) = (place(&realm(), "people"), place(&realm(), "people"), record("customer"));
    for (place, rid) in [(&one, "k-1"), (&other, "k-2")] {
        assert_eq!(store.link(&customer, &remote(place, rid), now()).await.unwrap(), Linked::Now);
    }
    let mut links = store.links(&customer, now()).await.unwrap();
    links.sort_by_key(|link| link.rid.clone());
    assert_eq!(links.iter().map(|link| &link.place).collect::<Vec<_>>(), [&one, &other]);
    assert_eq!(links[0].linked_at, Some(now()));
    assert_eq!(store.link_in(&customer, &other, now()).await.unwrap().unwrap().rid.as_deref(), Some("k-2"));
    assert_eq!(store.record_of(&remote(&one, "k-1"), now()).await.unwrap(), Some(customer.clone()));
    // Nothing of another realm, entity, id or class.
    assert_eq!(store.record_of(&remote(&other, "k-1"), now()).await.unwrap(), None);
    assert_eq!(store.record_of(&remote(&place(&one.realm, "items"), "k-1"), now()).await.unwrap(), None);
    assert_eq!(store.link_in(&customer, &place(&one.realm, "items"), now()).await.unwrap(), None);
    let supplier = LocalRecord { class_name: "supplier".to_owned(), ..customer };
    assert_eq!(store.links(&supplier, now()).await.unwrap(), []);
}

async fn a_record_has_one_counterpart_in_a_place(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    store.link(&customer, &remote(&people, "k-1"), now()).await.unwrap();
    assert_eq!(store.link(&customer, &remote(&people, "k-1"), now()).await.unwrap(), Linked::Before);
    let refused = store.link(&customer, &remote(&people, "k-2"), now()).await.unwrap_err();
    assert!(matches!(refused, LinkError::RecordTaken { rid } if rid == "k-1"));
    assert_eq!(store.record_of(&remote(&people, "k-2"), now()).await.unwrap(), None);
}

async fn a_counterpart_belongs_to_one_record(store: &impl Links) {
    let (people, first, second) = (place(&realm(), "people"), record("customer"), record("customer"));
    store.link(&first, &remote(&people, "k-1"), now()).await.unwrap();
    let refused = store.link(&second, &remote(&people, "k-1"), now()).await.unwrap_err();
    assert!(matches!(refused, LinkError::RemoteTaken { record } if record == first));
    assert_eq!(store.links(&second, now()).await.unwrap(), []);
}

async fn a_hundred_at_once_make_one_link(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    let tries = (0..100).map(|_| {
        let (store, customer, remote) = (store.clone(), customer.clone(), remote(&people, "k-1"));
        tokio::spawn(async move { store.link(&customer, &remote, now()).await.unwrap() })
    });
    let outcomes = join_all(tries).await;
    let new = outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == Linked::Now).count();
    assert_eq!(new, 1);
    assert_eq!(store.links(&customer, now()).await.unwrap().len(), 1);
    assert_eq!(store.list(&people.realm, None, None, 10, now()).await.unwrap().links.len(), 1);
}

async fn of_a_hundred_records_at_once_one_gets_the_counterpart(store: &impl Links) {
    let people = place(&realm(), "people");
    let records: Vec<LocalRecord> = (0..100).map(|_| record("customer")).collect();
    let tries = records.iter().map(|customer| {
        let (store, customer, remote) = (store.clone(), customer.clone(), remote(&people, "k-1"));
        tokio::spawn(async move { store.link(&customer, &remote, now()).await })
    });
    let outcomes: Vec<_> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let owner = store.record_of(&remote(&people, "k-1"), now()).await.unwrap().unwrap();
    for (customer, outcome) in records.iter().zip(outcomes) {
        match outcome {
            Ok(linked) => assert!(linked == Linked::Now && *customer == owner),
            Err(LinkError::RemoteTaken { record }) => assert!(record == owner && *customer != owner),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(store.links(customer, now()).await.unwrap().len(), usize::from(*customer == owner));
    }
}

async fn any_text_is_an_id(store: &impl Links) {
    let people = place(&realm(), "people");
    let texts = ["", "#", "a#b", "a%23b", "~x", "a/b", "line\nbreak", "naïve 🦀", "%", "\0", &"x".repeat(5_000)];
    for (at, text) in texts.iter().enumerate() {
        let odd = LocalRecord { class_name: format!("{text}{at}"), id: random::hex128() + text };
        store.link(&odd, &remote(&people, text), now()).await.unwrap();
        assert_eq!(store.record_of(&remote(&people, text), now()).await.unwrap(), Some(odd.clone()), "{text:?}");
        let strange = Place { realm: realm(), entity: (*text).to_owned() };
        store.link(&odd, &remote(&strange, "1"), now()).await.unwrap();
        assert_eq!(store.links(&odd, now()).await.unwrap().len(), 2, "{text:?}");
    }
    assert_eq!(store.list(&people.realm, None, None, 100, now()).await.unwrap().links.len(), texts.len());
}

async fn unlinking_frees_both(store: &impl Links) {
    let (people, first, second) = (place(&realm(), "people"), record("customer"), record("customer"));
    store.link(&first, &remote(&people, "k-1"), now()).await.unwrap();
    assert!(store.unlink(&first, &people, now()).await.unwrap());
    assert!(!store.unlink(&first, &people, now()).await.unwrap());
    assert_eq!(store.record_of(&remote(&people, "k-1"), now()).await.unwrap(), None);
    store.link(&second, &remote(&people, "k-1"), now()).await.unwrap();
    store.link(&first, &remote(&people, "k-2"), now()).await.unwrap();
    // What is another's now is not freed by whoever had it.
    assert!(store.unlink(&first, &people, now()).await.unwrap());
    assert_eq!(store.record_of(&remote(&people, "k-1"), now()).await.unwrap(), Some(second));
}

async fn many_counterparts_are_looked_up_in_their_order(store: &impl Links) {
    let people = place(&realm(), "people");
    let linked: Vec<(LocalRecord, RemoteRecord)> =
        (0..120).map(|at| (record("customer"), remote(&people, &format!("k-{at}")))).collect();
    for (customer, remote) in &linked {
        store.link(customer, remote, now()).await.unwrap();
    }
    let mut asked: Vec<RemoteRecord> = linked.iter().map(|(_, remote)| remote.clone()).collect();
    let mut expected: Vec<_> = linked.iter().map(|(customer, _)| Some(customer.clone())).collect();
    // One that is unknown, and one that is asked for twice.
    asked.insert(50, remote(&people, "nobody"));
    expected.insert(50, None);
    asked.push(asked[0].clone());
    expected.push(expected[0].clone());
    assert_eq!(store.records_of(&asked, now()).await.unwrap(), expected);
    assert_eq!(store.records_of(&[], now()).await.unwrap(), []);
}

async fn a_realm_is_listed_page_by_page_in_order(store: &impl Links) {
    let realm = realm();
    let mut expected = Vec::new();
    for (entity, rid) in
        [("items", "b"), ("people", "é"), ("items", "a"), ("people", "a#"), ("people", "Z"), ("p", "z")]
    {
        let pair = (record("thing"), remote(&place(&realm, entity), rid));
        store.link(&pair.0, &pair.1, now()).await.unwrap();
        expected.push(pair);
    }
    expected.sort_by(|(_, one), (_, other)| one.cmp(other));
    let (mut found, mut after): (Vec<_>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = store.list(&realm, None, after.as_ref(), 2, now()).await.unwrap();
        assert!(page.links.len() <= 2);
        found.extend(page.links);
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    // In the order of their keys, which is that of the ids where no character has to be escaped.
    found.sort_by(|(_, one), (_, other)| one.cmp(other));
    assert_eq!(found, expected);
    let items = store.list(&realm, Some("items"), None, 10, now()).await.unwrap();
    let rids: Vec<&str> = items.links.iter().map(|(_, remote)| remote.rid.as_str()).collect();
    assert_eq!((rids, items.next), (vec!["a", "b"], None));
    assert_eq!(store.list(&realm, Some("p"), None, 10, now()).await.unwrap().links.len(), 1);
}

async fn a_realm_is_removed_and_removing_goes_on_where_it_was(store: &impl Links) {
    let (gone, stays) = (place(&realm(), "people"), place(&realm(), "people"));
    let customers: Vec<LocalRecord> = (0..120).map(|_| record("customer")).collect();
    for (at, customer) in customers.iter().enumerate() {
        store.link(customer, &remote(&gone, &format!("k-{at}")), now()).await.unwrap();
    }
    store.link(&customers[0], &remote(&stays, "k-0"), now()).await.unwrap();
    let at = now() + SignedDuration::from_hours(24);
    assert!(!store.remove_realm(&gone.realm, at, || false).await.unwrap());
    let calls = std::sync::atomic::AtomicU32::new(0);
    let once = || calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
    assert!(!store.remove_realm(&gone.realm, at, once).await.unwrap());
    assert!(store.remove_realm(&gone.realm, at, || true).await.unwrap());
    // Linked again by hand before, one stays.
    assert_eq!(store.link(&customers[1], &remote(&gone, "k-1"), now()).await.unwrap(), Linked::Before);
    // Until then it is there, and from then on it is not, from neither side.
    assert_eq!(store.links(&customers[0], now()).await.unwrap().len(), 2);
    assert_eq!(store.links(&customers[0], at).await.unwrap().len(), 1);
    let left = store.list(&gone.realm, None, None, 200, at).await.unwrap().links;
    assert_eq!(left, [(customers[1].clone(), remote(&gone, "k-1"))]);
    assert_eq!(store.record_of(&remote(&gone, "k-1"), at).await.unwrap().as_ref(), Some(&customers[1]));
    assert_eq!(store.record_of(&remote(&gone, "k-7"), at).await.unwrap(), None);
    assert_eq!(store.link_in(&customers[7], &gone, at).await.unwrap(), None);
    // And both can be linked again.
    let other = record("customer");
    assert_eq!(store.link(&other, &remote(&gone, "k-7"), at).await.unwrap(), Linked::Now);
    assert_eq!(store.link(&customers[7], &remote(&gone, "k-8"), at).await.unwrap(), Linked::Now);
    assert_eq!(store.record_of(&remote(&gone, "k-7"), at).await.unwrap(), Some(other));
}

async fn an_entity_is_renamed_with_what_is_known(store: &impl Links) {
    let (people, contacts) = (place(&realm(), "people"), "contacts");
    let customers: Vec<LocalRecord> = (0..5).map(|_| record("customer")).collect();
    for (at, customer) in customers.iter().enumerate() {
        store.link(customer, &remote(&people, &format!("k-{at}")), now()).await.unwrap();
    }
    assert!(store.note_applied(&customers[0], &people, (7, "h")).await.unwrap());
    let calls = std::sync::atomic::AtomicU32::new(0);
    let twice = || calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2;
    assert!(!store.rename_entity(&people.realm, ("people", contacts), twice).await.unwrap());
    assert!(store.rename_entity(&people.realm, ("people", contacts), || true).await.unwrap());
    assert_eq!(store.list(&people.realm, Some("people"), None, 10, now()).await.unwrap().links, []);
    let renamed = place(&people.realm, contacts);
    let link = store.link_in(&customers[0], &renamed, now()).await.unwrap().unwrap();
    assert_eq!((link.rid.as_deref(), link.applied.map(|seen| seen.order)), (Some("k-0"), Some(7)));
    assert_eq!(store.record_of(&remote(&renamed, "k-3"), now()).await.unwrap().as_ref(), Some(&customers[3]));
    assert_eq!(store.record_of(&remote(&people, "k-3"), now()).await.unwrap(), None);
    assert_eq!(store.links(&customers[3], now()).await.unwrap().len(), 1);
}

async fn a_tombstone_stays(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    assert!(!store.tombstone(&customer, &people, now()).await.unwrap());
    store.link(&customer, &remote(&people, "k-1"), now()).await.unwrap();
    assert!(store.tombstone(&customer, &people, now()).await.unwrap());
    let later = now() + SignedDuration::from_hours(1);
    assert!(store.tombstone(&customer, &people, later).await.unwrap());
    let link = store.link_in(&customer, &people, later).await.unwrap().unwrap();
    assert_eq!(link.tombstoned_at, Some(now()));
    assert_eq!(store.record_of(&remote(&people, "k-1"), later).await.unwrap(), Some(customer.clone()));
    let refused = begin(store, &customer, &people, 9, later).await.unwrap_err();
    assert!(matches!(refused, ClaimRefused::Tombstoned));
}

async fn what_was_applied_moves_only_forward(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    assert!(!store.note_applied(&customer, &people, (1, "a")).await.unwrap(), "it is not linked");
    store.link(&customer, &remote(&people, "k-1"), now()).await.unwrap();
    for (order, hash, is_noted) in [(5, "a", true), (5, "b", false), (4, "c", false), (6, "d", true)] {
        assert_eq!(store.note_applied(&customer, &people, (order, hash)).await.unwrap(), is_noted, "{hash}");
    }
    let applied = store.link_in(&customer, &people, now()).await.unwrap().unwrap().applied.unwrap();
    assert_eq!((applied.order, applied.hash.as_str()), (6, "d"));
}

async fn begin(
    store: &impl Links,
    record: &LocalRecord,
    place: &Place,
    version: u64,
    now: Timestamp,
) -> Result<Claim, ClaimRefused> {
    let until = now + SignedDuration::from_mins(5);
    store.claim((record, place, Version::Number(version)), Hint::Linked, now, until).await
}

async fn a_first_push_links(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    for hint in [Hint::Linked, Hint::Unlinked] {
        let push = (&customer, &people, Version::Number(if hint == Hint::Linked { 1 } else { 2 }));
        let claim = store.claim(push, hint, now(), now() + SignedDuration::from_mins(5)).await.unwrap();
        assert_eq!(claim.rid.is_some(), hint == Hint::Unlinked, "what is thought of a link may be wrong");
        assert!(store.settle(&claim, &pushed("k-1"), now()).await.unwrap());
    }
    let link = store.link_in(&customer, &people, now()).await.unwrap().unwrap();
    assert_eq!((link.rid.as_deref(), link.pushed.map(|seen| seen.order)), (Some("k-1"), Some(2)));
    assert_eq!(link.push.unwrap().outcome, PushOutcome::Pushed);
    assert_eq!(store.record_of(&remote(&people, "k-1"), now()).await.unwrap(), Some(customer));
}

async fn one_push_at_a_time_and_never_an_older_one(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    let claim = begin(store, &customer, &people, 2, now()).await.unwrap();
    assert!(matches!(begin(store, &customer, &people, 3, now()).await.unwrap_err(), ClaimRefused::UnderWay));
    // One whose time is over, because it broke off, holds up nobody, and says nothing any more.
    let later = now() + SignedDuration::from_mins(6);
    let next = begin(store, &customer, &people, 3, later).await.unwrap();
    assert!(!store.settle(&claim, &pushed("k-other"), later).await.unwrap());
    assert!(store.settle(&next, &pushed("k-1"), later).await.unwrap());
    for version in [2, 3] {
        let refused = begin(store, &customer, &people, version, later).await.unwrap_err();
        assert!(matches!(refused, ClaimRefused::Settled), "{version}");
    }
    assert_eq!(begin(store, &customer, &people, 4, later).await.unwrap().rid.as_deref(), Some("k-1"));
}

async fn what_was_rejected_is_not_tried_again_and_what_waits_is(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    let reason = || "because".to_owned();
    let claim = begin(store, &customer, &people, 1, now()).await.unwrap();
    assert!(store.settle(&claim, &Settlement::Waiting { reason: reason() }, now()).await.unwrap());
    let again = begin(store, &customer, &people, 1, now()).await.unwrap();
    assert!(store.settle(&again, &Settlement::Rejected { reason: reason() }, now()).await.unwrap());
    assert!(matches!(begin(store, &customer, &people, 1, now()).await.unwrap_err(), ClaimRefused::Settled));
    let link = store.link_in(&customer, &people, now()).await.unwrap().unwrap();
    let state = link.push.unwrap();
    assert_eq!((link.rid, state.outcome, state.reason), (None, PushOutcome::Rejected, Some(reason())));
    assert_eq!(store.list(&people.realm, None, None, 10, now()).await.unwrap().links, []);
    // It can still be linked by hand.
    assert_eq!(store.link(&customer, &remote(&people, "k-1"), now()).await.unwrap(), Linked::Now);
}

async fn a_push_that_met_another_link_is_told_whose(store: &impl Links) {
    let (people, first, second) = (place(&realm(), "people"), record("customer"), record("customer"));
    store.link(&first, &remote(&people, "k-1"), now()).await.unwrap();
    let claim = begin(store, &second, &people, 1, now()).await.unwrap();
    let refused = store.settle(&claim, &pushed("k-1"), now()).await.unwrap_err();
    assert!(matches!(refused, LinkError::RemoteTaken { record } if record == first));
    // The push can still be ended otherwise.
    assert!(store.settle(&claim, &Settlement::Rejected { reason: "taken".to_owned() }, now()).await.unwrap());
}

async fn a_push_that_was_linked_by_hand_meanwhile_says_nothing(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    let claim = begin(store, &customer, &people, 1, now()).await.unwrap();
    store.link(&customer, &remote(&people, "k-9"), now()).await.unwrap();
    assert!(!store.settle(&claim, &pushed("k-10"), now()).await.unwrap());
    let link = store.link_in(&customer, &people, now()).await.unwrap().unwrap();
    assert_eq!((link.rid.as_deref(), link.pushed), (Some("k-9"), None));
    assert_eq!(store.record_of(&remote(&people, "k-10"), now()).await.unwrap(), None);
}

async fn what_has_expired_is_pushed_as_if_it_had_never_been(store: &impl Links) {
    let (people, first, second) = (place(&realm(), "people"), record("customer"), record("customer"));
    for (customer, rid) in [(&first, "k-1"), (&second, "k-2")] {
        let claim = begin(store, customer, &people, 3, now()).await.unwrap();
        assert!(store.settle(&claim, &pushed(rid), now()).await.unwrap());
    }
    store.tombstone(&second, &people, now()).await.unwrap();
    let at = now() + SignedDuration::from_hours(1);
    store.remove_realm(&people.realm, at, || true).await.unwrap();
    for (customer, rid) in [(&first, "k-2"), (&second, "k-1")] {
        let claim = begin(store, customer, &people, 3, at).await.unwrap();
        assert_eq!(claim.rid, None);
        // What was another's then is nobody's now.
        assert!(store.settle(&claim, &pushed(rid), at).await.unwrap());
        assert_eq!(store.record_of(&remote(&people, rid), at).await.unwrap().as_ref(), Some(customer));
    }
}

async fn what_is_not_to_be_linked_is_not_claimed(store: &impl Links) {
    let (people, customer) = (place(&realm(), "people"), record("customer"));
    let push = (&customer, &people, Version::Number(1));
    let until = now() + SignedDuration::from_mins(5);
    let refused = store.claim(push, Hint::OnlyLinked, now(), until).await.unwrap_err();
    assert!(matches!(refused, ClaimRefused::NotLinked));
    assert_eq!(store.links(&customer, now()).await.unwrap(), []);
    store.link(&customer, &remote(&people, "k-1"), now()).await.unwrap();
    let claim = store.claim(push, Hint::OnlyLinked, now(), until).await.unwrap();
    assert_eq!(claim.rid.as_deref(), Some("k-1"));
}
