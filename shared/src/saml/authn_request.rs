//! The request that starts a sign-in (protocol.md §3.4). The sandbox's identity provider reads it with regular expressions,
//! so prefixes and the place of `ID` matter (threats.md F5).

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use jiff::Timestamp;
use url::form_urlencoded;

use super::RequestSigner;
use crate::{domain::GroupId, marketplace::Marketplace, random};

/// One request, to one marketplace.
#[derive(Debug, Clone)]
pub struct AuthnRequest {
    id: String,
    issued_at: Timestamp,
}

impl AuthnRequest {
    /// A new request with a fresh id of 128 random bits.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { id: format!("_{}", random::hex128()), issued_at: now }
    }

    /// Its id: what `InResponseTo` must name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The URL to send the browser to: HTTP-Redirect binding, signed if there is a `signer`, then the one parameter we pass on,
    /// the group through which to sign in (protocol.md §3.3). `None` if it cannot be signed: then it is not sent either.
    #[must_use]
    pub fn redirect_url(
        &self,
        marketplace: &Marketplace,
        signer: Option<&RequestSigner>,
        group: Option<&GroupId>,
    ) -> Option<String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("SAMLRequest", &self.encode(marketplace));
        let query = query.finish();
        let query = match signer {
            Some(signer) => signer.signed_query(&query)?,
            None => query,
        };
        let group = group.map(|group| format!("&group_id={group}")).unwrap_or_default();
        let separator = if marketplace.idp_sso_url.contains('?') { '&' } else { '?' };
        Some(format!("{}{separator}{query}{group}", marketplace.idp_sso_url))
    }

    /// Raw DEFLATE, then base64.
    #[expect(clippy::expect_used, reason = "writing into a Vec cannot fail")]
    fn encode(&self, marketplace: &Marketplace) -> String {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(self.to_xml(marketplace).as_bytes()).expect("a Vec takes everything");
        STANDARD.encode(deflate.finish().expect("a Vec takes everything"))
    }

    fn to_xml(&self, marketplace: &Marketplace) -> String {
        format!(
            concat!(
                r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="{id}" Version="2.0" "#,
                r#"IssueInstant="{issued_at}" Destination="{destination}" "#,
                r#"ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" AssertionConsumerServiceURL="{acs_url}">"#,
                r#"<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml:Issuer>"#,
                r#"<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" AllowCreate="true">"#,
                r#"</samlp:NameIDPolicy></samlp:AuthnRequest>"#
            ),
            id = self.id,
            issued_at = self.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            destination = escape(&marketplace.idp_sso_url),
            acs_url = escape(&marketplace.acs_url),
            issuer = escape(&marketplace.app_id),
        )
    }
}

