//! The signature, checked on the literal text, and that text, checked to be canonical.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bergshamra_xml::NodeSet;
use bergshamra_xml::uppsala::{Document, NodeId};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::sha2::{Digest as _, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;

use crate::running::{Running, between, key_pair};

fn public_key() -> RsaPublicKey {
    RsaPrivateKey::from_pkcs8_pem(&key_pair().private_key_pem).unwrap().to_public_key()
}

/// The assertion as it was before its signature was put in.
fn unsigned_assertion(xml: &str) -> String {
    let start = xml.find("<Assertion ").unwrap();
    let end = xml.find("</samlp:Response>").unwrap();
    let assertion = &xml[start..end];
    let signature =
        format!("<ds:Signature {}</ds:Signature>", between(xml, "<ds:Signature ", "</ds:Signature>").unwrap());
    assert_eq!(assertion.matches("<ds:Signature ").count(), 1);
    assert!(assertion.contains(&format!("</Issuer>{signature}<Subject>")));
    assertion.replace(&signature, "")
}

fn signed_info(xml: &str) -> String {
    format!("<ds:SignedInfo {}</ds:SignedInfo>", between(xml, "<ds:SignedInfo ", "</ds:SignedInfo>").unwrap())
}

fn base64_between(xml: &str, start: &str, end: &str) -> Vec<u8> {
    STANDARD.decode(between(xml, start, end).unwrap().replace('\n', "")).unwrap()
}

fn digest_value(xml: &str) -> Vec<u8> {
    base64_between(xml, "<ds:DigestValue>", "</ds:DigestValue>")
}

fn signature_value(xml: &str) -> Vec<u8> {
    base64_between(xml, "<ds:SignatureValue>", "</ds:SignatureValue>")
}

#[tokio::test]
async fn digest_and_signature_fit_the_literal_text() {
    let xml = Running::start().await.acme_response("usr-8w1", "cld-9e4f").await;
    assert_eq!(digest_value(&xml), Sha256::digest(unsigned_assertion(&xml)).as_slice());
    let hashed = Sha256::digest(signed_info(&xml));
    public_key().verify(Pkcs1v15Sign::new::<Sha256>(), &hashed, &signature_value(&xml)).unwrap();
    assert!(xml.contains("\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\""));
    assert!(xml.contains("\"http://www.w3.org/2001/04/xmlenc#sha256\""));
}

#[tokio::test]
async fn the_reference_points_at_the_assertion() {
    let xml = Running::start().await.acme_response("usr-5k2", "cld-7a1c").await;
    let id = between(&xml, "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"", "\"").unwrap();
    assert_eq!(xml.matches("<ds:Reference ").count(), 1);
    assert!(xml.contains(&format!("<ds:Reference URI=\"#{id}\">")));
}

#[tokio::test]
async fn historical_mode_signs_with_sha1_and_keeps_the_line_breaks_of_the_certificate() {
    let running = Running::start().await;
    let changed = running.change("PUT", "marketplaces/acme-hub", r#"{"signature":"historical"}"#).await;
    assert_eq!(changed.json()["signature"], "historical");
    let xml = running.acme_response("usr-8w1", "cld-9e4f").await;
    assert_eq!(digest_value(&xml), Sha1::digest(unsigned_assertion(&xml)).as_slice());
    let hashed = Sha1::digest(signed_info(&xml));
    public_key().verify(Pkcs1v15Sign::new::<Sha1>(), &hashed, &signature_value(&xml)).unwrap();
    assert!(xml.contains("\"http://www.w3.org/2000/09/xmldsig#rsa-sha1\""));
    assert!(xml.contains("\"http://www.w3.org/2000/09/xmldsig#sha1\""));
    let certificate = between(&xml, "<ds:X509Certificate>", "</ds:X509Certificate>").unwrap();
    assert!(certificate.lines().count() > 5);
}

#[tokio::test]
async fn the_embedded_certificate_is_the_configured_one() {
    let xml = Running::start().await.acme_response("usr-5k2", "cld-7a1c").await;
    let embedded = between(&xml, "<ds:X509Certificate>", "</ds:X509Certificate>").unwrap();
    let configured: String = key_pair().certificate_pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(embedded, configured);
}

#[tokio::test]
async fn the_assertion_and_the_signed_info_are_exclusive_canonical_as_they_stand() {
    let running = Running::start().await;
    for mode in ["sha256", "historical"] {
        let body = format!("{{\"signature\":\"{mode}\"}}");
        running.change("PATCH", "marketplaces/acme-hub", &body).await;
        for user in ["usr-5k2", "usr-8w1"] {
            let xml = running.acme_response(user, "cld-9e4f").await;
            let document = bergshamra_xml::uppsala::parse(&xml).unwrap();
            let assertion = tree(&document, "Assertion").subtract(&tree(&document, "Signature"));
            assert_eq!(canonical(&document, &assertion), unsigned_assertion(&xml));
            assert_eq!(canonical(&document, &tree(&document, "SignedInfo")), signed_info(&xml));
        }
    }
}

#[tokio::test]
async fn odd_characters_stay_canonical() {
    let running = Running::start().await;
    let odd = r#"{"name":"a\r\n\tb","surname":"]]> \"quoted\" 'single'","email":"x@example.test","country":"DE"}"#;
    running.change("PUT", "marketplaces/acme-hub/users/usr-8w1", odd).await;
    let xml = running.acme_response("usr-8w1", "cld-9e4f").await;
    let document = bergshamra_xml::uppsala::parse(&xml).unwrap();
    let assertion = tree(&document, "Assertion").subtract(&tree(&document, "Signature"));
    assert_eq!(canonical(&document, &assertion), unsigned_assertion(&xml));
    assert!(xml.contains("<AttributeValue>a&#xD;\n\tb</AttributeValue>"));
}

fn tree(document: &Document<'_>, name: &str) -> NodeSet {
    let node: NodeId = document.get_elements_by_tag_name(name)[0];
    NodeSet::tree_without_comments(node, document)
}

fn canonical(document: &Document<'_>, nodes: &NodeSet) -> String {
    let none: [&str; 0] = [];
    let bytes = bergshamra_c14n::exclusive::canonicalize(document, false, Some(nodes), &none).unwrap();
    String::from_utf8(bytes).unwrap()
}
