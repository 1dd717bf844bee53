//! What a sign-in and a removal make of the records, step by step, without a table.

use jiff::{SignedDuration, Timestamp};

use super::super::{
    item::{GroupItem, MemberItem, UserItem},
    membership::{Arrival, Closed, Plan, Records},
};
use crate::{
    domain::{CreationMode, MarketplaceKey, Role},
    event::RemovalReason,
    identity::{Assertion, Identity},
    testing::sample_attributes,
};

const NOW: Timestamp = Timestamp::constant(1_894_701_630, 0);
const NOBODY: Records = Records { group: None, user: None, member: None };

fn identity() -> Identity {
    let assertion = Assertion {
        id: "_a".to_owned(),
        issued_at: NOW,
        request_id: None,
        subject: "usr-5k2".to_owned(),
        consumable_until: NOW,
        session_not_on_or_after: None,
        attributes: sample_attributes("2030-01-15T10:03:07Z"),
    };
    Identity::try_from(&assertion).unwrap()
}

fn acme() -> MarketplaceKey {
    "acme-hub".parse().unwrap()
}

fn minutes(minutes: i64) -> Timestamp {
    NOW + SignedDuration::from_mins(minutes)
}

/// What comes of a sign-in that began and ended now.
fn join(records: &Records, identity: &Identity, mode: CreationMode, now: Timestamp) -> Result<Plan, Closed> {
    let marketplace = acme();
    let arrival = Arrival { marketplace: &marketplace, identity, creation_mode: mode, asked_at: now, now };
    records.join(&arrival)
}

fn real(records: &Records, now: Timestamp) -> Result<Plan, Closed> {
    join(records, &identity(), CreationMode::Real, now)
}

/// What the table says once a plan is carried out.
fn after(records: &Records, plan: &Plan) -> Records {
    Records {
        group: Some(plan.group.clone()),
        user: plan.user.as_ref().map(|(user, _)| user.clone()).or_else(|| records.user.clone()),
        member: plan.member.clone().or_else(|| records.member.clone()),
    }
}

fn told(plan: &Plan) -> Vec<&str> {
    plan.events.iter().map(|event| event.r#type.as_str()).collect()
}

/// Ines has signed in once.
fn known() -> Records {
    after(&NOBODY, &real(&NOBODY, NOW).unwrap())
}

fn leave(records: &Records, now: Timestamp) -> Option<Plan> {
    records.leave(RemovalReason::MemberRemoved, Timestamp::MAX, Some(minutes(60)), now)
}

#[test]
fn the_first_sign_in_makes_all_three_and_tells_of_each_in_order() {
    let plan = real(&NOBODY, NOW).unwrap();
    assert_eq!(told(&plan), ["group.created", "user.created", "member.added"]);
    let numbers: Vec<u64> = plan.events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2]);
    assert_eq!(plan.group.revision, numbers[2]);
    assert_eq!((plan.group_since(), plan.member_since), (NOW, NOW));
}

#[test]
fn a_sign_in_that_changes_nothing_tells_nothing_and_writes_no_record() {
    let plan = real(&known(), minutes(1)).unwrap();
    assert!(plan.events.is_empty() && plan.user.is_none() && plan.member.is_none());
    assert_eq!((plan.group_since(), plan.member_since), (NOW, NOW));
}

#[test]
fn what_the_marketplace_says_anew_is_taken_over_and_told() {
    let mut changed = identity();
    changed.group.name = "Renamed Ltd".to_owned();
    changed.user.last_name = "Diaz".to_owned();
    changed.role = Role::new("Member");
    let plan = join(&known(), &changed, CreationMode::Real, minutes(1)).unwrap();
    assert_eq!(told(&plan), ["group.updated", "user.updated", "member.updated"]);
    assert_eq!(plan.events[2].data["is_admin"], false);
    let then = after(&known(), &plan);
    assert_eq!((then.group.unwrap().group.name, then.user.unwrap().memberships), ("Renamed Ltd".to_owned(), 1));
}

