//! Reading an AuthnRequest twice: as XML, and as literally as the historical sandbox does.
//!
//! The historical sandbox looks with regular expressions. A request both readings understand alike works
//! everywhere; one that only an XML parser understands would fail against it, so it is refused here with the reason.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;
use roxmltree::{Document, Node};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// No honest request comes near this size.
const LARGEST_REQUEST: u64 = 64 * 1024;

/// What the identity provider needs from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthnRequest {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) acs_url: String,
}

/// Why a request was not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum RequestError {
    #[error("there is no SAMLRequest parameter")]
    Missing,
    #[error("SAMLRequest is not base64")]
    Base64,
    #[error("SAMLRequest is not raw DEFLATE (no zlib header, no trailer) once its base64 is decoded")]
    Deflate,
    #[error("SAMLRequest inflates to more than 64 KiB")]
    TooLarge,
    #[error("SAMLRequest is not UTF-8 text")]
    Text,
    #[error("SAMLRequest is not well-formed XML without a DTD: {0}")]
    Xml(String),
    #[error("not a samlp:AuthnRequest of SAML 2.0: {0}")]
    Shape(&'static str),
    #[error(
        "an XML parser reads {item} as {parsed:?}, but the historical sandbox, which looks for {pattern} literally, \
         reads {literal:?}"
    )]
    Literal { item: &'static str, pattern: &'static str, parsed: String, literal: Option<String> },
}

impl RequestError {
    /// Whether the bytes themselves could not be decoded, which the historical sandbox answers with 500.
    pub(crate) fn is_undecodable(&self) -> bool {
        !matches!(self, Self::Shape(_) | Self::Literal { .. })
    }
}

impl AuthnRequest {
    /// Decodes and reads the value of the `SAMLRequest` parameter.
    pub(crate) fn decode(parameter: Option<&str>) -> Result<Self, RequestError> {
        let xml = inflate(parameter.ok_or(RequestError::Missing)?)?;
        let request = Self::parse(&xml)?;
        request.agrees_with_literal_reading(&xml)?;
        Ok(request)
    }

    fn parse(xml: &str) -> Result<Self, RequestError> {
        let document = Document::parse(xml).map_err(|error| RequestError::Xml(error.to_string()))?;
        let root = document.root_element();
        if !root.has_tag_name((PROTOCOL, "AuthnRequest")) {
            return Err(RequestError::Shape("the root element is another one"));
        }
        if root.attribute("Version") != Some("2.0") {
            return Err(RequestError::Shape("Version is not 2.0"));
        }
        attribute(root, "IssueInstant", "IssueInstant is missing")?;
        let issuer = root
            .children()
            .find(|child| child.has_tag_name((ASSERTION, "Issuer")))
            .ok_or(RequestError::Shape("there is no saml:Issuer"))?;
        Ok(Self {
            id: attribute(root, "ID", "ID is missing")?,
            issuer: issuer.text().unwrap_or_default().to_owned(),
            acs_url: attribute(root, "AssertionConsumerServiceURL", "AssertionConsumerServiceURL is missing")?,
        })
    }

    fn agrees_with_literal_reading(&self, xml: &str) -> Result<(), RequestError> {
        agree("the request id", "the first ID=\"…\"", &self.id, between(xml, "ID=\"", "\""))?;
        agree(
            "the assertion consumer service",
            "AssertionConsumerServiceURL=\"…\" (never unescaped)",
            &self.acs_url,
            between(xml, "AssertionConsumerServiceURL=\"", "\""),
        )?;
        agree("the issuer", "<saml:Issuer…>…</saml:Issuer>", &self.issuer, literal_issuer(xml))
    }
}

fn inflate(parameter: &str) -> Result<String, RequestError> {
    // Ruby's encoder breaks lines every 60 characters.
    let compact: String = parameter.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let compressed = STANDARD.decode(compact).map_err(|_| RequestError::Base64)?;
    let mut xml = Vec::new();
    DeflateDecoder::new(compressed.as_slice())
        .take(LARGEST_REQUEST + 1)
        .read_to_end(&mut xml)
        .map_err(|_| RequestError::Deflate)?;
    if xml.is_empty() {
        return Err(RequestError::Deflate);
    }
    if xml.len() as u64 > LARGEST_REQUEST {
        return Err(RequestError::TooLarge);
    }
    String::from_utf8(xml).map_err(|_| RequestError::Text)
}

