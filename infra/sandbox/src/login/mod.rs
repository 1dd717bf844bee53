//! Who logs in and through which group: the same for SAML and for OpenID (protocol §3.5).
//!
//! It knows neither protocol's messages.

mod cookies;
mod decision;
mod launch;
mod person;

pub(crate) use cookies::{cookie, forget_launch, launched_group, remember, remembered_user};
pub(crate) use decision::{Decision, Hints, decide, origin, spend_reseller_visit};
pub(crate) use launch::sso_trigger;
pub(crate) use person::Login;
