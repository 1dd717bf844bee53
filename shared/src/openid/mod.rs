//! OpenID Authentication 2.0 with attribute exchange, the relying party's side (protocol.md §4).
//!
//! [`AuthenticationRequest`] goes out. What comes back passes through types, each of which can only be made from the one before:
//!
//! 1. [`Message`]: a bounded number of fields, each of them once;
//! 2. [`PositiveAssertion`]: a message that says somebody signed in;
//! 3. [`CheckedAssertion`]: an answer to this browser's request, by the configured provider, now, as far as we can tell alone;
//! 4. [`Assertion`]: the provider itself has said that it is genuine, and that the identifier is its own.
//!
//! There are no associations: every assertion is verified directly with the provider (section 11.4.2), so a handle is opaque.
//! The provider is configured; nothing a browser brings is ever fetched. Only signed fields are read.

mod attributes;
mod authentication_request;
mod claimed_id;
mod claims;
mod discovery;
mod error;
mod message;
mod nonce;
mod positive_assertion;
mod provider_client;
mod signed_fields;
#[cfg(test)]
mod tests;
mod verification;

pub use authentication_request::AuthenticationRequest;
pub use error::{OpenIdError, ProviderError};
pub use message::{MAX_FORM_LEN, Message};
pub use positive_assertion::{CheckedAssertion, Expectations, PositiveAssertion};
pub use provider_client::ProviderClient;

use std::{error::Error, fmt};

use crate::{identity::Assertion, marketplace::Marketplace, trace::Claims};

/// The namespace of every message (section 4.1.2).
const NAMESPACE: &str = "http://specs.openid.net/auth/2.0";

/// A message that signs nobody in.
#[derive(Debug)]
pub struct Refusal {
    /// The first rule that does not hold.
    pub error: OpenIdError,
    /// What it said. Nobody has vouched for any of it.
    pub claims: Box<Claims>,
}

/// Takes a message through stages 2 to 4.
///
/// # Errors
/// [`Refusal`] names the first rule that does not hold. The provider is asked only if all other rules do.
pub async fn accept(
    message: Message,
    marketplace: &Marketplace,
    expected: &Expectations<'_>,
    provider: &ProviderClient,
) -> Result<Assertion, Refusal> {
    let claims = Box::new(claims::of(&message));
    examine(message, marketplace, expected, provider).await.map_err(|error| Refusal { error, claims })
}

async fn examine(
    message: Message,
    marketplace: &Marketplace,
    expected: &Expectations<'_>,
    provider: &ProviderClient,
) -> Result<Assertion, OpenIdError> {
    message.into_positive()?.check(marketplace, expected)?.verify(provider).await
}

/// It reads as the error itself, and has its causes.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl From<OpenIdError> for Refusal {
    fn from(error: OpenIdError) -> Self {
        Self { error, claims: Box::default() }
    }
}
