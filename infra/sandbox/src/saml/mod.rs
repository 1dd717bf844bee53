//! The identity provider: reads an AuthnRequest, finds out who is there and for which group, answers with a
//! signed Response (protocol §3.4 to §3.7).
//!
//! It knows nothing of the service provider beyond the protocol.

mod attributes;
mod authn_request;
mod escape;
mod identity_provider;
mod login;
mod response;
mod signature;
mod trigger;

pub(crate) use identity_provider::single_sign_on;
pub(crate) use login::audience;
pub(crate) use trigger::sso_trigger;
