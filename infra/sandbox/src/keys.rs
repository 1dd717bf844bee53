//! The identity provider's key pairs: generated at start or read from PEM, and what signs with them.
//!
//! RSA comes from the pure Rust `rsa` crate on purpose: the service verifies with another implementation.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyIdMethod, PublicKeyData, SerialNumber, SignatureAlgorithm,
    SigningKey, date_time_ymd,
};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use x509_cert::der::{DecodePem as _, Encode as _};

use crate::random;
use crate::state::SignatureMode;

const MODERN_BITS: usize = 2048;
const HISTORICAL_BITS: usize = 1024;

/// Why a key pair could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The generator refused, for example because the key would be too short.
    #[error("cannot generate an RSA key")]
    Generate(#[source] rsa::Error),
    /// Neither PKCS#8 nor PKCS#1.
    #[error("not an RSA private key in PEM form (PKCS#8 or PKCS#1, unencrypted)")]
    PrivateKey,
    /// The certificate cannot be read.
    #[error("not an X.509 certificate in PEM form")]
    Certificate,
    /// Key and certificate are both fine, but of different pairs.
    #[error("the certificate is not for this private key")]
    Mismatch,
    /// A certificate could not be written for a fresh key.
    #[error("cannot make a self-signed certificate")]
    SelfSign(#[source] rcgen::Error),
    /// An encoding that should always succeed did not.
    #[error("cannot encode the key")]
    Encode,
    /// RSA refused to sign, which happens when the key is too short for the digest.
    #[error("cannot sign with this key")]
    Sign(#[source] rsa::Error),
}

/// A private key and the certificate that goes with it, both PEM.
#[derive(Clone)]
pub struct KeyPair {
    /// PKCS#8 or PKCS#1, unencrypted.
    pub private_key_pem: String,
    /// X.509.
    pub certificate_pem: String,
}

impl KeyPair {
    /// A fresh RSA key with a self-signed certificate. Takes a moment: call it off the async threads.
    pub fn generate(bits: usize, common_name: &str) -> Result<Self, KeyError> {
        let key = RsaPrivateKey::new(&mut OsRng, bits).map_err(KeyError::Generate)?;
        let private_key_pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Encode)?;
        let certificate = self_signed(&CertifiedKey::new(key)?, common_name).map_err(KeyError::SelfSign)?;
        Ok(Self {
            private_key_pem: private_key_pem.as_str().to_owned(),
            certificate_pem: pem("CERTIFICATE", certificate.der()),
        })
    }

    /// Reads a pair and checks that its halves belong together.
    pub fn from_pem(private_key_pem: &str, certificate_pem: &str) -> Result<Self, KeyError> {
        let pair = Self { private_key_pem: private_key_pem.to_owned(), certificate_pem: certificate_pem.to_owned() };
        Identity::new(&pair)?;
        Ok(pair)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyPair").field("certificate_pem", &self.certificate_pem).finish_non_exhaustive()
    }
}

/// A key pair ready for use.
pub(crate) struct Identity {
    key: RsaPrivateKey,
    certificate_der: Vec<u8>,
    pair: KeyPair,
}

/// What one marketplace signs with, now and in its historical mode. A pair given from outside serves both.
pub(crate) struct Identities {
    modern: Identity,
    historical: Identity,
}

impl Identities {
    /// From the given pair, or from fresh ones of the sizes that each mode had: RSA-2048 and RSA-1024.
    pub(crate) fn new(given: Option<&KeyPair>, common_name: &str) -> Result<Self, KeyError> {
        let pair = |bits| given.cloned().map_or_else(|| KeyPair::generate(bits, common_name), Ok);
        Ok(Self { modern: Identity::new(&pair(MODERN_BITS)?)?, historical: Identity::new(&pair(HISTORICAL_BITS)?)? })
    }

    pub(crate) fn of_mode(&self, mode: SignatureMode) -> &Identity {
        match mode {
            SignatureMode::Sha256 => &self.modern,
            SignatureMode::Historical => &self.historical,
        }
    }
}

impl Identity {
    pub(crate) fn new(pair: &KeyPair) -> Result<Self, KeyError> {
        let key = read_private_key(&pair.private_key_pem)?;
        let certificate =
            x509_cert::Certificate::from_pem(pair.certificate_pem.trim()).map_err(|_| KeyError::Certificate)?;
        let certified =
            certificate.tbs_certificate.subject_public_key_info.to_der().map_err(|_| KeyError::Certificate)?;
        let ours = key.to_public_key().to_public_key_der().map_err(|_| KeyError::Encode)?;
        if certified != ours.as_bytes() {
            return Err(KeyError::Mismatch);
        }
        Ok(Self { key, certificate_der: certificate.to_der().map_err(|_| KeyError::Certificate)?, pair: pair.clone() })
    }

    pub(crate) fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// The certificate's DER in base64 on one line.
    pub(crate) fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate_der)
    }

    /// SHA-1 over the DER: lower-case hex pairs with colons between them.
    pub(crate) fn fingerprint(&self) -> String {
        let pairs: Vec<String> = Sha1::digest(&self.certificate_der).iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }

    pub(crate) fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).map_err(KeyError::Sign)
    }

    pub(crate) fn sign_sha1(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(message)).map_err(KeyError::Sign)
    }
}

