//! The account API: its ping, and who and what the marketplace knows (protocol §6.1 and §6.4). Billing is not there yet.
//!
//! An answer may hold session tokens, and so may a filter: neither goes into the event log.

mod door;
mod envelope;
mod filters;
mod membership;
mod ping;
mod records;

pub(crate) use membership::{group, groups, reseller, reseller_groups, resellers, user, users};
pub(crate) use ping::ping;
