//! Stages 1 and 2: from a form field to a document of exactly the structure we expect (protocol.md §3.6, threats.md S1, S2,
//! S4, S5, D1, D2). Nothing here is trusted yet.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uppsala::{Document, Element, NodeId, NodeKind};

use super::{
    ResponseError,
    algorithm::{NS_ASSERTION, NS_PROTOCOL, NS_SIGNATURE},
    prescan,
    xml::{self, Node},
};

/// The longest `SAMLResponse` field we decode, in bytes; genuine ones have about 10,000.
pub const MAX_ENCODED_LEN: usize = 128 * 1024;
/// Every spelling of an identifier that some XML library resolves references by.
const ID_NAMES: [&str; 6] = ["ID", "Id", "id", "iD", "AssertionID", "ResponseID"];

/// Decodes a `SAMLResponse` form field: base64, line breaks allowed (saml-bindings 3.5.4), of UTF-8. Never inflated.
///
/// # Errors
/// [`ResponseError::TooLarge`], [`NotBase64`](ResponseError::NotBase64) or [`NotUtf8`](ResponseError::NotUtf8).
pub fn decode(encoded: &str) -> Result<String, ResponseError> {
    if encoded.len() > MAX_ENCODED_LEN {
        return Err(ResponseError::TooLarge { limit: MAX_ENCODED_LEN });
    }
    let compact: Vec<u8> = encoded.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(compact).map_err(|_| ResponseError::NotBase64)?;
    String::from_utf8(bytes).map_err(|_| ResponseError::NotUtf8)
}

/// A response of the right structure that nobody has vouched for: it has one assertion, its direct child, with one
/// signature right after the issuer, and no identifier occurs twice.
pub struct UnverifiedResponse<'x> {
    pub(super) document: Document<'x>,
    assertion: NodeId,
    signature: NodeId,
}

/// The elements that matter.
pub(super) struct Parts<'d> {
    pub(super) response: Node<'d>,
    pub(super) assertion: Node<'d>,
    pub(super) signature: Node<'d>,
    pub(super) assertion_id: &'d str,
}

impl<'x> UnverifiedResponse<'x> {
    /// Parses `xml` and checks its structure.
    ///
    /// # Errors
    /// The first structural rule that does not hold.
    pub fn parse(xml: &'x str) -> Result<Self, ResponseError> {
        prescan::check(xml)?;
        let document = xml::parse(xml)?;
        check_declaration(&document)?;
        check_nodes(&document)?;
        let root = Node::root(&document).filter(|root| root.is(NS_PROTOCOL, "Response"));
        let (assertion, signature) = only_assertion_and_signature(root.ok_or(ResponseError::NotAResponse)?)?;
        if assertion.attribute("ID").is_none() {
            return Err(ResponseError::Id);
        }
        let (assertion, signature) = (assertion.id, signature.id);
        Ok(Self { document, assertion, signature })
    }

    /// What [`parse`](Self::parse) found; it cannot be missing any more.
    pub(super) fn parts(&self) -> Result<Parts<'_>, ResponseError> {
        let response = Node::root(&self.document).ok_or(ResponseError::NotAResponse)?;
        let at = |id| Node::at(&self.document, id).ok_or(ResponseError::NotAResponse);
        let (assertion, signature) = (at(self.assertion)?, at(self.signature)?);
        let assertion_id = assertion.attribute("ID").ok_or(ResponseError::Id)?;
        Ok(Parts { response, assertion, signature, assertion_id })
    }
}

impl std::fmt::Debug for UnverifiedResponse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnverifiedResponse").finish_non_exhaustive()
    }
}

fn check_declaration(document: &Document<'_>) -> Result<(), ResponseError> {
    let Some(declaration) = &document.xml_declaration else { return Ok(()) };
    let utf8 = declaration.encoding.as_deref().is_none_or(|encoding| encoding.eq_ignore_ascii_case("utf-8"));
    if declaration.version == "1.0" && utf8 { Ok(()) } else { Err(ResponseError::Declaration) }
}

/// Processing instructions, namespaces and identifiers, over the whole document.
fn check_nodes(document: &Document<'_>) -> Result<(), ResponseError> {
    let mut ids = HashSet::new();
    for node in document.descendants(document.root()) {
        match document.node_kind(node) {
            Some(NodeKind::ProcessingInstruction(_)) => return Err(ResponseError::ProcessingInstruction),
            Some(NodeKind::Element(element)) => check_element(element, &mut ids)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_element<'d>(element: &'d Element<'d>, ids: &mut HashSet<&'d str>) -> Result<(), ResponseError> {
    if !element.namespace_declarations.iter().all(|(_, name)| is_absolute_uri(name)) {
        return Err(ResponseError::Namespace);
    }
    for id in element.attributes.iter().filter(|attribute| ID_NAMES.contains(&&*attribute.name.local_name)) {
        if !is_nc_name(&id.value) {
            return Err(ResponseError::Id);
        }
        if !ids.insert(&*id.value) {
            return Err(ResponseError::DuplicateId);
        }
    }
    Ok(())
}

fn only_assertion_and_signature<'d>(response: Node<'d>) -> Result<(Node<'d>, Node<'d>), ResponseError> {
    let mut assertions = 0;
    let mut signatures = 0;
    for node in response.descendants() {
        if node.is(NS_ASSERTION, "EncryptedAssertion") {
            return Err(ResponseError::Encrypted);
        }
        assertions += usize::from(node.is(NS_ASSERTION, "Assertion"));
        signatures += usize::from(node.is(NS_SIGNATURE, "Signature"));
    }
    let of_response = response.children("Response")?;
    let assertion = of_response.into_iter().find(|node| node.is(NS_ASSERTION, "Assertion"));
    let Some(assertion) = assertion.filter(|_| assertions == 1) else {
        return Err(ResponseError::AssertionCount { found: assertions });
    };
    let of_assertion = assertion.children("Assertion")?;
    match of_assertion.as_slice() {
        [issuer, signature, ..]
            if signatures == 1 && issuer.is(NS_ASSERTION, "Issuer") && signature.is(NS_SIGNATURE, "Signature") =>
        {
            Ok((assertion, *signature))
        }
        _ => Err(ResponseError::SignatureCount { found: signatures }),
    }
}

/// The ASCII part of an NCName (XML Namespaces 1.0, 3): what identity providers use.
fn is_nc_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// A scheme, a colon, and characters of RFC 3986 only.
fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let in_rest = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(in_scheme)
        && !rest.is_empty()
        && rest.bytes().all(in_rest)
}
