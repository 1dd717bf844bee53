//! Stage 3: the signature. Its structure is fixed (one reference, two transforms, algorithms from the allow-list), the
//! signature over `SignedInfo` is checked before anything it names is looked at, and what comes out is the very element
//! that was digested (threats.md S6 to S13).

use aws_lc_rs::digest::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use canonical_xml::Element;

use super::{
    ResponseError, UnverifiedResponse,
    algorithm::{self, DigestAlgorithm, NS_SIGNATURE},
    document::without_white_space,
    xml::SamlElement as _,
};
use crate::marketplace::{IdpKey, LegacyCryptography, SignatureAlgorithm};

/// An assertion, signature aside, that a key of the marketplace signed.
#[derive(Clone, Copy)]
pub struct SignedAssertion<'d> {
    pub(super) element: Element<'d>,
    signature: Element<'d>,
}

/// What a signature says of itself.
struct Signature<'d> {
    signed_info: Element<'d>,
    algorithm: SignatureAlgorithm,
    value: Vec<u8>,
    digest_algorithm: DigestAlgorithm,
    digest: Vec<u8>,
}

impl<'d> UnverifiedResponse<'d> {
    /// Checks that one of `keys` signed the assertion of this response, with algorithms that are good today or, for this
    /// marketplace, `legacy` ones.
    ///
    /// # Errors
    /// The first rule that does not hold; with no keys at all, [`ResponseError::Signature`].
    pub fn verify(&self, keys: &[IdpKey], legacy: LegacyCryptography) -> Result<SignedAssertion<'d>, ResponseError> {
        let signature = Signature::read(self, legacy)?;
        let signed_info = signature.signed_info.canonical(None);
        if !keys.iter().any(|key| key.verifies(signature.algorithm, &signed_info, &signature.value)) {
            return Err(ResponseError::Signature);
        }
        let signed = SignedAssertion { element: self.assertion, signature: self.signature };
        if digest(signature.digest_algorithm.aws_lc(), &signed.canonical()).as_ref() != signature.digest {
            return Err(ResponseError::Digest);
        }
        Ok(signed)
    }
}

impl SignedAssertion<'_> {
    /// The canonical bytes that were digested.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        self.element.canonical(Some(self.signature))
    }
}

impl std::fmt::Debug for SignedAssertion<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedAssertion").finish_non_exhaustive()
    }
}

impl<'d> Signature<'d> {
    /// Reads a signature of exactly the shape of protocol.md §3.6; `KeyInfo` may be there and is not looked at.
    fn read(response: &UnverifiedResponse<'d>, legacy: LegacyCryptography) -> Result<Self, ResponseError> {
        let mut signature = response.signature.sequence("Signature");
        let signed_info = signature.required(NS_SIGNATURE, "SignedInfo")?;
        let value = base64_text(signature.required(NS_SIGNATURE, "SignatureValue")?, "SignatureValue")?;
        let _ = signature.optional(NS_SIGNATURE, "KeyInfo")?;
        signature.end()?;

        let mut children = signed_info.sequence("SignedInfo");
        let canonicalization = children.required(NS_SIGNATURE, "CanonicalizationMethod")?;
        only(algorithm::EXCLUSIVE_C14N, canonicalization, "CanonicalizationMethod")?;
        let method = named(children.required(NS_SIGNATURE, "SignatureMethod")?, "SignatureMethod")?;
        let algorithm = algorithm::signature_algorithm(method, legacy)
            .ok_or(ResponseError::Algorithm { element: "SignatureMethod" })?;
        let reference = children.required(NS_SIGNATURE, "Reference")?;
        children.end()?;

        let (digest_algorithm, digest) = read_reference(reference, response.assertion_id, legacy)?;
        Ok(Self { signed_info, algorithm, value, digest_algorithm, digest })
    }
}

/// The digest of a reference to the element `id`, transformed exactly as the profile says.
fn read_reference(
    reference: Element<'_>,
    id: &str,
    legacy: LegacyCryptography,
) -> Result<(DigestAlgorithm, Vec<u8>), ResponseError> {
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(ResponseError::Reference);
    }
    let mut children = reference.sequence("Reference");
    let transforms = children.required(NS_SIGNATURE, "Transforms")?;
    let method = named(children.required(NS_SIGNATURE, "DigestMethod")?, "DigestMethod")?;
    let algorithm = DigestAlgorithm::of(method, legacy).ok_or(ResponseError::Algorithm { element: "DigestMethod" })?;
    let digest = base64_text(children.required(NS_SIGNATURE, "DigestValue")?, "DigestValue")?;
    children.end()?;

    let mut children = transforms.sequence("Transforms");
    only(algorithm::ENVELOPED_SIGNATURE, children.required(NS_SIGNATURE, "Transform")?, "Transform")?;
    only(algorithm::EXCLUSIVE_C14N, children.required(NS_SIGNATURE, "Transform")?, "Transform")?;
    children.end()?;
    Ok((algorithm, digest))
}

/// The element names this algorithm and no other.
fn only(expected: &str, method: Element<'_>, element: &'static str) -> Result<(), ResponseError> {
    if named(method, element)? == expected { Ok(()) } else { Err(ResponseError::Algorithm { element }) }
}

/// The algorithm an element names. It takes no parameters: no other attribute, no content.
fn named<'d>(method: Element<'d>, element: &'static str) -> Result<&'d str, ResponseError> {
    let refused = ResponseError::Algorithm { element };
    let name = method.attribute("Algorithm").filter(|_| method.attributes().len() == 1);
    match (name, method.sequence(element).any()?) {
        (Some(name), None) => Ok(name),
        _ => Err(refused),
    }
}

/// The bytes in an element that holds one piece of text and nothing else, no comment either: `SignedInfo` is compared
/// without comments, so what a comment could split must not be read (SAMLStorm, threats.md S7).
fn base64_text(node: Element<'_>, element: &'static str) -> Result<Vec<u8>, ResponseError> {
    if node.children().count() != 1 {
        return Err(ResponseError::Structure { element });
    }
    let decoded = STANDARD.decode(&*without_white_space(&node.text(element)?));
    decoded.ok().filter(|bytes| !bytes.is_empty()).ok_or(ResponseError::Structure { element })
}
