//! The second engine: samael on libxmlsec1, the C library. An oracle for tests, where the two must agree; it is never part of what
//! ships (docs/decisions.md says why).

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use crate::marketplace::{IdpKey, LegacyCryptography};

/// The canonical text that one of `keys` signed in `xml`, according to libxmlsec1 alone, without our structural profile. It does
/// not say why, if there is none.
#[must_use]
pub fn signed_text(xml: &str, keys: &[IdpKey], legacy: LegacyCryptography) -> Option<String> {
    let certificates: Vec<CertificateDer> = keys.iter().map(|key| key.certificate_der().to_vec().into()).collect();
    let allowed = [
        AllowedSignatureAlgorithm::RsaSha256,
        AllowedSignatureAlgorithm::RsaSha384,
        AllowedSignatureAlgorithm::RsaSha512,
    ];
    // Its list knows no SHA-1: where that is allowed, it allows everything.
    let allowed = Some(&allowed[..]).filter(|_| !legacy.sha1);
    Crypto::reduce_xml_to_signed_with_allowed_algorithms(xml, &certificates, ReduceMode::PreDigest, allowed).ok()
}
