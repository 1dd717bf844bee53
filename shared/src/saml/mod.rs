//! SAML 2.0 web browser single sign-on, the service provider's side (protocol.md §3).
//!
//! [`AuthnRequest`] goes out. What comes back passes through types, each of which can only be made from the one before:
//!
//! 1. [`decode`]: a form field becomes bounded UTF-8 text;
//! 2. [`Document`], [`UnverifiedResponse`]: one parse, bounded, no DTD, and exactly the structure of protocol.md §3.6;
//! 3. [`SignedAssertion`]: the very element that one of the marketplace's configured keys signed;
//! 4. [`Assertion`]: read from that element and nothing else, and every condition holds;
//! 5. [`Identity`](crate::identity::Identity): who signed in, from its attributes.
//!
//! There is one parse and one tree: what was digested and what is read are the same nodes. Nothing outside the signed element
//! reaches stage 4. `KeyInfo` is never read.

mod algorithm;
mod assertion;
mod authn_request;
mod conditions;
mod document;
#[cfg(feature = "engine-samael")]
pub mod engine_samael;
mod error;
mod response;
mod signature;
#[cfg(test)]
mod tests;
mod xml;

pub use assertion::UncheckedAssertion;
pub use authn_request::AuthnRequest;
pub use conditions::Expectations;
pub use document::{MAX_ENCODED_LEN, UnverifiedResponse, decode};
pub use error::ResponseError;
pub use signature::SignedAssertion;

pub use canonical_xml::Document;

use crate::{identity::Assertion, marketplace::Marketplace};

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
    let document = Document::parse(&xml)?;
    let response = UnverifiedResponse::of(&document)?;
    let signed = response.verify(&marketplace.idp_keys, marketplace.settings.legacy_cryptography)?;
    let assertion = signed.read()?.check(marketplace, expectations)?;
    response.check_envelope(&marketplace.acs_url)?;
    Ok(assertion)
}
