//! What a sign-in, a removal and a cancellation make of a group, a person and a membership: pure functions of what the table said,
//! and the transaction that writes the outcome with its events, if the table still says so.

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::{SignedDuration, Timestamp};

use super::{
    Accounts, StoreError,
    item::{EventItem, GroupItem, Item as _, MemberItem, RemovalItem, UserItem},
    keys::Key,
    removal::Removal,
    transaction,
};
use crate::{
    domain::{CreationMode, Group, GroupId, MarketplaceKey, User, UserId},
    event::{Account, Change, EVENT_LIFETIME, Event, Member, RemovalReason},
    identity::Identity,
};

/// A person, a group, and what ties them, as the table said. What has expired is not there, but for its revision.
#[derive(Clone)]
pub(super) struct Records {
    pub(super) group: Option<GroupItem>,
    pub(super) user: Option<UserItem>,
    pub(super) member: Option<MemberItem>,
}

/// Somebody who comes in.
pub(super) struct Arrival<'a> {
    pub(super) marketplace: &'a MarketplaceKey,
    pub(super) identity: &'a Identity,
    pub(super) creation_mode: CreationMode,
    /// When their sign-in began.
    pub(super) asked_at: Timestamp,
    pub(super) now: Timestamp,
}

/// Why somebody does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    GroupCancelled,
    MemberRemoved,
}

/// What is to be written, all of it or nothing.
pub(super) struct Plan {
    pub(super) group: GroupItem,
    /// The revision that was read; none, if there was nothing.
    group_was: Option<u64>,
    /// With the revision that was read.
    pub(super) user: Option<(UserItem, Option<u64>)>,
    pub(super) member: Option<MemberItem>,
    removal: Option<Removal>,
    pub(super) events: Vec<Event>,
    /// The moment of the change. In one group it never goes back, whatever the clocks of our execution environments say.
    pub(super) at: Timestamp,
    /// Since when the person has been a member.
    pub(super) member_since: Timestamp,
    /// Whether nobody has met the group before, or not the person in it: then an end that came first is noted elsewhere.
    pub(super) unmet: Vec<Closed>,
}

impl Records {
    /// The group, if it is there.
    fn present_group(&self, now: Timestamp) -> Option<&GroupItem> {
        self.group.as_ref().filter(|group| !is_over(group.expires_at, now))
    }

    pub(super) fn has_group(&self, now: Timestamp) -> bool {
        self.present_group(now).is_some()
    }

    pub(super) fn has_member(&self, now: Timestamp) -> bool {
        self.present_member(now).is_some()
    }

    fn present_user(&self, now: Timestamp) -> Option<&UserItem> {
        self.user.as_ref().filter(|user| !is_over(user.expires_at, now))
    }

    fn present_member(&self, now: Timestamp) -> Option<&MemberItem> {
        self.member.as_ref().filter(|member| !is_over(member.expires_at, now))
    }

