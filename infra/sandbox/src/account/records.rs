//! Groups, users and resellers as the account API writes them.

use serde_json::{Value, json};

use crate::directory::{Group, Reseller, User};
use crate::state::Marketplace;
use crate::time::iso8601;

pub(super) fn group(group: &Group) -> Value {
    json!({
        "object": "account_group",
        "id": group.uid,
        "status": group.status,
        "name": group.name,
        "email": group.email,
        "has_credit_card": group.has_credit_card,
        "free_trial_end_at": iso8601(group.free_trial_end_at),
        "currency": group.currency,
        "timezone": group.timezone,
        "country": group.country,
        "city": group.city,
        "main_accounting": group.main_accounting,
        "metadata": { "pull_disabled": false, "push_disabled": false },
        "created_at": iso8601(group.dates.created_at),
        "updated_at": iso8601(group.dates.updated_at),
    })
}

/// With the session token, as the protocol has it: a live secret.
pub(super) fn user(marketplace: &Marketplace, user: &User) -> Value {
    json!({
        "object": "account_user",
        "id": user.uid,
        "name": user.name,
        "surname": user.surname,
        "email": user.email,
        "company_name": user.company_name,
        "country": user.country,
        "sso_session": marketplace.sessions.get(&user.uid),
        "created_at": iso8601(user.dates.created_at),
        "updated_at": iso8601(user.dates.updated_at),
    })
}

pub(super) fn reseller(reseller: &Reseller) -> Value {
    json!({
        "object": "account_reseller",
        "id": reseller.uid,
        "name": reseller.name,
        "code": reseller.code,
        "country": reseller.country,
        "created_at": iso8601(reseller.dates.created_at),
        "updated_at": iso8601(reseller.dates.updated_at),
    })
}
