//! Stage 3: is this assertion for us, now, by the marketplace's own provider, and an answer to what this browser asked?
//! (Section 11.1 to 11.3, threats.md C1 to C6.)

use std::fmt;

use jiff::Timestamp;

use super::{
    Message, OpenIdError, attributes, authentication_request::return_to, claimed_id::ClaimedId, nonce::Nonce,
    signed_fields::SignedFields,
};
use crate::{identity::Assertion, marketplace::Marketplace};

/// What this browser is waiting for.
#[derive(Debug, Clone, Copy)]
pub struct Expectations<'a> {
    /// The ids of its outstanding requests to this marketplace.
    pub request_ids: &'a [String],
    /// The present moment.
    pub now: Timestamp,
}

/// A message that says somebody signed in. Whether that is true is not yet known: see [`check`](Self::check).
#[derive(Debug)]
pub struct PositiveAssertion {
    message: Message,
}

/// An assertion with which nothing is wrong that we can see. Whether it is genuine only its provider knows: see
/// [`verify`](Self::verify).
pub struct CheckedAssertion {
    pub(super) message: Message,
    pub(super) endpoint: String,
    pub(super) claimed_id: ClaimedId,
    pub(super) assertion: Assertion,
}

impl PositiveAssertion {
    pub(super) fn new(message: Message) -> Self {
        Self { message }
    }

    /// Checks everything that can be checked without asking anybody.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(
        self,
        marketplace: &Marketplace,
        expected: &Expectations<'_>,
    ) -> Result<CheckedAssertion, OpenIdError> {
        self.message.required("sig")?;
        let signed = SignedFields::of(&self.message)?;
        let endpoint = &marketplace.openid_endpoint;
        if signed.required("op_endpoint", "op_endpoint")? != endpoint {
            return Err(OpenIdError::EndpointMismatch);
        }
        // It is opaque: we share no association with anybody (section 11.4.2).
        signed.required("assoc_handle", "assoc_handle")?;
        let request_id = check_return_to(&signed, &self.message, marketplace, expected.request_ids)?;
        let claimed_id = check_identifiers(&signed, endpoint)?;

        let skew = marketplace.settings.clock_skew.duration();
        let response_nonce = signed.required("response_nonce", "response_nonce")?;
        let nonce = Nonce::parse(response_nonce)?;
        nonce.check(expected.now, skew)?;
        let assertion = Assertion {
            // No SAML assertion's id has a colon: it is an NCName.
            id: format!("openid:{response_nonce}"),
            issued_at: nonce.made_at,
            request_id: Some(request_id),
            subject: claimed_id.user().to_string(),
            consumable_until: nonce.acceptable_until(skew),
            session_not_on_or_after: None,
            attributes: attributes::fetch_response(&signed)?,
        };
        Ok(CheckedAssertion { message: self.message, endpoint: endpoint.clone(), claimed_id, assertion })
    }
}

impl fmt::Debug for CheckedAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedAssertion").field("id", &self.assertion.id).finish_non_exhaustive()
    }
}

/// The request that is answered. `return_to` is that request's to the letter, and the message came to that very address
/// (section 11.1); host and path are this marketplace's by the route.
fn check_return_to(
    signed: &SignedFields<'_>,
    message: &Message,
    marketplace: &Marketplace,
    request_ids: &[String],
) -> Result<String, OpenIdError> {
    let found = signed.required("return_to", "return_to")?;
    let any = return_to(marketplace, "");
    let named = found.strip_prefix(&any).ok_or(OpenIdError::ReturnToMismatch)?;
    let request_id = request_ids.iter().find(|id| *id == named).ok_or(OpenIdError::RequestMismatch)?;
    if message.received_for() != Some(request_id) {
        return Err(OpenIdError::ReceivedElsewhere);
    }
    Ok(request_id.clone())
}

/// Directed identity without delegation: both identifiers are the same, and the provider's own (section 11.2).
fn check_identifiers(signed: &SignedFields<'_>, endpoint: &str) -> Result<ClaimedId, OpenIdError> {
    let claimed_id = signed.required("claimed_id", "claimed_id")?;
    if signed.required("identity", "identity")? != claimed_id {
        return Err(OpenIdError::IdentityMismatch);
    }
    ClaimedId::under(endpoint, claimed_id).ok_or(OpenIdError::ClaimedIdMismatch)
}
