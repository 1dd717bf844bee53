//! Signing our requests, for identity providers that want it (saml-bindings 3.4.4.1).

use std::fmt;

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::form_urlencoded;

use super::algorithm::RSA_SHA256;
use crate::{
    marketplace::{CertificateError, IdpKey, SignatureAlgorithm, decode_pem},
    secrets::SigningKey,
};

/// Our own key, and the certificate that names it.
pub struct RequestSigner {
    key: KeyPair,
    certificate_der: Vec<u8>,
}

/// The key cannot be used. Nothing of it is repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestSignerError {
    /// Not an RSA key in PKCS #8, or encrypted.
    #[error("private_key is not an RSA key in PKCS #8 PEM")]
    PrivateKey,
    /// The certificate beside it.
    #[error("certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The two do not belong together.
    #[error("certificate is not the private key's, or the key has fewer than 2048 bits")]
    Mismatch,
}

impl RequestSigner {
    /// Reads a key and its certificate and tries them.
    ///
    /// # Errors
    /// [`RequestSignerError`] says which of the two is wrong.
    pub fn new(key: &SigningKey) -> Result<Self, RequestSignerError> {
        let certificate = IdpKey::from_pem(&key.certificate, None)?;
        let pkcs8 = decode_pem(key.private_key.expose(), "PRIVATE KEY").ok_or(RequestSignerError::PrivateKey)?;
        let key = KeyPair::from_pkcs8(&pkcs8).map_err(|_| RequestSignerError::PrivateKey)?;
        let signer = Self { key, certificate_der: certificate.certificate_der().to_vec() };
        let sample = b"sample";
        let signature = signer.sign(sample).ok_or(RequestSignerError::PrivateKey)?;
        if certificate.is_short() || !certificate.verifies(SignatureAlgorithm::RsaSha256, sample, &signature) {
            return Err(RequestSignerError::Mismatch);
        }
        Ok(signer)
    }

    /// The certificate, in base64.
    pub(super) fn certificate(&self) -> String {
        STANDARD.encode(&self.certificate_der)
    }

    /// `query` with the algorithm and the signature over both appended: exactly the octets that are sent are signed.
    pub(super) fn signed_query(&self, query: &str) -> Option<String> {
        let algorithm: String = form_urlencoded::byte_serialize(RSA_SHA256.as_bytes()).collect();
        let signed = format!("{query}&SigAlg={algorithm}");
        let signature = STANDARD.encode(self.sign(signed.as_bytes())?);
        let signature: String = form_urlencoded::byte_serialize(signature.as_bytes()).collect();
        Some(format!("{signed}&Signature={signature}"))
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }
}

impl fmt::Debug for RequestSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSigner").finish_non_exhaustive()
    }
}
