//! The accounts table (design.md §5): groups, members, users, sessions, one-time codes, and what has been consumed.
//!
//! Every item belongs to one marketplace and says so in its key. Reads that decide about access are consistent, and expiry is
//! checked when reading, because DynamoDB deletes expired items late (threats.md P7).

mod accounts;
mod batch;
mod circuits;
mod configuration;
mod error;
pub mod id_map;
mod item;
mod keys;
mod membership;
mod records;
mod removal;
mod sign_in;
#[cfg(test)]
mod tests;
mod trace;
mod transaction;

pub use accounts::Accounts;
pub use circuits::Slot;
pub use configuration::PutConfigurationError;
pub use error::StoreError;
pub use keys::{PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE};
pub use records::{PutRecordError, StoredRecord, Target};
pub use removal::{Removal, Removed};
pub use sign_in::{SignIn, SignInError};
