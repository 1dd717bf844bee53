//! Changing who and what a marketplace knows.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::error::ControlError;
use crate::app::{App, Shared};
use crate::directory::{Dates, Group, GroupStatus, Membership, Role, User};
use crate::state::Marketplace;

type Answer<T> = Result<Json<T>, ControlError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserBody {
    name: String,
    surname: String,
    email: String,
    country: String,
    #[serde(default)]
    company_name: Option<String>,
}

/// `PUT /control/marketplaces/{mp}/users/{uid}`: creates or replaces. A known user keeps the session token.
pub(super) async fn put_user(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
    JsonBody(body): JsonBody<UserBody>,
) -> Answer<User> {
    check_uid(&uid)?;
    let mut user = User {
        uid: uid.clone(),
        name: body.name,
        surname: body.surname,
        email: body.email,
        country: body.country,
        company_name: body.company_name,
        dates: Dates::written_now(None),
    };
    let told = format!("User {uid} was written.");
    change(&app, &key, "control.user_written", told, |marketplace| {
        let users = &mut marketplace.directory.users;
        match users.iter_mut().find(|known| known.uid == uid) {
            Some(known) => {
                user.dates = Dates::written_now(Some(known.dates));
                *known = user.clone();
            }
            None => users.push(user.clone()),
        }
        if !marketplace.sessions.contains_key(&uid) {
            marketplace.rotate_session(&uid);
        }
        Ok(user)
    })
    .map(Json)
}

