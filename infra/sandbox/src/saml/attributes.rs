//! The attributes of a login, in the order the sandbox emits them (protocol §3.7).

use jiff::Timestamp;

use crate::login::Login;
use crate::time;

/// Name and value pairs. A null value is an empty one.
pub(crate) fn attributes(login: &Login<'_>, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut attributes = session(login, now);
    attributes.extend(group(login));
    attributes.extend(reseller(login));
    attributes.extend(user(login));
    attributes.push(("app_owner", "true".to_owned()));
    attributes.push(("organizations", "{}".to_owned()));
    attributes
}

fn session(login: &Login<'_>, now: Timestamp) -> Vec<(&'static str, String)> {
    vec![
        ("mno_uid", login.user.uid.clone()),
        ("mno_session", login.session_token()),
        ("mno_session_recheck", time::iso8601(time::plus(now, time::RECHECK))),
    ]
}

fn group(login: &Login<'_>) -> Vec<(&'static str, String)> {
    let group = login.group;
    let mut attributes = vec![
        ("group_uid", group.uid.clone()),
        ("group_name", group.name.clone()),
        ("group_end_free_trial", time::iso8601(group.free_trial_end_at)),
        ("group_role", login.role().to_owned()),
        ("group_has_credit_card", group.has_credit_card.to_string()),
        ("group_email", group.email.clone()),
        ("group_currency", group.currency.clone()),
        ("group_timezone", group.timezone.clone()),
        ("group_country", group.country.clone()),
        ("group_city", group.city.clone()),
    ];
    attributes.extend(group.reseller_id.clone().map(|uid| ("group_reseller_id", uid)));
    attributes
}

fn reseller(login: &Login<'_>) -> Vec<(&'static str, String)> {
    let Some(reseller) = login.reseller else {
        return Vec::new();
    };
    vec![
        ("reseller_id", reseller.uid.clone()),
        ("reseller_name", reseller.name.clone()),
        ("reseller_country", reseller.country.clone()),
    ]
}

fn user(login: &Login<'_>) -> Vec<(&'static str, String)> {
    let user = login.user;
    vec![
        ("uid", user.uid.clone()),
        ("virtual_uid", login.virtual_uid()),
        ("email", user.email.clone()),
        ("virtual_email", login.virtual_email()),
        ("name", user.name.clone()),
        ("surname", user.surname.clone()),
        ("country", user.country.clone()),
        ("company_name", user.company_name.clone().unwrap_or_default()),
    ]
}
