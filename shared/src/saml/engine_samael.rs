//! The second engine: samael on libxmlsec1, the C library. It is the oracle of the differential tests and never part of what
//! ships (docs/decisions.md says why).

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoError, CryptoProvider as _, ReduceMode};

use crate::marketplace::IdpKey;

/// The canonical text that one of `keys` signed in `xml`, according to libxmlsec1: what
/// [`SignedAssertion`](super::SignedAssertion) holds when both engines agree.
///
/// # Errors
/// When libxmlsec1 does not accept the signature.
pub fn signed_text(xml: &str, keys: &[IdpKey]) -> Result<String, CryptoError> {
    let certificates: Vec<CertificateDer> = keys.iter().map(|key| key.certificate_der().to_vec().into()).collect();
    Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        xml,
        &certificates,
        ReduceMode::PreDigest,
        Some(&[AllowedSignatureAlgorithm::RsaSha256]),
    )
}
