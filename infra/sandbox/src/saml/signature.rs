//! The one signature of a Response: over the assertion, enveloped, exclusive canonicalization.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsa::sha2::{Digest as _, Sha256};
use sha1::Sha1;

use crate::keys::{Identity, KeyError, wrap};
use crate::state::SignatureMode;

/// Signs canonical text and returns the `ds:Signature` element.
pub(crate) fn sign(
    identity: &Identity,
    mode: SignatureMode,
    reference_id: &str,
    canonical_text: &str,
) -> Result<String, KeyError> {
    let signed_info = signed_info(mode, reference_id, &digest(mode, canonical_text));
    let value = STANDARD.encode(match mode {
        SignatureMode::Sha256 => identity.sign_sha256(signed_info.as_bytes())?,
        SignatureMode::Historical => identity.sign_sha1(signed_info.as_bytes())?,
    });
    let certificate = certificate(identity, mode);
    Ok(format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{signed_info}\
         <ds:SignatureValue>{value}</ds:SignatureValue>\
         <KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}\
         </ds:X509Certificate></ds:X509Data></KeyInfo></ds:Signature>"
    ))
}

fn digest(mode: SignatureMode, text: &str) -> String {
    match mode {
        SignatureMode::Sha256 => STANDARD.encode(Sha256::digest(text)),
        SignatureMode::Historical => STANDARD.encode(Sha1::digest(text)),
    }
}

/// Canonical as it stands: declaring the prefix again is what canonicalizing the element alone would do.
fn signed_info(mode: SignatureMode, reference_id: &str, digest: &str) -> String {
    let (signature_method, digest_method) = algorithms(mode);
    format!(
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
         </ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{signature_method}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{reference_id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest_method}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
}

fn algorithms(mode: SignatureMode) -> (&'static str, &'static str) {
    match mode {
        SignatureMode::Sha256 => {
            ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256")
        }
        SignatureMode::Historical => {
            ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1")
        }
    }
}

/// The historical sandbox leaves the PEM's line breaks in; a correct reader ignores them.
fn certificate(identity: &Identity, mode: SignatureMode) -> String {
    let base64 = identity.certificate_base64();
    match mode {
        SignatureMode::Sha256 => base64,
        SignatureMode::Historical => wrap(&base64, 64),
    }
}
