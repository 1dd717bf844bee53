//! What an assertion says about a login besides the identifier: attribute exchange, simple registration and the
//! authentication policy (protocol §4). All of it always, asked for or not.

use jiff::{SignedDuration, Timestamp};

use super::message::Message;
use crate::login::Login;
use crate::time;

pub(super) const ATTRIBUTE_EXCHANGE: &str = "http://openid.net/srv/ax/1.0";
pub(super) const SIMPLE_REGISTRATION: &str = "http://openid.net/extensions/sreg/1.1";
const POLICY: &str = "http://specs.openid.net/extensions/pape/1.0";
const NO_POLICY: &str = "http://schemas.openid.net/pape/policies/2007/06/none";
const NIST_LEVELS: &str = "http://csrc.nist.gov/publications/nistpubs/800-63/SP800-63V1_0_2.pdf";
/// When people are said to have proven who they are, seen from now.
const AUTHENTICATED: SignedDuration = SignedDuration::from_mins(-1);

pub(super) fn push_all(message: &mut Message, login: &Login<'_>, now: Timestamp) {
    push_attribute_exchange(message, login, now);
    push_simple_registration(message, login);
    push_policy(message, now);
}

fn push_attribute_exchange(message: &mut Message, login: &Login<'_>, now: Timestamp) {
    message.push("ns.ax", ATTRIBUTE_EXCHANGE);
    message.push("ax.mode", "fetch_response");
    let all = [person(login), session(login, now), group(login), reseller(login)].concat();
    for (alias, attribute_type, value) in all.iter().filter(|(_, _, value)| !value.trim().is_empty()) {
        message.push(&format!("ax.type.{alias}"), attribute_type);
        message.push(&format!("ax.value.{alias}"), value);
    }
}

fn push_simple_registration(message: &mut Message, login: &Login<'_>) {
    let user = login.user;
    message.push("ns.sreg", SIMPLE_REGISTRATION);
    message.push("sreg.nickname", &user.name);
    message.push("sreg.fullname", &format!("{} {}", user.name, user.surname));
    message.push("sreg.email", &user.email);
}

fn push_policy(message: &mut Message, now: Timestamp) {
    message.push("ns.pape", POLICY);
    message.push("pape.auth_policies", NO_POLICY);
    message.push("pape.auth_level.ns.nist", NIST_LEVELS);
    message.push("pape.auth_level.nist", "2");
    message.push("pape.auth_time", &time::iso8601(time::plus(now, AUTHENTICATED)));
}

/// Alias, type and value.
type Attribute = (&'static str, &'static str, String);

/// The sandbox knows no city and no timezone of a person, so the group's stand in.
fn person(login: &Login<'_>) -> Vec<Attribute> {
    let (user, group) = (login.user, login.group);
    vec![
        ("u_guid", "http://openid.net/schema/person/guid", user.uid.clone()),
        ("u_vguid", "http://openid.maestrano.com/schema/person/vguid", login.virtual_uid()),
        ("u_fname", "http://openid.net/schema/namePerson/first", user.name.clone()),
        ("u_lname", "http://openid.net/schema/namePerson/last", user.surname.clone()),
        ("u_email", "http://openid.net/schema/contact/internet/email", user.email.clone()),
        ("u_vemail", "http://openid.maestrano.com/schema/contact/internet/vemail", login.virtual_email()),
        ("u_country", "http://openid.net/schema/contact/country/home", user.country.clone()),
        ("u_city", "http://openid.net/schema/contact/city/home", group.city.clone()),
        ("u_tz", "http://openid.net/schema/timezone", group.timezone.clone()),
    ]
}

fn session(login: &Login<'_>, now: Timestamp) -> Vec<Attribute> {
    let recheck = time::iso8601(time::plus(now, time::RECHECK));
    vec![
        ("u_session_key", "http://openid.maestrano.com/schema/session/key", login.session_token()),
        ("u_session_exp", "http://openid.maestrano.com/schema/session/expiration", recheck),
    ]
}

fn group(login: &Login<'_>) -> Vec<Attribute> {
    let group = login.group;
    let reseller_id = group.reseller_id.clone().unwrap_or_default();
    vec![
        ("g_guid", "http://openid.maestrano.com/schema/company/guid", group.uid.clone()),
        ("g_u_role", "http://openid.maestrano.com/schema/company/role", login.role().to_owned()),
        ("g_name", "http://openid.net/schema/company/name", group.name.clone()),
        ("g_email", "http://openid.maestrano.com/schema/company/email", group.email.clone()),
        ("g_country", "http://openid.maestrano.com/schema/company/country", group.country.clone()),
        ("g_city", "http://openid.maestrano.com/schema/company/city", group.city.clone()),
        ("g_tz", "http://openid.maestrano.com/schema/company/timezone", group.timezone.clone()),
        ("g_reseller_id", "http://openid.maestrano.com/schema/company/reseller_id", reseller_id),
    ]
}

fn reseller(login: &Login<'_>) -> Vec<Attribute> {
    let Some(reseller) = login.reseller else {
        return Vec::new();
    };
    vec![
        ("r_guid", "http://openid.maestrano.com/schema/reseller/guid", reseller.uid.clone()),
        ("r_name", "http://openid.maestrano.com/schema/reseller/name", reseller.name.clone()),
        ("r_country", "http://openid.maestrano.com/schema/reseller/country", reseller.country.clone()),
    ]
}
