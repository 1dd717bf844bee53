//! Connec!, a marketplace's data hub (protocol.md §7): what we ask it, as the app that it knows us as, and what it answers.
//!
//! It knows nothing of the id map, of queues, or of when to push what.

mod answer;
mod api;
mod batch;
mod circuit;
mod entity;
mod external_id;
mod query;
#[cfg(test)]
mod tests;
mod version;

pub use answer::{ConnecError, ErrorDocument};
pub use api::ConnecApi;
pub use batch::{MAX_OPERATIONS, Method, Operation, OperationResult};
pub use circuit::Circuit;
pub use entity::Entity;
pub use external_id::{OurIds, connec_id, fold};
pub use query::{Page, Query};
pub use version::ConnecVersion;
