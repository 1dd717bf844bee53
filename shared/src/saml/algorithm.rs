//! The algorithm identifiers and namespaces we know. What is not here is refused.

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
/// RSASSA-PKCS1-v1_5 with SHA-256.
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// SHA-256.
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// The status of a response that carries an assertion (saml-core 3.2.2.2).
pub(super) const STATUS_SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The only confirmation method of web browser single sign-on (saml-profiles 4.1.4.2).
pub(super) const METHOD_BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