    /// What becomes of all three when somebody signs in.
    pub(super) fn join(&self, arrival: &Arrival<'_>) -> Result<Plan, Closed> {
        let now = arrival.now;
        let at = self.moment(now);
        let present_group = self.present_group(now);
        if let Some(cancelled_at) = present_group.and_then(|group| group.cancelled_at)
            && !arrival.began_after(cancelled_at)
        {
            return Err(Closed::GroupCancelled);
        }
        let present_member = self.present_member(now);
        if let Some(removed_at) = present_member.and_then(|member| member.removed_at)
            && !arrival.began_after(removed_at)
        {
            return Err(Closed::MemberRemoved);
        }

        let Identity { user, group, role, virtual_user, .. } = arrival.identity;
        let served = present_group.filter(|group| group.cancelled_at.is_none());
        let group_since = served.map_or(at, |group| group.since);
        // Whom the removal of a cancelled group has not reached yet still counts, but not as a member of the restored one.
        let counted = present_member.filter(|member| member.removed_at.is_none());
        let belonging = counted.filter(|member| served.is_some() && member.since >= group_since);
        let member_since = belonging.map_or(at, |member| member.since);
        let mode = arrival.creation_mode;
        let other_email = |member: &MemberItem| member.virtual_email != virtual_user.email;
        let differs = |member: &MemberItem| {
            // In real mode nobody is told of the virtual address.
            let is_told_email = mode == CreationMode::Virtual && other_email(member);
            member.role != *role || member.creation_mode != mode || is_told_email
        };
        let member_changed = belonging.is_none_or(|member| differs(member) || other_email(member));

        let present_user = self.present_user(now);
        let next_user = UserItem {
            marketplace: arrival.marketplace.clone(),
            user: user.clone(),
            since: present_user.map_or(at, |user| user.since),
            memberships: present_user.map_or(0, |user| user.memberships)
                + u32::from(counted.is_none() || present_user.is_none()),
            blocked_at: None,
            is_told_blocked: false,
            revision: self.user.as_ref().map_or(0, |user| user.revision) + 1,
            updated_at: at,
            expires_at: None,
        };
        let user_changed = counted.is_none() || present_user.is_none_or(|present| present.user != *user);

        let account = Account::of(&user.id, &group.id, mode);
        let member = Member { user, account: &account, virtual_email: &virtual_user.email, role };
        let mut changes = Vec::new();
        changes.extend(group_change(present_group, group));
        changes.extend(user_changes(present_user, user));
        if belonging.is_none() {
            changes.push(Change::MemberAdded(member));
        } else if belonging.is_some_and(differs) {
            changes.push(Change::MemberUpdated(member));
        }

        let user_was = self.user.as_ref().map(|user| user.revision);
        let group_item = GroupItem {
            marketplace: arrival.marketplace.clone(),
            group: group.clone(),
            since: group_since,
            cancelled_at: None,
            revision: 0,
            updated_at: at,
            expires_at: None,
        };
        let mut plan = self.plan(group_item, at, &changes);
        plan.member_since = member_since;
        plan.unmet.extend(present_group.is_none().then_some(Closed::GroupCancelled));
        plan.unmet.extend(present_member.is_none().then_some(Closed::MemberRemoved));
        plan.user = user_changed.then_some((next_user, user_was));
        plan.member = member_changed.then(|| MemberItem {
            marketplace: arrival.marketplace.clone(),
            group: group.id.clone(),
            user: user.id.clone(),
            role: role.clone(),
            virtual_email: virtual_user.email.clone(),
            creation_mode: mode,
            since: member_since,
            removed_at: None,
            updated_at: at,
            expires_at: None,
        });
        Ok(plan)
    }

    /// What becomes of all three when a membership ends that began until `began_until`; nothing, if it has ended, or began later. What
    /// then has no use is purged at `purge_at`.
    pub(super) fn leave(
        &self,
        reason: RemovalReason,
        began_until: Timestamp,
        purge_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Plan> {
        let at = self.moment(now);
        let group = self.present_group(now)?;
        let open = self.present_member(now).filter(|member| member.removed_at.is_none());
        let member = open.filter(|member| member.since <= began_until)?;
        let mode = member.creation_mode;
        let user_was = self.user.as_ref().map(|user| user.revision);
        let user = self.present_user(now).map(|user| {
            let memberships = user.memberships.saturating_sub(1);
            let (blocked_at, expires_at) =
                if memberships == 0 { (Some(at), purge_at) } else { (user.blocked_at, user.expires_at) };
            // In virtual mode nobody is blocked: there the account in the group is removed.
            let is_told_blocked = user.is_told_blocked || (memberships == 0 && mode == CreationMode::Real);
            UserItem {
                memberships,
                blocked_at,
                is_told_blocked,
                expires_at,
                revision: user.revision + 1,
                updated_at: at,
                ..user.clone()
            }
        });

        let account = Account::of(&member.user, &member.group, mode);
        let mut changes = vec![Change::MemberRemoved(&account, reason)];
        match mode {
            CreationMode::Virtual => changes.push(Change::UserRemoved(&account)),
            CreationMode::Real if user.as_ref().is_some_and(|user| user.memberships == 0) => {
                changes.push(Change::UserBlocked(&member.user));
            }
            CreationMode::Real => {}
        }
        let mut plan = self.plan(group.clone(), at, &changes);
        plan.member = Some(MemberItem { removed_at: Some(at), updated_at: at, expires_at: purge_at, ..member.clone() });
        plan.user = user.map(|user| (user, user_was));
        Some(plan)
    }

    /// What becomes of the group when it is cancelled; nothing, if it is.
    pub(super) fn cancel(&self, now: Timestamp) -> Option<Plan> {
        let at = self.moment(now);
        let group = self.present_group(now).filter(|group| group.cancelled_at.is_none())?;
        let mut plan = self.plan(group.clone(), at, &[Change::GroupCancelled(&group.group)]);
        plan.group.cancelled_at = Some(at);
        plan.removal = Some(Removal {
            marketplace: group.marketplace.clone(),
            group: group.group.id.clone(),
            cancelled_at: at,
            members_ended: false,
            is_disputed: false,
            next_at: at,
        });
        Some(plan)
    }

    /// Now, but later than everything that has happened in the group or to the person.
    fn moment(&self, now: Timestamp) -> Timestamp {
        let last =
            self.group.as_ref().map(|group| group.updated_at).max(self.user.as_ref().map(|user| user.updated_at));
        last.and_then(|last| last.checked_add(SignedDuration::from_nanos(1)).ok()).map_or(now, |next| now.max(next))
    }

    /// The group as it becomes, with an event for each of these changes.
    fn plan(&self, mut group: GroupItem, at: Timestamp, changes: &[Change<'_>]) -> Plan {
        let group_was = self.group.as_ref().map(|group| group.revision);
        // A group that was purged may be remembered by the app: its events never go back to a lower number.
        group.revision = group_was.unwrap_or_else(|| u64::try_from(at.as_millisecond()).unwrap_or_default());
        group.updated_at = at;
        let mut events = Vec::new();
        for change in changes {
            group.revision += 1;
            events.push(change.event(&group.marketplace, &group.group.id, group.revision, at));
        }
        Plan {
            member_since: at,
            group,
            group_was,
            user: None,
            member: None,
            removal: None,
            events,
            at,
            unmet: Vec::new(),
        }
    }
}

impl Arrival<'_> {
    /// Only who began to sign in after an end can undo it: an answer that was under way then must not.
    fn began_after(&self, end: Timestamp) -> bool {
        self.asked_at > end
    }
}

fn group_change<'a>(present: Option<&GroupItem>, said: &'a Group) -> Option<Change<'a>> {
    match present {
        None => Some(Change::GroupCreated(said)),
        Some(GroupItem { cancelled_at: Some(_), .. }) => Some(Change::GroupRestored(said)),
        Some(present) if present.group != *said => Some(Change::GroupUpdated(said)),
        Some(_) => None,
    }
}

