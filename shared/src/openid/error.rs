//! Why an answer was refused, in the standard's own words.

use crate::trace::reason_codes;

/// One variant for each rule. None repeats what an outsider wrote.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// The form or query is longer than any genuine message.
    #[error("message is too large")]
    TooLarge,
    /// More fields than any genuine message has.
    #[error("message has too many fields")]
    TooManyFields,
    /// A longer name or value than any genuine message has.
    #[error("a field is too long")]
    FieldTooLong,
    /// A name that could be taken for another one where it is signed.
    #[error("a field's name has a character no name has")]
    FieldName,
    /// Several lines, or not UTF-8.
    #[error("a field's value is not one line of text")]
    FieldValue,
    /// The same field twice.
    #[error("a field is there twice")]
    RepeatedField,
    /// Fields in the query of an address to which a form was posted.
    #[error("fields are in the query and in the form")]
    TwoPlaces,
    /// Not OpenID 2.0.
    #[error("ns is not OpenID 2.0")]
    Namespace,
    /// Not there, or empty.
    #[error("{field} is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// The person, or the provider, chose not to.
    #[error("sign-in was cancelled at the provider (mode is cancel)")]
    Cancelled,
    /// An answer to an immediate request, which we never make.
    #[error("provider needs to ask the person (mode is setup_needed)")]
    SetupNeeded,
    /// The provider did not understand the request.
    #[error("provider reports an error (mode is error)")]
    ErrorMode,
    /// Not an answer.
    #[error("mode is not one of an answer")]
    Mode,
    /// The list of signed fields repeats a name, or has one that is not in the message.
    #[error("signed is not a list of the message's fields")]
    SignedList,
    /// A field that must be signed is not.
    #[error("{field} is not signed")]
    NotSigned {
        /// Its name.
        field: &'static str,
    },
    /// Another provider.
    #[error("op_endpoint is not this marketplace's provider")]
    EndpointMismatch,
    /// Meant for another endpoint.
    #[error("return_to is not our return URL")]
    ReturnToMismatch,
    /// Answers no request of this browser and marketplace.
    #[error("return_to does not name an outstanding request of this browser")]
    RequestMismatch,
    /// It came to another address than it was made for.
    #[error("message came to another address than return_to")]
    ReceivedElsewhere,
    /// Delegation, which these providers do not know.
    #[error("identity is not the claimed_id")]
    IdentityMismatch,
    /// Not one of this provider's own identifiers.
    #[error("claimed_id is not an identifier of this marketplace's provider")]
    ClaimedIdMismatch,
    /// Not a UTC time with something unique behind it.
    #[error("response_nonce is malformed")]
    Nonce,
    /// Made later than now, the allowed skew considered.
    #[error("response_nonce is of a later time")]
    NotYetValid,
    /// Made too long ago, the allowed skew considered.
    #[error("response_nonce is too old")]
    Expired,
    /// Several aliases for attribute exchange, or one with a period.
    #[error("attribute exchange has not exactly one alias")]
    AttributeExchangeAlias,
    /// Not the answer to a fetch request.
    #[error("ax.mode is not fetch_response")]
    AttributeExchangeMode,
    /// A type is there twice, or two types contradict each other.
    #[error("an attribute is there twice")]
    AttributeType,
    /// A number of values that is none, or too large.
    #[error("an attribute's count is not a small number")]
    AttributeCount,
    /// The provider says that it did not make this assertion, or was asked about it before.
    #[error("provider does not confirm the assertion")]
    NotConfirmed,
    /// The provider knows no such person.
    #[error("provider does not know the claimed_id")]
    ClaimedIdUnknown,
    /// Discovery on the identifier does not lead to this provider.
    #[error("discovery does not name this provider for the claimed_id")]
    DiscoveryMismatch,
    /// The provider could not be asked. The assertion may be genuine.
    #[error("provider could not be asked")]
    Provider(#[from] ProviderError),
}

/// A provider gave no answer, or none that makes sense. None of these carries a body or an address.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The configured endpoint does not mean what it says.
    #[error("endpoint is not a normalised URL")]
    Address,
    /// No answer, or the connection broke.
    #[error("provider did not answer")]
    Transport(#[source] reqwest::Error),
    /// Neither yes nor no.
    #[error("provider answered with status {0}")]
    Status(u16),
    /// Far more than was asked for.
    #[error("provider's answer is too large")]
    TooLarge,
    /// Not what was asked for.
    #[error("provider's answer cannot be read")]
    Answer,
}

reason_codes! {
    impl OpenIdError {
        Self::TooLarge => "openid-too-large",
        Self::TooManyFields => "openid-too-many-fields",
        Self::FieldTooLong => "openid-field-too-long",
        Self::FieldName => "openid-field-name",
        Self::FieldValue => "openid-field-value",
        Self::RepeatedField => "openid-repeated-field",
        Self::TwoPlaces => "openid-two-places",
        Self::Namespace => "openid-namespace",
        Self::Missing { .. } => "openid-missing-field",
        Self::Cancelled => "openid-cancel",
        Self::SetupNeeded => "openid-setup-needed",
        Self::ErrorMode => "openid-error",
        Self::Mode => "openid-mode",
        Self::SignedList => "openid-signed-list",
        Self::NotSigned { .. } => "openid-not-signed",
        Self::EndpointMismatch => "openid-op-endpoint",
        Self::ReturnToMismatch => "openid-return-to",
        Self::RequestMismatch => "openid-request",
        Self::ReceivedElsewhere => "openid-received-elsewhere",
        Self::IdentityMismatch => "openid-identity",
        Self::ClaimedIdMismatch => "openid-claimed-id",
        Self::Nonce => "openid-response-nonce",
        Self::NotYetValid => "openid-not-yet-valid",
        Self::Expired => "openid-expired",
        Self::AttributeExchangeAlias => "openid-ax-alias",
        Self::AttributeExchangeMode => "openid-ax-mode",
        Self::AttributeType => "openid-ax-type",
        Self::AttributeCount => "openid-ax-count",
        Self::NotConfirmed => "openid-is-valid",
        Self::ClaimedIdUnknown => "openid-claimed-id-unknown",
        Self::DiscoveryMismatch => "openid-discovery",
        Self::Provider(ProviderError::Address) => "openid-provider-address",
        Self::Provider(ProviderError::Transport(_)) => "openid-provider-unreachable",
        Self::Provider(ProviderError::Status(_)) => "openid-provider-status",
        Self::Provider(ProviderError::TooLarge) => "openid-provider-too-large",
        Self::Provider(ProviderError::Answer) => "openid-provider-answer",
    }
}
