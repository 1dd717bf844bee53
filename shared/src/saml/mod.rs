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
mod claims;
mod conditions;
mod document;
#[cfg(feature = "engine-samael")]
pub mod engine_samael;
mod error;
mod metadata;
mod request_signer;
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
pub use metadata::service_provider_metadata;
pub use request_signer::{RequestSigner, RequestSignerError};
pub use signature::SignedAssertion;

pub use canonical_xml::Document;

use crate::{identity::Assertion, marketplace::Marketplace, trace::Claims};

/// A response that was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{error}")]
pub struct Refusal {
    /// The first rule that does not hold.
    pub error: ResponseError,
    /// What it said, as far as it could be read. Nobody has vouched for any of it.
    pub claims: Box<Claims>,
}

/// Takes a `SAMLResponse` form field through stages 1 to 4.
///
/// # Errors
/// [`Refusal`] names the first rule that does not hold.
pub fn accept(encoded: &str, marketplace: &Marketplace, expected: &Expectations<'_>) -> Result<Assertion, Refusal> {
    let xml = decode(encoded)?;
    let document = Document::parse(&xml).map_err(ResponseError::from)?;
    let refused = |error, said_in| Refusal { error, claims: Box::new(claims::of(said_in)) };
    let response = UnverifiedResponse::of(&document).map_err(|error| refused(error, document.root()))?;
    examine(&response, marketplace, expected).map_err(|error| refused(error, response.assertion))
}

fn examine(
    response: &UnverifiedResponse<'_>,
    marketplace: &Marketplace,
    expected: &Expectations<'_>,
) -> Result<Assertion, ResponseError> {
    let keys = marketplace.idp_keys.iter().filter(|key| key.is_used_at(expected.now));
    let signed = response.verify(keys, marketplace.settings.legacy_cryptography)?;
    let assertion = signed.read()?.check(marketplace, expected)?;
    response.check_envelope(&marketplace.acs_url)?;
    Ok(assertion)
}

impl From<ResponseError> for Refusal {
    fn from(error: ResponseError) -> Self {
        Self { error, claims: Box::default() }
    }
}