fn user_changes<'a>(present: Option<&UserItem>, said: &'a User) -> Vec<Change<'a>> {
    let Some(present) = present else { return vec![Change::UserCreated(said)] };
    let unblocked = present.is_told_blocked.then_some(Change::UserUnblocked(&said.id));
    let updated = (present.user != *said).then_some(Change::UserUpdated(said));
    unblocked.into_iter().chain(updated).collect()
}

impl Plan {
    /// Since when the group has been served.
    pub(super) fn group_since(&self) -> Timestamp {
        self.group.since
    }

    /// The parts of the transaction.
    pub(super) fn into_items(self, table: &str) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Self { group, group_was, user, member, removal, events, .. } = self;
        let (marketplace, group_id) = (group.marketplace.clone(), group.group.id.clone());
        let group_key = Key::group(&marketplace, &group_id);
        let mut items = vec![match group_was {
            Some(revision) if events.is_empty() => transaction::check(table, group_key, revision)?,
            was => transaction::replace(table, group.at(group_key)?, was)?,
        }];
        if let Some((user, was)) = user {
            let key = Key::user(&marketplace, &user.user.id);
            items.push(transaction::replace(table, user.at(key)?, was)?);
        }
        if let Some(member) = member {
            let key = Key::member(&marketplace, &group_id, &member.user);
            items.push(transaction::put(table, member.at(key)?)?);
        }
        if let Some(removal) = removal {
            items.push(transaction::put(table, RemovalItem { removal }.at(Key::removal(&marketplace, &group_id))?)?);
        }
        for event in events {
            let key = Key::event(&marketplace, &group_id, event.sequence);
            let expires_at = event.timestamp + EVENT_LIFETIME;
            items.push(transaction::create(table, EventItem { event, expires_at }.at(key)?)?);
        }
        Ok(items)
    }
}

impl Accounts {
    /// What the table says of a person, a group and what ties them.
    pub(super) async fn records(
        &self,
        marketplace: &MarketplaceKey,
        group: &GroupId,
        user: &UserId,
    ) -> Result<Records, StoreError> {
        let (group, user, member) = tokio::try_join!(
            self.get::<GroupItem>(Key::group(marketplace, group)),
            self.get::<UserItem>(Key::user(marketplace, user)),
            self.get::<MemberItem>(Key::member(marketplace, group, user)),
        )?;
        Ok(Records { group, user, member })
    }
}

/// Whether something is only there because the table has not deleted it yet.
pub(super) fn is_over(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|expires_at| expires_at <= now)
}
