//! The identity provider: reads an AuthnRequest, finds out who is there and for which group, answers with a
//! signed Response (protocol §3.4 to §3.7).
//!
//! It knows nothing of the service provider beyond the protocol.

mod attributes;
mod audience;
mod authn_request;
mod identity_provider;
mod response;
mod signature;

pub(crate) use audience::audience;
pub(crate) use identity_provider::single_sign_on;