#[test]
fn nobody_is_told_of_a_virtual_address_that_is_not_used() {
    let mut changed = identity();
    changed.virtual_user.email = "other@virtual.test".to_owned();
    let plan = join(&known(), &changed, CreationMode::Real, minutes(1)).unwrap();
    assert!(plan.events.is_empty());
    assert_eq!(plan.member.unwrap().virtual_email, "other@virtual.test");
    let first = join(&NOBODY, &identity(), CreationMode::Virtual, NOW).unwrap();
    let plan = join(&after(&NOBODY, &first), &changed, CreationMode::Virtual, minutes(1)).unwrap();
    assert_eq!(told(&plan), ["member.updated"]);
    assert_eq!(plan.events[0].data["account"]["email"], "other@virtual.test");
}

#[test]
fn who_loses_the_last_membership_is_blocked_and_expires_and_comes_back_unblocked() {
    let plan = leave(&known(), minutes(1)).unwrap();
    assert_eq!(told(&plan), ["member.removed", "user.blocked"]);
    let gone = after(&known(), &plan);
    let user = gone.user.as_ref().unwrap();
    assert_eq!((user.memberships, user.blocked_at, user.expires_at), (0, Some(minutes(1)), Some(minutes(60))));
    assert_eq!(gone.member.as_ref().unwrap().expires_at, Some(minutes(60)));
    assert!(leave(&gone, minutes(2)).is_none(), "once");

    let back = real(&gone, minutes(2)).unwrap();
    assert_eq!(told(&back), ["user.unblocked", "member.added"]);
    let back = after(&gone, &back);
    let user = back.user.unwrap();
    assert_eq!((user.memberships, user.blocked_at, user.expires_at, user.since), (1, None, None, NOW));
    let member = back.member.unwrap();
    assert_eq!((member.since, member.removed_at, member.expires_at), (minutes(2), None, None));
}

#[test]
fn who_has_another_group_is_not_blocked() {
    let mut records = known();
    records.user.as_mut().unwrap().memberships = 2;
    let plan = leave(&records, minutes(1)).unwrap();
    assert_eq!(told(&plan), ["member.removed"]);
    let user = after(&records, &plan).user.unwrap();
    assert_eq!((user.memberships, user.blocked_at, user.expires_at), (1, None, None));
}

#[test]
fn in_virtual_mode_the_account_of_the_group_is_removed_and_nobody_blocked() {
    let first = join(&NOBODY, &identity(), CreationMode::Virtual, NOW).unwrap();
    assert_eq!(first.events[2].data["account"]["id"], "usr-5k2.cld-7a1c");
    let known = after(&NOBODY, &first);
    let plan = leave(&known, minutes(1)).unwrap();
    assert_eq!(told(&plan), ["member.removed", "user.removed"]);
    assert_eq!(plan.events[1].data["account"]["id"], "usr-5k2.cld-7a1c");
    let back = join(&after(&known, &plan), &identity(), CreationMode::Virtual, minutes(2)).unwrap();
    assert_eq!(told(&back), ["member.added"]);
}

#[test]
fn an_account_is_removed_under_the_id_it_was_told_under() {
    // The setting was changed after they had signed in; the removal still names what the app knows.
    let plan = leave(&known(), minutes(1)).unwrap();
    assert_eq!(plan.events[0].data["account"]["id"], "usr-5k2");
    let plan = join(&known(), &identity(), CreationMode::Virtual, minutes(1)).unwrap();
    assert_eq!(told(&plan), ["member.updated"]);
    assert_eq!(plan.events[0].data["account"]["id"], "usr-5k2.cld-7a1c");
}

#[test]
fn a_cancelled_group_lets_in_only_who_began_afterwards() {
    let plan = known().cancel(minutes(1)).unwrap();
    assert_eq!(told(&plan), ["group.cancelled"]);
    let cancelled = after(&known(), &plan);
    assert!(cancelled.cancel(minutes(2)).is_none(), "once");
    let marketplace = acme();
    let identity = identity();
    let arrival = |asked_at| Arrival {
        marketplace: &marketplace,
        identity: &identity,
        creation_mode: CreationMode::Real,
        asked_at,
        now: minutes(2),
    };
    for early in [NOW, minutes(1)] {
        assert_eq!(cancelled.join(&arrival(early)).err(), Some(Closed::GroupCancelled), "{early:?}");
    }
    let restored = cancelled.join(&arrival(minutes(2))).unwrap_or_else(|_| panic!("it began afterwards"));
    assert_eq!(told(&restored), ["group.restored", "member.added"]);
    assert_eq!((restored.group_since(), restored.member_since), (minutes(2), minutes(2)));
    let after = after(&cancelled, &restored);
    assert_eq!(after.group.unwrap().cancelled_at, None);
    assert_eq!(after.user.unwrap().memberships, 1, "their membership was never counted out");
}

