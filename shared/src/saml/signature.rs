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

/// How many inclusive prefixes there may be; those that use them list one or two.
const MAX_PREFIXES: usize = 16;

/// An assertion, signature aside, that a key of the marketplace signed.
#[derive(Clone)]
pub struct SignedAssertion<'d> {
    pub(super) element: Element<'d>,
    signature: Element<'d>,
    inclusive_prefixes: Vec<&'d str>,
}

/// What a signature says of itself.
struct Signature<'d> {
    signed_info: Element<'d>,
    signed_info_prefixes: Vec<&'d str>,
    algorithm: SignatureAlgorithm,
    value: Vec<u8>,
    digest_algorithm: DigestAlgorithm,
    digest: Vec<u8>,
    assertion_prefixes: Vec<&'d str>,
}

/// What its one reference says.
struct Reference<'d> {
    digest_algorithm: DigestAlgorithm,
    digest: Vec<u8>,
    inclusive_prefixes: Vec<&'d str>,
}

impl<'d> UnverifiedResponse<'d> {
    /// Checks that one of `keys` signed the assertion of this response, with algorithms that are good today or, for this
    /// marketplace, `legacy` ones.
    ///
    /// # Errors
    /// The first rule that does not hold; with no keys at all, [`ResponseError::Signature`].
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k IdpKey>,
        legacy: LegacyCryptography,
    ) -> Result<SignedAssertion<'d>, ResponseError> {
        let signature = Signature::read(self, legacy)?;
        let signed_info = signature.signed_info.canonical(None, &signature.signed_info_prefixes);
        if !keys.into_iter().any(|key| key.verifies(signature.algorithm, &signed_info, &signature.value)) {
            return Err(ResponseError::Signature);
        }
        let signed = SignedAssertion {
            element: self.assertion,
            signature: self.signature,
            inclusive_prefixes: signature.assertion_prefixes,
        };
        if digest(signature.digest_algorithm.aws_lc(), &signed.canonical()).as_ref() != signature.digest {
            return Err(ResponseError::Digest);
        }
        Ok(signed)
    }
}

#[cfg(feature = "test-support")]
impl<'d> UnverifiedResponse<'d> {
    /// The assertion as if a key had signed it: for tests of what comes after.
    #[must_use]
    pub fn as_if_signed(&self) -> SignedAssertion<'d> {
        SignedAssertion { element: self.assertion, signature: self.signature, inclusive_prefixes: Vec::new() }
    }
}

impl SignedAssertion<'_> {
    /// The canonical bytes that were digested.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        self.element.canonical(Some(self.signature), &self.inclusive_prefixes)
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
        let method = children.required(NS_SIGNATURE, "CanonicalizationMethod")?;
        let signed_info_prefixes = exclusive_c14n(method, "CanonicalizationMethod")?;
        let method = plain(children.required(NS_SIGNATURE, "SignatureMethod")?, "SignatureMethod")?;
        let algorithm = algorithm::signature_algorithm(method, legacy)
            .ok_or(ResponseError::Algorithm { element: "SignatureMethod" })?;
        let reference = children.required(NS_SIGNATURE, "Reference")?;
        children.end()?;

        let Reference { digest_algorithm, digest, inclusive_prefixes: assertion_prefixes } =
            Reference::read(reference, response.assertion_id, legacy)?;
        Ok(Self { signed_info, signed_info_prefixes, algorithm, value, digest_algorithm, digest, assertion_prefixes })
    }
}

impl<'d> Reference<'d> {
    /// Reads a reference to the element `id`, transformed exactly as the profile says.
    fn read(reference: Element<'d>, id: &str, legacy: LegacyCryptography) -> Result<Self, ResponseError> {
        if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
            return Err(ResponseError::Reference);
        }
        let mut children = reference.sequence("Reference");
        let transforms = children.required(NS_SIGNATURE, "Transforms")?;
        let method = plain(children.required(NS_SIGNATURE, "DigestMethod")?, "DigestMethod")?;
        let digest_algorithm =
            DigestAlgorithm::of(method, legacy).ok_or(ResponseError::Algorithm { element: "DigestMethod" })?;
        let digest = base64_text(children.required(NS_SIGNATURE, "DigestValue")?, "DigestValue")?;
        children.end()?;

        let mut children = transforms.sequence("Transforms");
        if plain(children.required(NS_SIGNATURE, "Transform")?, "Transform")? != algorithm::ENVELOPED_SIGNATURE {
            return Err(ResponseError::Algorithm { element: "Transform" });
        }
        let inclusive_prefixes = exclusive_c14n(children.required(NS_SIGNATURE, "Transform")?, "Transform")?;
        children.end()?;
        Ok(Self { digest_algorithm, digest, inclusive_prefixes })
    }
}

/// The algorithm an element names. It takes no parameters: no other attribute, no content.
fn plain<'d>(method: Element<'d>, element: &'static str) -> Result<&'d str, ResponseError> {
    let name = named(method, element)?;
    match method.sequence(element).any()? {
        None => Ok(name),
        Some(_) => Err(ResponseError::Algorithm { element }),
    }
}

/// The element names exclusive canonicalization: with which inclusive prefixes (Exclusive XML Canonicalization 1.0, 3). They only
/// add declarations to what is signed.
fn exclusive_c14n<'d>(method: Element<'d>, element: &'static str) -> Result<Vec<&'d str>, ResponseError> {
    let refused = ResponseError::Algorithm { element };
    if named(method, element)? != algorithm::EXCLUSIVE_C14N {
        return Err(refused);
    }
    let mut children = method.sequence(element);
    let Some(list) = children.optional(algorithm::EXCLUSIVE_C14N, "InclusiveNamespaces")? else {
        return if children.any()?.is_none() { Ok(Vec::new()) } else { Err(refused) };
    };
    let prefixes: Vec<&str> = list.attribute("PrefixList").unwrap_or_default().split_ascii_whitespace().collect();
    let plain = list.attributes().len() <= 1 && list.sequence(element).any()?.is_none() && children.any()?.is_none();
    if plain && prefixes.len() <= MAX_PREFIXES { Ok(prefixes) } else { Err(refused) }
}

/// The algorithm an element names, with no other attribute.
fn named<'d>(method: Element<'d>, element: &'static str) -> Result<&'d str, ResponseError> {
    let name = method.attribute("Algorithm").filter(|_| method.attributes().len() == 1);
    name.ok_or(ResponseError::Algorithm { element })
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
