//! The public key inside a marketplace's configured certificate. The certificate is pinned: who issued it and for
//! how long says nothing here, what was configured does (protocol.md §3.10).

use std::fmt;

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    signature::{
        ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _, Reader as _, SliceReader, asn1::UintRef},
};

/// The object identifier of RSA keys (RFC 8017).
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// A key that a marketplace's identity provider signs with.
#[derive(Clone)]
pub struct IdpKey {
    sha256: ParsedPublicKey,
    sha384: ParsedPublicKey,
    sha512: ParsedPublicKey,
    sha1: ParsedPublicKey,
    bits: usize,
    fingerprint: String,
    certificate_der: Vec<u8>,
    expires_at: Timestamp,
    used: Validity,
}

/// When something is good; open on a side that is not given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub from: Option<Timestamp>,
    /// The first moment that is too late.
    pub until: Option<Timestamp>,
}

impl Validity {
    /// Whether `now` is within it.
    #[must_use]
    pub fn includes(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// How a message is signed; always RSASSA-PKCS1-v1_5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// With SHA-256.
    RsaSha256,
    /// With SHA-384, for keys that are not short.
    RsaSha384,
    /// With SHA-512.
    RsaSha512,
    /// With SHA-1: for marketplaces that know nothing better, and only if their settings say so.
    RsaSha1,
}

/// A configured certificate cannot be used.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum CertificateError {
    /// No base64 between the markers, or no X.509 in it.
    #[error("certificate cannot be read")]
    Unreadable,
    /// The fingerprint beside it belongs to another certificate.
    #[error("certificate does not match the configured fingerprint (its own is {found})")]
    FingerprintMismatch {
        /// The SHA-1 fingerprint of the certificate itself; public.
        found: String,
    },
    /// Not an RSA key.
    #[error("certificate holds no RSA key")]
    NotRsa,
    /// Outside 1,024 to 8,192 bits.
    #[error("certificate's RSA key has {bits} bits, not 1024 to 8192")]
    KeySize {
        /// How many it has.
        bits: usize,
    },
}

impl IdpKey {
    /// The key in a PEM certificate, its line breaks optional (protocol.md §1.2). If `fingerprint` is given (SHA-1 of
    /// the DER, hexadecimal, colons and case free) it must be this certificate's.
    ///
    /// # Errors
    /// [`CertificateError`] says what is wrong with it.
    pub fn from_pem(pem: &str, fingerprint: Option<&str>) -> Result<Self, CertificateError> {
        let certificate_der = decode_pem(pem, "CERTIFICATE").ok_or(CertificateError::Unreadable)?;
        let found = hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate_der).as_ref());
        if fingerprint.is_some_and(|expected| normalise(expected) != found) {
            return Err(CertificateError::FingerprintMismatch { found });
        }
        let certificate = Certificate::from_der(&certificate_der).map_err(|_| CertificateError::Unreadable)?;
        let not_after = certificate.tbs_certificate.validity.not_after.to_unix_duration();
        let expires_at = i64::try_from(not_after.as_secs()).ok().and_then(|secs| Timestamp::from_second(secs).ok());
        let public_key = certificate.tbs_certificate.subject_public_key_info;
        if public_key.algorithm.oid.to_string() != RSA_ENCRYPTION {
            return Err(CertificateError::NotRsa);
        }
        let bits = modulus_bits(public_key.subject_public_key.raw_bytes()).ok_or(CertificateError::Unreadable)?;
        if !(1_024..=8_192).contains(&bits) {
            return Err(CertificateError::KeySize { bits });
        }
        let public_key = public_key.to_der().map_err(|_| CertificateError::Unreadable)?;
        let parsed = |algorithm| ParsedPublicKey::new(algorithm, &public_key).map_err(|_| CertificateError::Unreadable);
        Ok(Self {
            sha256: parsed(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)?,
            sha384: parsed(&RSA_PKCS1_2048_8192_SHA384)?,
            sha512: parsed(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)?,
            sha1: parsed(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)?,
            bits,
            fingerprint: found,
            certificate_der,
            expires_at: expires_at.ok_or(CertificateError::Unreadable)?,
            used: Validity::default(),
        })
    }

    /// The same key, to be used within these limits only.
    #[must_use]
    pub fn used(self, used: Validity) -> Self {
        Self { used, ..self }
    }

    /// Whether it is to be used now. What its certificate says of itself does not count: it is pinned.
    #[must_use]
    pub fn is_used_at(&self, now: Timestamp) -> bool {
        self.used.includes(now)
    }

    /// Within which limits it is to be used.
    #[must_use]
    pub fn in_use(&self) -> Validity {
        self.used
    }

    /// When its certificate expires by its own word, which is a reason to ask for another.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether this key made `signature` over `message`.
    #[must_use]
    pub fn verifies(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = match algorithm {
            SignatureAlgorithm::RsaSha256 => &self.sha256,
            SignatureAlgorithm::RsaSha384 => &self.sha384,
            SignatureAlgorithm::RsaSha512 => &self.sha512,
            SignatureAlgorithm::RsaSha1 => &self.sha1,
        };
        key.verify_sig(message, signature).is_ok()
    }

    /// Whether it has fewer than 2,048 bits, which only a marketplace's settings can allow.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.bits < 2_048
    }

    /// The SHA-1 fingerprint of the certificate, 40 hexadecimal digits: a name, not a proof.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The same, as people and the developer platform write it: in pairs with colons between.
    #[must_use]
    pub fn spaced_fingerprint(&self) -> String {
        let pairs = self.fingerprint.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
        pairs.collect::<Vec<_>>().join(":")
    }

    /// The certificate, in PEM (RFC 7468).
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        let base64 = STANDARD.encode(&self.certificate_der);
        let lines = base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok());
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for line in lines {
            pem.push_str(line);
            pem.push('\n');
        }
        pem + "-----END CERTIFICATE-----\n"
    }

    /// The certificate, in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }
}