#[test]
fn a_removed_member_is_let_in_only_if_they_began_afterwards() {
    let gone = after(&known(), &leave(&known(), minutes(1)).unwrap());
    let marketplace = acme();
    let identity = identity();
    let arrival = Arrival {
        marketplace: &marketplace,
        identity: &identity,
        creation_mode: CreationMode::Real,
        asked_at: minutes(1),
        now: minutes(2),
    };
    assert_eq!(gone.join(&arrival).err(), Some(Closed::MemberRemoved));
}

#[test]
fn a_restored_group_does_not_bring_back_who_has_not_signed_in_again() {
    let cancelled = after(&known(), &known().cancel(minutes(1)).unwrap());
    let restored = after(&cancelled, &real(&cancelled, minutes(2)).unwrap());
    // A colleague of then, whom the removal has not reached: still counted, and no member of the restored group.
    let colleague = Records { group: restored.group.clone(), ..known() };
    let plan = real(&colleague, minutes(3)).unwrap();
    assert_eq!(told(&plan), ["member.added"]);
    assert_eq!(plan.member_since, minutes(3));
    assert_eq!(after(&colleague, &plan).user.unwrap().memberships, 1);
}

#[test]
fn a_groups_removal_ends_no_membership_that_began_after_it() {
    let cancelled = after(&known(), &known().cancel(minutes(1)).unwrap());
    let back = after(&cancelled, &real(&cancelled, minutes(2)).unwrap());
    let end = |records: &Records| records.leave(RemovalReason::GroupCancelled, minutes(1), None, minutes(3));
    assert!(end(&back).is_none(), "they came back after it was listed whose membership is to end");
    assert_eq!(told(&end(&cancelled).unwrap()), ["member.removed", "user.blocked"]);
}

#[test]
fn whoever_was_told_as_blocked_is_told_as_unblocked_whatever_the_mode_is_then() {
    let blocked = after(&known(), &leave(&known(), minutes(1)).unwrap());
    let back = join(&blocked, &identity(), CreationMode::Virtual, minutes(2)).unwrap();
    assert_eq!(told(&back), ["user.unblocked", "member.added"]);
}

#[test]
fn what_has_expired_is_not_there_and_its_numbers_go_on() {
    let expired = |at: Timestamp| {
        let Records { group, user, member } = known();
        Records {
            group: group.map(|group| GroupItem { cancelled_at: Some(NOW), expires_at: Some(at), ..group }),
            user: user.map(|user| UserItem { expires_at: Some(at), ..user }),
            member: member.map(|member| MemberItem { removed_at: Some(NOW), expires_at: Some(at), ..member }),
        }
    };
    let records = expired(minutes(5));
    assert!(records.cancel(minutes(5)).is_none() && !records.has_group(minutes(5)) && !records.has_member(minutes(5)));
    let plan = real(&records, minutes(5)).unwrap();
    assert_eq!(told(&plan), ["group.created", "user.created", "member.added"]);
    assert_eq!(plan.events[0].sequence, records.group.unwrap().revision + 1);
    assert_eq!(after(&NOBODY, &plan).user.unwrap().memberships, 1);
}

#[test]
fn in_a_group_time_never_goes_back() {
    let plan = known().cancel(minutes(-1)).unwrap();
    assert!(plan.at > NOW, "whatever the other execution environment's clock says");
    let cancelled = after(&known(), &plan);
    let restored = real(&cancelled, plan.at + SignedDuration::from_nanos(1)).unwrap();
    assert!(restored.group_since() > plan.at);
}

#[test]
fn numbers_start_from_the_clock_so_that_a_purged_group_never_counts_again() {
    let early = real(&NOBODY, NOW).unwrap().events[2].sequence;
    let late = real(&NOBODY, minutes(1)).unwrap().events[0].sequence;
    assert!(early < late);
}
