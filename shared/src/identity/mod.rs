//! What an identity provider says of a person, whatever protocol it says it in.

mod assertion;
#[expect(clippy::module_inception, reason = "it is what the module is about")]
mod identity;

pub use assertion::Assertion;
pub use identity::{Identity, IdentityError, MarketplaceSession};