impl fmt::Debug for IdpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdpKey").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// The size of the modulus in an `RSAPublicKey` (RFC 8017, A.1.1). AWS-LC would only complain when verifying.
fn modulus_bits(public_key: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(public_key).ok()?;
    let modulus = reader.sequence(|fields| {
        let modulus = UintRef::decode(fields)?;
        UintRef::decode(fields)?;
        Ok(modulus.as_bytes().to_vec())
    });
    let modulus = modulus.ok()?;
    let leading_zeros = modulus.first()?.leading_zeros();
    Some(modulus.len() * 8 - usize::try_from(leading_zeros).ok()?)
}

/// The one block with this label (RFC 7468), its line breaks optional.
pub(crate) fn decode_pem(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, rest) = rest.split_once(&format!("-----END {label}-----"))?;
    if rest.contains("-----BEGIN") {
        return None;
    }
    let base64: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

fn normalise(fingerprint: &str) -> String {
    fingerprint.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = include_str!("../../../tests/fixtures/vectors/saml_test_idp_cert.pem");
    const FINGERPRINT: &str = "bd:49:e2:00:83:69:ca:85:b8:7e:8b:d5:2a:3e:97:01:8c:9b:38:d7";

    #[test]
    fn the_fingerprint_matches_in_any_spelling() {
        for spelling in [FINGERPRINT.to_owned(), FINGERPRINT.to_uppercase(), FINGERPRINT.replace(':', "")] {
            assert!(IdpKey::from_pem(PEM, Some(&spelling)).is_ok(), "{spelling}");
        }
        assert!(IdpKey::from_pem(PEM, None).is_ok());
    }

    #[test]
    fn a_certificate_without_line_breaks_is_read() {
        let flat = PEM.replace('\n', "");
        assert_eq!(IdpKey::from_pem(&flat, None).unwrap().fingerprint(), FINGERPRINT.replace(':', ""));
    }

    #[test]
    fn another_certificates_fingerprint_is_refused() {
        let other = FINGERPRINT.replace("bd", "be");
        assert!(matches!(IdpKey::from_pem(PEM, Some(&other)), Err(CertificateError::FingerprintMismatch { .. })));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &format!("{PEM}{PEM}")]
        {
            assert_eq!(IdpKey::from_pem(pem, None).unwrap_err(), CertificateError::Unreadable);
        }
    }

    #[test]
    fn a_key_of_1024_bits_is_short() {
        let pem = include_str!("../../../tests/fixtures/keys/rsa1024_cert.pem");
        assert!(IdpKey::from_pem(pem, None).unwrap().is_short());
        assert!(!IdpKey::from_pem(PEM, None).unwrap().is_short());
    }

    #[test]
    fn a_key_that_is_not_rsa_is_refused() {
        let pem = include_str!("../../../tests/fixtures/keys/p256_cert.pem");
        assert_eq!(IdpKey::from_pem(pem, None).unwrap_err(), CertificateError::NotRsa);
    }
}
