//! The algorithm identifiers and namespaces we know. What is not here is refused.

use aws_lc_rs::digest;

use crate::marketplace::{LegacyCryptography, SignatureAlgorithm};

/// `samlp:` elements (saml-core 1.2).
pub(super) const NS_PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// `saml:` elements (saml-core 1.2).
pub(super) const NS_ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// `ds:` elements (XML Signature 1.1).
pub(super) const NS_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Exclusive canonicalization without comments.
pub(super) const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that takes the signature out of what it signs.
pub(super) const ENVELOPED_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// RSASSA-PKCS1-v1_5 with SHA-256: also how we sign ourselves.
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
/// What Maestrano's own code writes for SHA-256 (protocol.md §3.6): names that no standard knows.
const HISTORICAL_RSA_SHA256: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha256";
const HISTORICAL_SHA256: &str = "http://www.w3.org/2000/09/xmldsig#sha256";

/// The status of a response that carries an assertion (saml-core 3.2.2.2).
pub(super) const STATUS_SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The only confirmation method of web browser single sign-on (saml-profiles 4.1.4.2).
pub(super) const METHOD_BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// How the assertion is digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DigestAlgorithm {
    Sha256,
    Sha384,
    Sha512,
    Sha1,
}

/// How `SignedInfo` is signed, if that is allowed.
pub(super) fn signature_algorithm(name: &str, legacy: LegacyCryptography) -> Option<SignatureAlgorithm> {
    match name {
        RSA_SHA256 => Some(SignatureAlgorithm::RsaSha256),
        RSA_SHA384 => Some(SignatureAlgorithm::RsaSha384),
        RSA_SHA512 => Some(SignatureAlgorithm::RsaSha512),
        HISTORICAL_RSA_SHA256 if legacy.historical_names => Some(SignatureAlgorithm::RsaSha256),
        RSA_SHA1 if legacy.sha1 => Some(SignatureAlgorithm::RsaSha1),
        _ => None,
    }
}

impl DigestAlgorithm {
    pub(super) fn of(name: &str, legacy: LegacyCryptography) -> Option<Self> {
        match name {
            SHA256 => Some(Self::Sha256),
            SHA384 => Some(Self::Sha384),
            SHA512 => Some(Self::Sha512),
            HISTORICAL_SHA256 if legacy.historical_names => Some(Self::Sha256),
            SHA1 if legacy.sha1 => Some(Self::Sha1),
            _ => None,
        }
    }

    pub(super) fn aws_lc(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        }
    }
}
