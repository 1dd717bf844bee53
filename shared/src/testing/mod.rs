//! Helpers for tests: an identity provider that can be made to lie, and the log. Enabled from dev-dependencies only.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "test support fails loudly")]

mod configuration;
pub mod id_map;
mod identity_provider;
mod log;
mod session;

pub use configuration::{acme, basic, basic_header, directory, entries};
pub use identity_provider::{IdentityProvider, ResponseDraft, Strength, sample_attributes};
pub use log::logged;
pub use session::active_session;
