//! SAML 2.0 web browser single sign-on, the service provider's side (protocol.md §3).
//!
//! [`AuthnRequest`] goes out. What comes back passes through types, each of which can only be made from the one before:
//!
//! 1. [`decode`]: a form field becomes bounded UTF-8 text;
//! 2. [`UnverifiedResponse`]: one parse, no DTD, and exactly the structure of protocol.md §3.6;
//! 3. [`SignedAssertion`]: the canonical bytes that one of the marketplace's configured keys signed;
//! 4. [`Assertion`]: read from those bytes and nothing else, and every condition holds;
//! 5. [`Identity`]: who signed in, from its attributes.
//!
//! Nothing outside the signed element reaches stage 4. `KeyInfo` is never read.

mod algorithm;
mod assertion;
mod authn_request;
mod conditions;
mod document;
#[cfg(feature = "engine-samael")]
pub mod engine_samael;
mod error;
mod identity;
mod prescan;
mod response;
mod signature;
#[cfg(test)]
mod tests;
mod xml;

pub use assertion::UncheckedAssertion;
pub use authn_request::AuthnRequest;
pub use conditions::{Assertion, CLOCK_SKEW, Expectations};
pub use document::{MAX_ENCODED_LEN, UnverifiedResponse, decode};
pub use error::ResponseError;
pub use identity::{Identity, IdentityError, MarketplaceSession};
pub use signature::SignedAssertion;

use crate::marketplace::Marketplace;

/// Takes a `SAMLResponse` form field through stages 1 to 4.
///
/// # Errors
/// The first rule that does not hold.
pub fn accept(
    encoded: &str,
    marketplace: &Marketplace,
    expectations: &Expectations<'_>,
) -> Result<Assertion, ResponseError> {
    let xml = decode(encoded)?;
    let response = UnverifiedResponse::parse(&xml)?;
    let assertion = response.verify(&marketplace.idp_keys)?.read()?.check(marketplace, expectations)?;
    response.check_envelope(&marketplace.acs_url)?;
    Ok(assertion)
}