/// `text` as it may stand in an element or between double quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::Value;

    use super::*;
    use crate::{
        marketplace::{IdpKey, SignatureAlgorithm},
        saml::{RequestSignerError, service_provider_metadata},
        secrets::SigningKey,
        testing::{IdentityProvider, acme},
    };

    fn vector() -> Value {
        serde_json::from_str(include_str!("../../../tests/fixtures/vectors/saml_authn_request.json")).unwrap()
    }

    fn request() -> AuthnRequest {
        AuthnRequest {
            id: vector()["fields"]["id"].as_str().unwrap().to_owned(),
            issued_at: vector()["fields"]["issue_instant"].as_str().unwrap().parse().unwrap(),
        }
    }

    fn inflate(base64: &str) -> String {
        let mut xml = String::new();
        let deflated = STANDARD.decode(base64).unwrap();
        flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        xml
    }

    #[test]
    fn the_request_is_the_vectors_to_the_letter() {
        let expected = include_str!("../../../tests/fixtures/vectors/saml_authn_request.xml");
        assert_eq!(request().to_xml(&acme()), expected);
        assert_eq!(inflate(vector()["saml_request_base64"].as_str().unwrap()), expected);
    }

    #[test]
    fn the_redirect_carries_the_request_and_the_group() {
        let url = request().redirect_url(&acme(), None, Some(&"cld-7a1c".parse().unwrap())).unwrap();
        let url = url::Url::parse(&url).unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(url.as_str().split('?').next().unwrap(), vector()["idp_url"]);
        assert_eq!(inflate(&pairs[0].1), request().to_xml(&acme()));
        assert_eq!(pairs[1], ("group_id".to_owned(), "cld-7a1c".to_owned()));
        assert_eq!(pairs.len(), 2);
    }

    #[test]
    fn a_signed_redirect_is_signed_over_exactly_what_is_sent() {
        let idp = IdentityProvider::generate();
        let key =
            SigningKey { private_key: idp.private_key_pem().into(), certificate: idp.certificate_pem().to_owned() };
        let signer = RequestSigner::new(&key).unwrap();
        let url = request().redirect_url(&acme(), Some(&signer), Some(&"cld-7a1c".parse().unwrap())).unwrap();
        let (_, query) = url.split_once('?').unwrap();
        let (signed, rest) = query.split_once("&Signature=").unwrap();
        let (signature, group) = rest.split_once('&').unwrap();
        let signature = percent_decoded(signature);
        let certificate = IdpKey::from_pem(idp.certificate_pem(), None).unwrap();
        let signature = STANDARD.decode(signature).unwrap();
        assert!(certificate.verifies(SignatureAlgorithm::RsaSha256, signed.as_bytes(), &signature));
        assert!(signed.starts_with("SAMLRequest=") && signed.ends_with("xmldsig-more%23rsa-sha256"), "{signed}");
        assert_eq!(group, "group_id=cld-7a1c");
    }

    fn percent_decoded(value: &str) -> String {
        form_urlencoded::parse(format!("x={value}").as_bytes()).next().unwrap().1.into_owned()
    }

    #[test]
    fn a_key_and_a_certificate_of_two_pairs_do_not_sign() {
        let [one, other] = [IdentityProvider::generate(), IdentityProvider::generate()];
        let key = |private: &str, certificate: &str| {
            RequestSigner::new(&SigningKey { private_key: private.into(), certificate: certificate.to_owned() })
        };
        let mismatch = key(one.private_key_pem(), other.certificate_pem());
        assert_eq!(mismatch.unwrap_err(), RequestSignerError::Mismatch);
        assert_eq!(key("hush", one.certificate_pem()).unwrap_err(), RequestSignerError::PrivateKey);
        assert!(matches!(key(one.private_key_pem(), "x").unwrap_err(), RequestSignerError::Certificate(_)));
    }

    #[test]
    fn the_metadata_names_our_endpoint_and_our_key() {
        let idp = IdentityProvider::generate();
        let key =
            SigningKey { private_key: idp.private_key_pem().into(), certificate: idp.certificate_pem().to_owned() };
        let signer = RequestSigner::new(&key).unwrap();
        let signed = service_provider_metadata(&acme(), Some(&signer));
        let document = canonical_xml::Document::parse(&signed).unwrap();
        let find = |name: &str| document.root().descendants().find(|element| element.local_name() == name).unwrap();
        assert_eq!(document.root().attribute("entityID"), Some("app-9f3d"));
        assert_eq!(find("AssertionConsumerService").attribute("Location"), Some(&*acme().acs_url));
        assert_eq!(find("SPSSODescriptor").attribute("AuthnRequestsSigned"), Some("true"));
        assert_eq!(find("SPSSODescriptor").attribute("WantAssertionsSigned"), Some("true"));
        assert!(signed.contains(&signer.certificate()));
        let unsigned = service_provider_metadata(&acme(), None);
        assert!(unsigned.contains("AuthnRequestsSigned=\"false\"") && !unsigned.contains("KeyDescriptor"));
    }

    #[test]
    fn ids_are_xml_names_of_128_bits_and_never_the_same() {
        let [a, b] = [AuthnRequest::new(Timestamp::UNIX_EPOCH), AuthnRequest::new(Timestamp::UNIX_EPOCH)];
        assert!(a.id().starts_with('_') && a.id().len() == 33);
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn markup_in_the_configuration_cannot_leave_its_place() {
        let mut marketplace = acme();
        marketplace.app_id = r#"app"><evil/>&"#.to_owned();
        let xml = request().to_xml(&marketplace);
        assert!(xml.contains("app&quot;&gt;&lt;evil/&gt;&amp;</saml:Issuer>"));
    }
    #[test]
    fn the_metadata_tells_no_secret() {
        let idp = IdentityProvider::generate();
        let key =
            SigningKey { private_key: idp.private_key_pem().into(), certificate: idp.certificate_pem().to_owned() };
        let metadata = service_provider_metadata(&acme(), Some(&RequestSigner::new(&key).unwrap()));
        assert!(!metadata.contains(acme().api_key.expose()));
        for line in idp.private_key_pem().lines() {
            assert!(!metadata.contains(line), "{line}");
        }
    }
}