fn attribute(node: Node<'_, '_>, name: &str, missing: &'static str) -> Result<String, RequestError> {
    node.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned).ok_or(RequestError::Shape(missing))
}

fn agree(item: &'static str, pattern: &'static str, parsed: &str, literal: Option<&str>) -> Result<(), RequestError> {
    if literal == Some(parsed) {
        return Ok(());
    }
    Err(RequestError::Literal { item, pattern, parsed: parsed.to_owned(), literal: literal.map(str::to_owned) })
}

fn literal_issuer(xml: &str) -> Option<&str> {
    let (_, rest) = xml.split_once("<saml:Issuer")?;
    let (_, rest) = rest.split_once('>')?;
    rest.split_once("</saml:Issuer>").map(|(issuer, _)| issuer)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    const GOOD: &str = concat!(
        r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" "#,
        r#"IssueInstant="2030-01-15T10:00:00Z" AssertionConsumerServiceURL="http://localhost:4000/consume">"#,
        r#"<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">app-acme</saml:Issuer>"#,
        r#"</samlp:AuthnRequest>"#,
    );

    fn encode(xml: &str) -> String {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(xml.as_bytes()).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn decode(xml: &str) -> Result<AuthnRequest, RequestError> {
        AuthnRequest::decode(Some(&encode(xml)))
    }

    #[test]
    fn a_plain_request_is_read() {
        let request = decode(GOOD).unwrap();
        assert_eq!(request.id, "_r1");
        assert_eq!(request.issuer, "app-acme");
        assert_eq!(request.acs_url, "http://localhost:4000/consume");
    }

    #[test]
    fn line_feeds_in_the_base64_are_skipped() {
        let wrapped = crate::keys::wrap(&encode(GOOD), 60);
        assert_eq!(AuthnRequest::decode(Some(&wrapped)), decode(GOOD));
    }

    #[test]
    fn a_zlib_header_is_refused() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(GOOD.as_bytes()).unwrap();
        let parameter = STANDARD.encode(encoder.finish().unwrap());
        assert_eq!(AuthnRequest::decode(Some(&parameter)), Err(RequestError::Deflate));
    }

    #[test]
    fn a_request_that_inflates_too_far_is_refused() {
        assert_eq!(decode(&" ".repeat(65 * 1024)), Err(RequestError::TooLarge));
    }

    #[test]
    fn text_that_is_not_base64_is_undecodable() {
        let error = AuthnRequest::decode(Some("%%%")).unwrap_err();
        assert_eq!(error, RequestError::Base64);
        assert!(error.is_undecodable());
    }

    #[test]
    fn a_dtd_is_refused() {
        let with_dtd = format!("<!DOCTYPE x [<!ENTITY e \"v\">]>{GOOD}");
        assert!(matches!(decode(&with_dtd), Err(RequestError::Xml(_))));
    }

    #[test]
    fn another_issuer_prefix_is_refused_because_the_historical_sandbox_would_not_find_it() {
        let renamed = GOOD.replace("saml:Issuer", "s:Issuer").replace("xmlns:saml=", "xmlns:s=");
        let error = decode(&renamed).unwrap_err();
        assert!(matches!(error, RequestError::Literal { item: "the issuer", literal: None, .. }));
        assert!(!error.is_undecodable());
    }

    #[test]
    fn an_attribute_ending_in_id_before_the_id_is_refused() {
        let misleading = GOOD.replace(" ID=\"_r1\"", " ProviderID=\"p\" ID=\"_r1\"");
        assert!(matches!(decode(&misleading), Err(RequestError::Literal { item: "the request id", .. })));
    }

    #[test]
    fn an_escaped_ampersand_in_the_acs_url_is_refused() {
        let escaped = GOOD.replace("/consume\"", "/consume?a=1&amp;b=2\"");
        let error = decode(&escaped).unwrap_err();
        assert!(error.to_string().contains("never unescaped"));
    }

    #[test]
    fn single_quoted_attributes_are_refused() {
        assert!(matches!(decode(&GOOD.replace("\"_r1\"", "'_r1'")), Err(RequestError::Literal { .. })));
    }

    #[test]
    fn another_saml_version_is_refused() {
        let old = GOOD.replace("Version=\"2.0\"", "Version=\"1.1\"");
        assert_eq!(decode(&old), Err(RequestError::Shape("Version is not 2.0")));
    }
}
