//! Stages 1 and 2: from a form field to a document of exactly the structure we expect (protocol.md §3.6, threats.md S1, S2,
//! S4, S5, D1, D2). Nothing here is trusted yet.

use std::{borrow::Cow, collections::HashSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use canonical_xml::{Document, Element};

use super::{
    ResponseError,
    algorithm::{NS_ASSERTION, NS_PROTOCOL, NS_SIGNATURE},
    xml::SamlElement as _,
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
    let bytes = STANDARD.decode(&*without_white_space(encoded)).map_err(|_| ResponseError::NotBase64)?;
    String::from_utf8(bytes).map_err(|_| ResponseError::NotUtf8)
}

/// `text` without its line breaks and other white space; itself, if there is none.
pub(super) fn without_white_space(text: &str) -> Cow<'_, [u8]> {
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut compact = Vec::with_capacity(text.len());
    for line in text.as_bytes().split(u8::is_ascii_whitespace) {
        compact.extend_from_slice(line);
    }
    Cow::Owned(compact)
}

/// A response of the right structure that nobody has vouched for: it has one assertion, its direct child, with one
/// signature right after the issuer, and no identifier occurs twice.
#[derive(Clone, Copy)]
pub struct UnverifiedResponse<'d> {
    pub(super) response: Element<'d>,
    pub(super) assertion: Element<'d>,
    pub(super) signature: Element<'d>,
    pub(super) assertion_id: &'d str,
}

impl<'d> UnverifiedResponse<'d> {
    /// Checks the structure of `document`.
    ///
    /// # Errors
    /// The first structural rule that does not hold.
    pub fn of(document: &'d Document<'d>) -> Result<Self, ResponseError> {
        let response = document.root();
        check_ids(response)?;
        if !response.is(NS_PROTOCOL, "Response") {
            return Err(ResponseError::NotAResponse);
        }
        let (assertion, signature) = only_assertion_and_signature(response)?;
        let assertion_id = assertion.attribute("ID").ok_or(ResponseError::Id)?;
        Ok(Self { response, assertion, signature, assertion_id })
    }
}

impl std::fmt::Debug for UnverifiedResponse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnverifiedResponse").finish_non_exhaustive()
    }
}

/// No identifier occurs twice, under whatever spelling.
fn check_ids(root: Element<'_>) -> Result<(), ResponseError> {
    let mut ids = HashSet::new();
    for element in root.descendants() {
        for id in element.attributes().iter().filter(|attribute| ID_NAMES.contains(&attribute.local_name())) {
            if !is_nc_name(id.value()) {
                return Err(ResponseError::Id);
            }
            if !ids.insert(id.value()) {
                return Err(ResponseError::DuplicateId);
            }
        }
    }
    Ok(())
}

fn only_assertion_and_signature(response: Element<'_>) -> Result<(Element<'_>, Element<'_>), ResponseError> {
    let mut assertions = 0;
    let mut signatures = 0;
    for element in response.descendants() {
        if element.is(NS_ASSERTION, "EncryptedAssertion") {
            return Err(ResponseError::Encrypted);
        }
        assertions += usize::from(element.is(NS_ASSERTION, "Assertion"));
        signatures += usize::from(element.is(NS_SIGNATURE, "Signature"));
    }
    let mut of_response = response.sequence("Response");
    let assertion = loop {
        match of_response.any()? {
            Some(child) if child.is(NS_ASSERTION, "Assertion") && assertions == 1 => break child,
            Some(_) => {}
            None => return Err(ResponseError::AssertionCount { found: assertions }),
        }
    };
    let mut of_assertion = assertion.sequence("Assertion");
    let issuer = of_assertion.optional(NS_ASSERTION, "Issuer")?;
    match of_assertion.optional(NS_SIGNATURE, "Signature")? {
        Some(signature) if signatures == 1 && issuer.is_some() => Ok((assertion, signature)),
        _ => Err(ResponseError::SignatureCount { found: signatures }),
    }
}

/// The ASCII part of an NCName (XML Namespaces 1.0, 3): what identity providers use.
fn is_nc_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