fn read_private_key(pem: &str) -> Result<RsaPrivateKey, KeyError> {
    RsaPrivateKey::from_pkcs8_pem(pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem)).map_err(|_| KeyError::PrivateKey)
}

/// The key as `rcgen` wants to see it.
struct CertifiedKey {
    key: RsaPrivateKey,
    public_der: Vec<u8>,
}

impl CertifiedKey {
    fn new(key: RsaPrivateKey) -> Result<Self, KeyError> {
        let public_der = key.to_public_key().to_pkcs1_der().map_err(|_| KeyError::Encode)?.as_bytes().to_vec();
        Ok(Self { key, public_der })
    }
}

impl PublicKeyData for CertifiedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public_der
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for CertifiedKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn self_signed(key: &CertifiedKey, common_name: &str) -> Result<rcgen::Certificate, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    let mut serial = random::bytes::<16>();
    serial[0] = (serial[0] & 0x7f) | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.key_identifier_method = KeyIdMethod::PreSpecified(Sha1::digest(&key.public_der).to_vec());
    params.self_signed(key)
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = wrap(&STANDARD.encode(der), 64);
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

/// Breaks ASCII text into lines of `width`, each ended by a line feed.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / width + 1);
    for (position, character) in text.chars().enumerate() {
        if position > 0 && position % width == 0 {
            wrapped.push('\n');
        }
        wrapped.push(character);
    }
    wrapped.push('\n');
    wrapped
}

#[cfg(test)]
mod tests {
    use rsa::{pkcs1::EncodeRsaPrivateKey as _, traits::PublicKeyParts as _};

    use super::*;

    #[test]
    fn a_generated_pair_belongs_together_and_debug_hides_its_key() {
        let pair = KeyPair::generate(1024, "test").unwrap();
        KeyPair::from_pem(&pair.private_key_pem, &pair.certificate_pem).unwrap();
        assert!(!format!("{pair:?}").contains("PRIVATE"));
    }

    #[test]
    fn the_historical_mode_has_a_key_of_its_time_unless_one_is_given() {
        let fresh = Identities::new(None, "test").unwrap();
        let bits = |identities: &Identities, mode| identities.of_mode(mode).key.size() * 8;
        assert_eq!(bits(&fresh, SignatureMode::Sha256), 2048);
        assert_eq!(bits(&fresh, SignatureMode::Historical), 1024);
        let pair = KeyPair::generate(1536, "given").unwrap();
        let given = Identities::new(Some(&pair), "test").unwrap();
        assert_eq!((bits(&given, SignatureMode::Sha256), bits(&given, SignatureMode::Historical)), (1536, 1536));
    }

    #[test]
    fn a_pkcs1_private_key_is_read_too() {
        let pair = KeyPair::generate(1024, "test").unwrap();
        let key = RsaPrivateKey::from_pkcs8_pem(&pair.private_key_pem).unwrap();
        let pkcs1 = key.to_pkcs1_pem(LineEnding::LF).unwrap();
        assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
        KeyPair::from_pem(&pkcs1, &pair.certificate_pem).unwrap();
    }

    #[test]
    fn a_certificate_of_another_key_is_refused() {
        let ours = KeyPair::generate(1024, "ours").unwrap();
        let theirs = KeyPair::generate(1024, "theirs").unwrap();
        let result = KeyPair::from_pem(&ours.private_key_pem, &theirs.certificate_pem);
        assert!(matches!(result, Err(KeyError::Mismatch)));
    }

    #[test]
    fn text_that_is_no_pem_is_refused_by_kind() {
        let pair = KeyPair::generate(1024, "test").unwrap();
        assert!(matches!(KeyPair::from_pem("x", &pair.certificate_pem), Err(KeyError::PrivateKey)));
        assert!(matches!(KeyPair::from_pem(&pair.private_key_pem, "x"), Err(KeyError::Certificate)));
    }

    #[test]
    fn base64_is_wrapped_with_a_line_feed_after_every_line() {
        assert_eq!(wrap("abcdef", 3), "abc\ndef\n");
        assert_eq!(wrap("abcd", 3), "abc\nd\n");
    }
}
