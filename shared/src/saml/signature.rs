//! Stage 3: the signature. Its structure is fixed (one reference, two transforms, algorithms from the allow-list), the
//! signature over `SignedInfo` is checked before anything it names is looked at, and what comes out are the very bytes
//! that were digested (threats.md S6 to S13).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::nodeset::NodeSet;

use super::{
    ResponseError, UnverifiedResponse,
    algorithm::{self, NS_SIGNATURE},
    document::Parts,
    xml::{Node, Sequence},
};
use crate::marketplace::IdpKey;

/// The canonical text of an assertion, signature taken out, signed by a key of the marketplace.
pub struct SignedAssertion {
    pub(super) canonical: String,
}

/// What a signature says of itself.
struct Signature<'d> {
    signed_info: Node<'d>,
    value: Vec<u8>,
    digest: Vec<u8>,
}

impl UnverifiedResponse<'_> {
    /// Checks that one of `keys` signed the assertion of this response.
    ///
    /// # Errors
    /// The first rule that does not hold; with no keys at all, [`ResponseError::Signature`].
    pub fn verify(&self, keys: &[IdpKey]) -> Result<SignedAssertion, ResponseError> {
        let parts = self.parts()?;
        let signature = Signature::read(&parts)?;
        let signed_info = canonical(&signature.signed_info, None)?;
        if !keys.iter().any(|key| key.verifies(&signed_info, &signature.value)) {
            return Err(ResponseError::Signature);
        }
        let canonical = canonical(&parts.assertion, Some(&parts.signature))?;
        if digest(&SHA256, &canonical).as_ref() != signature.digest {
            return Err(ResponseError::Digest);
        }
        let canonical = String::from_utf8(canonical).map_err(|_| ResponseError::NotUtf8)?;
        Ok(SignedAssertion { canonical })
    }
}

impl SignedAssertion {
    /// The canonical text that was signed, for tests that compare verifiers.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl std::fmt::Debug for SignedAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedAssertion").finish_non_exhaustive()
    }
}

impl<'d> Signature<'d> {
    /// Reads a signature of exactly the shape of protocol.md §3.6; `KeyInfo` may be there and is not looked at.
    fn read(parts: &Parts<'d>) -> Result<Self, ResponseError> {
        let mut signature = Sequence::of(&parts.signature, "Signature")?;
        let signed_info = signature.required(NS_SIGNATURE, "SignedInfo")?;
        let value = base64_text(&signature.required(NS_SIGNATURE, "SignatureValue")?, "SignatureValue")?;
        let _ = signature.optional(NS_SIGNATURE, "KeyInfo");
        signature.end()?;

        let mut children = Sequence::of(&signed_info, "SignedInfo")?;
        allow(
            &children.required(NS_SIGNATURE, "CanonicalizationMethod")?,
            "CanonicalizationMethod",
            algorithm::EXCLUSIVE_C14N,
        )?;
        allow(&children.required(NS_SIGNATURE, "SignatureMethod")?, "SignatureMethod", algorithm::RSA_SHA256)?;
        let reference = children.required(NS_SIGNATURE, "Reference")?;
        children.end()?;

        let digest = read_reference(&reference, parts.assertion_id)?;
        Ok(Self { signed_info, value, digest })
    }
}

/// The digest of a reference to the element `id`, transformed exactly as the profile says.
fn read_reference(reference: &Node<'_>, id: &str) -> Result<Vec<u8>, ResponseError> {
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(ResponseError::Reference);
    }
    let mut children = Sequence::of(reference, "Reference")?;
    let transforms = children.required(NS_SIGNATURE, "Transforms")?;
    allow(&children.required(NS_SIGNATURE, "DigestMethod")?, "DigestMethod", algorithm::SHA256)?;
    let digest = base64_text(&children.required(NS_SIGNATURE, "DigestValue")?, "DigestValue")?;
    children.end()?;

    let mut children = Sequence::of(&transforms, "Transforms")?;
    allow(&children.required(NS_SIGNATURE, "Transform")?, "Transform", algorithm::ENVELOPED_SIGNATURE)?;
    allow(&children.required(NS_SIGNATURE, "Transform")?, "Transform", algorithm::EXCLUSIVE_C14N)?;
    children.end()?;
    Ok(digest)
}

/// The element names this algorithm and takes no parameters.
fn allow(node: &Node<'_>, element: &'static str, algorithm: &str) -> Result<(), ResponseError> {
    if node.attribute("Algorithm") != Some(algorithm) || node.element.attributes.len() != 1 {
        return Err(ResponseError::Algorithm { element });
    }
    if node.children(element)?.is_empty() { Ok(()) } else { Err(ResponseError::Algorithm { element }) }
}

/// The bytes in an element that holds one piece of text and nothing else, no comment either: `SignedInfo` is compared
/// without comments, so what a comment could split must not be read (SAMLStorm, threats.md S7).
fn base64_text(node: &Node<'_>, element: &'static str) -> Result<Vec<u8>, ResponseError> {
    if node.document.children_iter(node.id).count() != 1 {
        return Err(ResponseError::Structure { element });
    }
    let compact: String = node.text(element)?.split_ascii_whitespace().collect();
    STANDARD.decode(compact).ok().filter(|bytes| !bytes.is_empty()).ok_or(ResponseError::Structure { element })
}

/// The exclusive canonical form of `node` without comments, and without the subtree `except`.
fn canonical(node: &Node<'_>, except: Option<&Node<'_>>) -> Result<Vec<u8>, ResponseError> {
    let mut visible = NodeSet::tree_without_comments(node.id, node.document);
    if let Some(except) = except {
        visible = visible.subtract(&NodeSet::tree_with_comments(except.id, node.document));
    }
    canonicalize_doc::<&str>(node.document, C14nMode::Exclusive, Some(&visible), &[])
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .ok_or(ResponseError::NotXml)
}
