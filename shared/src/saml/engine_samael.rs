//! The second engine: samael on libxmlsec1, the C library. It takes the place of our verifier in tests, where the two must
//! agree, and is never part of what ships (docs/decisions.md says why).

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use super::{ResponseError, SignedAssertion, UnverifiedResponse};
use crate::marketplace::IdpKey;

impl UnverifiedResponse<'_> {
    /// As [`verify`](Self::verify), with canonicalization and cryptography done by libxmlsec1.
    ///
    /// # Errors
    /// [`ResponseError::Signature`] for whatever libxmlsec1 does not accept: it does not say which rule broke.
    pub fn verify_with_samael(&self, keys: &[IdpKey]) -> Result<SignedAssertion, ResponseError> {
        signed_text(self.document.input_text(), keys)
            .map(|canonical| SignedAssertion { canonical })
            .ok_or(ResponseError::Signature)
    }
}

/// The canonical text that one of `keys` signed in `xml`, according to libxmlsec1 alone, without our structural profile.
#[must_use]
pub fn signed_text(xml: &str, keys: &[IdpKey]) -> Option<String> {
    let certificates: Vec<CertificateDer> = keys.iter().map(|key| key.certificate_der().to_vec().into()).collect();
    let allowed = [AllowedSignatureAlgorithm::RsaSha256];
    Crypto::reduce_xml_to_signed_with_allowed_algorithms(xml, &certificates, ReduceMode::PreDigest, Some(&allowed)).ok()
}
