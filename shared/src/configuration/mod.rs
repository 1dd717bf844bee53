//! The marketplaces' configuration as it is kept: one snapshot in the accounts table, sealed, replaced as a whole.
//!
//! [`refresh()`] asks the sources and makes the next snapshot of what they say and of the last one; [`Configuration`] is how all
//! other functions read it. No request ever waits for a source.

mod merge;
mod reader;
mod refresh;
mod snapshot;
#[cfg(test)]
mod tests;

pub use merge::{Quarantined, merge};
pub use reader::{Configuration, ConfigurationError, NotConfigured, OpenConfigurationError};
pub use refresh::{RefreshError, Report, SourceReport, Sources, Unavailable, refresh};
pub use snapshot::{Head, Snapshot};
