//! What a marketplace tells the app by itself: that a group or a member is gone (protocol §5).
//!
//! It sends and reports; what is true of the marketplace is changed elsewhere.

mod delivery;
mod removal;

pub(crate) use delivery::{Delivery, client, deliver};
pub(crate) use removal::Removal;
