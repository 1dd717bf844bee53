//! Why a response was refused, in the standard's own words.

use crate::trace::reason_codes;

/// One variant for each rule. None repeats what an outsider wrote, but for values that were signed by the marketplace's
/// own key; even those are for the log and never for the caller.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ResponseError {
    /// The form field is longer than any genuine response.
    #[error("response is larger than {limit} bytes")]
    TooLarge {
        /// In bytes of base64.
        limit: usize,
    },
    /// Not standard base64, white space aside.
    #[error("response is not base64")]
    NotBase64,
    /// Not UTF-8.
    #[error("response is not UTF-8")]
    NotUtf8,
    /// Not well-formed.
    #[error("response is not well-formed XML")]
    NotXml,
    /// A document type declaration, harmless or not.
    #[error("response has a document type declaration")]
    DocumentType,
    /// The XML declaration names another encoding than UTF-8, or another version than 1.0.
    #[error("response declares another XML version or encoding")]
    Declaration,
    /// A processing instruction, anywhere.
    #[error("response contains a processing instruction")]
    ProcessingInstruction,
    /// More elements, levels, attributes or namespaces than any genuine response has.
    #[error("response has too many {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
    },
    /// A namespace name that is empty, relative or no URI at all: canonicalizers disagree about those.
    #[error("a namespace name is not an absolute URI")]
    Namespace,
    /// Two elements carry the same identifier.
    #[error("identifiers are not unique")]
    DuplicateId,
    /// An identifier is not an NCName, or the assertion has none.
    #[error("an identifier is missing or not a name")]
    Id,
    /// The document element is something else.
    #[error("document element is not samlp:Response")]
    NotAResponse,
    /// Not SAML 2.0.
    #[error("{element} is not version 2.0")]
    Version {
        /// The element.
        element: &'static str,
    },
    /// The assertion is encrypted; we have no key for that.
    #[error("response carries an encrypted assertion")]
    Encrypted,
    /// None, or several, or not where it belongs.
    #[error("response has {found} assertions, or one that is not its direct child")]
    AssertionCount {
        /// How many, anywhere in the document.
        found: usize,
    },
    /// None, or several, or not where it belongs.
    #[error("response has {found} signatures, or one that is not right after the assertion's issuer")]
    SignatureCount {
        /// How many, anywhere in the document.
        found: usize,
    },
    /// Something is missing, repeated, out of order or not foreseen.
    #[error("{element} has other content than the profile allows")]
    Structure {
        /// The element whose content it is.
        element: &'static str,
    },
    /// A required attribute is missing or empty.
    #[error("{element} lacks {attribute}")]
    MissingAttribute {
        /// The element.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// An algorithm that is not on the allow-list.
    #[error("algorithm of {element} is not allowed")]
    Algorithm {
        /// The element that names it.
        element: &'static str,
    },
    /// The one reference is not to the assertion.
    #[error("signature does not reference the assertion")]
    Reference,
    /// None of the marketplace's keys made this signature.
    #[error("signature is not by a key of this marketplace")]
    Signature,
    /// The assertion is not what was signed.
    #[error("digest does not match")]
    Digest,
    /// The identity provider says no.
    #[error("status is not Success")]
    Status,
    /// Meant for another endpoint.
    #[error("destination is not our assertion consumer service")]
    DestinationMismatch,
    /// Not a UTC xs:dateTime.
    #[error("{attribute} is not a UTC date and time")]
    Time {
        /// The attribute.
        attribute: &'static str,
    },
    /// Not by this marketplace's identity provider.
    #[error("issuer is {found}")]
    IssuerMismatch {
        /// As signed, made harmless to read.
        found: String,
    },
    /// Not for us.
    #[error("audience is {found}")]
    AudienceMismatch {
        /// As signed, made harmless to read.
        found: String,
    },
    /// Meant for another endpoint.
    #[error("recipient is {found}")]
    RecipientMismatch {
        /// As signed, made harmless to read.
        found: String,
    },
    /// Answers no request of this browser and marketplace.
    #[error("in_response_to is not an outstanding request of this browser")]
    InResponseToMismatch,
    /// Answers no request at all, and the marketplace's settings do not allow that.
    #[error("response was not asked for: there is no in_response_to")]
    Unsolicited,
    /// Not bearer.
    #[error("subject confirmation method is not bearer")]
    ConfirmationMethod,
    /// Before `NotBefore`, the allowed skew considered.
    #[error("assertion is not yet valid")]
    NotYetValid,
    /// At or after a `NotOnOrAfter`, the allowed skew considered.
    #[error("assertion has expired ({attribute})")]
    Expired {
        /// Which limit.
        attribute: &'static str,
    },
}

reason_codes! {
    impl ResponseError {
        Self::TooLarge { .. } => "response-too-large",
        Self::NotBase64 => "not-base64",
        Self::NotUtf8 => "not-utf-8",
        Self::NotXml => "not-well-formed",
        Self::DocumentType => "document-type",
        Self::Declaration => "xml-declaration",
        Self::ProcessingInstruction => "processing-instruction",
        Self::TooMany { .. } => "too-many-nodes",
        Self::Namespace => "namespace-not-absolute",
        Self::DuplicateId => "duplicate-id",
        Self::Id => "id-not-a-name",
        Self::NotAResponse => "not-a-response",
        Self::Version { .. } => "version",
        Self::Encrypted => "encrypted-assertion",
        Self::AssertionCount { .. } => "assertion-count",
        Self::SignatureCount { .. } => "signature-count",
        Self::Structure { .. } => "unforeseen-content",
        Self::MissingAttribute { .. } => "missing-attribute",
        Self::Algorithm { .. } => "algorithm-not-allowed",
        Self::Reference => "reference",
        Self::Signature => "signature-invalid",
        Self::Digest => "digest-mismatch",
        Self::Status => "status-not-success",
        Self::DestinationMismatch => "destination-mismatch",
        Self::Time { .. } => "malformed-time",
        Self::IssuerMismatch { .. } => "issuer-mismatch",
        Self::AudienceMismatch { .. } => "audience-mismatch",
        Self::RecipientMismatch { .. } => "recipient-mismatch",
        Self::InResponseToMismatch => "in-response-to-mismatch",
        Self::Unsolicited => "unsolicited",
        Self::ConfirmationMethod => "confirmation-method",
        Self::NotYetValid => "not-yet-valid",
        Self::Expired { .. } => "expired",
    }
}

impl From<canonical_xml::Error> for ResponseError {
    fn from(error: canonical_xml::Error) -> Self {
        match error {
            canonical_xml::Error::NotWellFormed { .. } => Self::NotXml,
            canonical_xml::Error::DocumentType => Self::DocumentType,
            canonical_xml::Error::ProcessingInstruction => Self::ProcessingInstruction,
            canonical_xml::Error::Declaration => Self::Declaration,
            canonical_xml::Error::Namespace => Self::Namespace,
            canonical_xml::Error::TooMany { what } => Self::TooMany { what },
        }
    }
}