/// `DELETE /control/marketplaces/{mp}/users/{uid}`: with memberships and session.
pub(super) async fn delete_user(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
) -> Result<StatusCode, ControlError> {
    let told = format!("User {uid} was removed.");
    change(&app, &key, "control.user_removed", told, |marketplace| {
        known_user(marketplace, &uid)?;
        marketplace.directory.users.retain(|user| user.uid != uid);
        marketplace.directory.memberships.retain(|membership| membership.user_uid != uid);
        marketplace.former_members.retain(|membership| membership.user_uid != uid);
        marketplace.sessions.remove(&uid);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /control/marketplaces/{mp}/users/{uid}/end_session`: the next session check says no.
pub(super) async fn end_session(State(app): State<Shared>, Path((key, uid)): Path<(String, String)>) -> Answer<Value> {
    let told = format!("The session of {uid} was ended.");
    change(&app, &key, "session.ended", told, |marketplace| {
        known_user(marketplace, &uid)?;
        marketplace.rotate_session(&uid);
        Ok(json!({ "ended": true }))
    })
    .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupBody {
    name: String,
    email: String,
    free_trial_end_at: Timestamp,
    #[serde(default)]
    has_credit_card: bool,
    currency: String,
    timezone: String,
    country: String,
    city: String,
    #[serde(default)]
    reseller_id: Option<String>,
    #[serde(default)]
    main_accounting: Option<String>,
}

/// `PUT /control/marketplaces/{mp}/groups/{gid}`: creates or replaces. A cancelled group has the app again.
pub(super) async fn put_group(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
    JsonBody(body): JsonBody<GroupBody>,
) -> Answer<Group> {
    check_uid(&uid)?;
    let mut group = Group {
        uid: uid.clone(),
        name: body.name,
        email: body.email,
        free_trial_end_at: body.free_trial_end_at,
        has_credit_card: body.has_credit_card,
        currency: body.currency,
        timezone: body.timezone,
        country: body.country,
        city: body.city,
        reseller_id: body.reseller_id,
        main_accounting: body.main_accounting,
        status: GroupStatus::Running,
        dates: Dates::written_now(None),
    };
    let told = format!("Group {uid} was written.");
    change(&app, &key, "control.group_written", told, |marketplace| {
        let groups = &mut marketplace.directory.groups;
        match groups.iter_mut().find(|known| known.uid == uid) {
            Some(known) => {
                group.dates = Dates::written_now(Some(known.dates));
                *known = group.clone();
            }
            None => groups.push(group.clone()),
        }
        Ok(group)
    })
    .map(Json)
}

/// `DELETE /control/marketplaces/{mp}/groups/{gid}`: with its memberships and its records.
pub(super) async fn delete_group(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
) -> Result<StatusCode, ControlError> {
    let told = format!("Group {uid} was removed.");
    change(&app, &key, "control.group_removed", told, |marketplace| {
        known_group(marketplace, &uid)?;
        marketplace.directory.groups.retain(|group| group.uid != uid);
        marketplace.directory.memberships.retain(|membership| membership.group_uid != uid);
        marketplace.former_members.retain(|membership| membership.group_uid != uid);
        Ok(())
    })?;
    if let Some(memory) = app.connec.get(&key) {
        memory.store().clear(&uid);
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberBody {
    role: Role,
}

/// `PUT /control/marketplaces/{mp}/groups/{gid}/members/{uid}`: adds, or changes the role.
pub(super) async fn put_member(
    State(app): State<Shared>,
    Path((key, group_uid, user_uid)): Path<(String, String, String)>,
    JsonBody(MemberBody { role }): JsonBody<MemberBody>,
) -> Answer<Membership> {
    let told = format!("{user_uid} is now {} of {group_uid}.", role.as_str());
    change(&app, &key, "control.member_written", told, |marketplace| {
        known_user(marketplace, &user_uid)?;
        known_group(marketplace, &group_uid)?;
        let stays = |known: &Membership| !known.is_of(&user_uid, &group_uid);
        marketplace.directory.memberships.retain(stays);
        marketplace.former_members.retain(stays);
        let membership = Membership { user_uid, group_uid, role };
        marketplace.directory.memberships.push(membership.clone());
        Ok(membership)
    })
    .map(Json)
}

/// `DELETE /control/marketplaces/{mp}/groups/{gid}/members/{uid}`
pub(super) async fn delete_member(
    State(app): State<Shared>,
    Path((key, group_uid, user_uid)): Path<(String, String, String)>,
) -> Result<StatusCode, ControlError> {
    let told = format!("{user_uid} left {group_uid}.");
    change(&app, &key, "control.member_removed", told, |marketplace| {
        if marketplace.directory.role(&user_uid, &group_uid).is_none() {
            return Err(ControlError::not_found("member", user_uid));
        }
        marketplace.directory.memberships.retain(|known| !known.is_of(&user_uid, &group_uid));
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Applies a change to one marketplace and, when it worked, tells of it.
pub(super) fn change<T>(
    app: &App,
    key: &str,
    kind: &str,
    told: String,
    apply: impl FnOnce(&mut Marketplace) -> Result<T, ControlError>,
) -> Result<T, ControlError> {
    let changed = match app.world().marketplace_mut(key) {
        Some(marketplace) => apply(marketplace)?,
        None => return Err(ControlError::not_found("marketplace", key)),
    };
    app.events.record(Some(key), kind, told);
    Ok(changed)
}

/// A dot would end the uid early in the session check, and anything stranger has no business in a path.
fn check_uid(uid: &str) -> Result<(), ControlError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !uid.is_empty() && uid.len() <= 64 && uid.bytes().all(allowed) {
        return Ok(());
    }
    let text = format!("{uid:?} is not a uid: use up to 64 of a-z, A-Z, 0-9, - and _");
    Err(ControlError::Invalid(text))
}

pub(super) fn known_user(marketplace: &Marketplace, uid: &str) -> Result<(), ControlError> {
    let user = marketplace.directory.user(uid);
    user.map(|_| ()).ok_or_else(|| ControlError::not_found("user", uid))
}

pub(super) fn known_group(marketplace: &Marketplace, uid: &str) -> Result<(), ControlError> {
    let group = marketplace.directory.group(uid);
    group.map(|_| ()).ok_or_else(|| ControlError::not_found("group", uid))
}
