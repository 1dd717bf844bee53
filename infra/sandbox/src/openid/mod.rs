//! The provider side of OpenID 2.0 (protocol §4): finds out who is there and for which group, and answers the app's
//! request with an assertion that the app has checked here.
//!
//! Only private associations: the app cannot share a secret with this provider and must ask it about every assertion.

mod answer;
mod assertion;
mod association;
mod attributes;
mod door;
mod error;
mod identity_page;
mod interaction;
mod memory;
mod message;
mod provider;
mod realm;
mod request;
mod xrds;

pub(crate) use identity_page::identity_page;
pub(crate) use interaction::{complete, decide, proceed};
pub(crate) use memory::Memory;
pub(crate) use provider::endpoint;
