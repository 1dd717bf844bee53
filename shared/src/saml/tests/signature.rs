//! Stage 3: the signature.

use super::*;
use crate::testing::Strength;

fn with_signed_info(from: &str, to: &str) -> ResponseError {
    let mut draft = draft();
    assert!(draft.signed_info.contains(from));
    draft.signed_info = draft.signed_info.replacen(from, to, 1);
    refusal(&draft.sign(idp()))
}

#[test]
fn another_key_is_refused_also_when_the_message_brings_its_certificate() {
    let attacker = IdentityProvider::generate();
    let xml = draft().sign(&attacker);
    assert_eq!(refusal(&xml), ResponseError::Signature);
    let certificate =
        attacker.certificate_pem().replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "");
    let key_info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    );
    assert_eq!(refusal(&xml.replace("</ds:Signature>", &key_info)), ResponseError::Signature);
}

#[test]
fn a_marketplace_without_keys_accepts_nothing() {
    let marketplace = Marketplace { idp_keys: Vec::new(), ..acme() };
    assert_eq!(accept_at(&draft().sign(idp()), &marketplace, now()).unwrap_err(), ResponseError::Signature);
}

#[test]
fn a_second_configured_key_is_accepted_too() {
    let mut marketplace = acme();
    marketplace.idp_keys.push(IdpKey::from_pem(idp().certificate_pem(), None).unwrap());
    assert!(accept_at(&draft().sign(idp()), &marketplace, now()).is_ok());
}

#[test]
fn a_changed_value_anywhere_in_the_assertion_breaks_the_digest() {
    let xml = draft().sign(idp());
    for (from, to) in
        [("usr-5k2</NameID>", "usr-8w1</NameID>"), (">Admin<", ">Super Admin<"), ("<Subject>", "<Subject> ")]
    {
        assert_eq!(refusal(&xml.replace(from, to)), ResponseError::Digest, "{to}");
    }
}

#[test]
fn a_changed_signed_info_breaks_the_signature() {
    let draft = draft();
    let other = draft_for(REQUEST);
    let digest = |draft: &ResponseDraft| {
        STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, draft.assertion.as_bytes()))
    };
    let xml = draft.sign(idp()).replace(&digest(&draft), &digest(&other));
    assert_eq!(refusal(&xml), ResponseError::Signature);
}

#[test]
fn algorithms_outside_the_list_are_refused_even_if_they_verify() {
    for (element, from, to) in [
        (
            "SignatureMethod",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        ),
        (
            "SignatureMethod",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        ),
        (
            "SignatureMethod",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha256",
        ),
        ("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        (
            "CanonicalizationMethod",
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        ),
        (
            "Transform",
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
        ),
    ] {
        assert_eq!(with_signed_info(from, to), ResponseError::Algorithm { element }, "{to}");
    }
}

#[test]
fn algorithms_take_no_parameters() {
    for (element, place, parameter) in [
        ("CanonicalizationMethod", "</ds:CanonicalizationMethod>", "<ds:XPath></ds:XPath>"),
        ("SignatureMethod", "</ds:SignatureMethod>", "<ds:HMACOutputLength>8</ds:HMACOutputLength>"),
        ("DigestMethod", "</ds:DigestMethod>", "<ds:X></ds:X>"),
        ("Transform", "</ds:Transform>", "<ds:XPath></ds:XPath>"),
    ] {
        let error = with_signed_info(place, &format!("{parameter}{place}"));
        assert_eq!(error, ResponseError::Algorithm { element }, "{parameter}");
    }
}

#[test]
fn the_stronger_members_of_the_family_are_fine() {
    for (signature, digest, algorithm) in [
        ("xmldsig-more#rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384", Strength::Sha384),
        ("xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512", Strength::Sha512),
    ] {
        let mut draft = draft();
        draft.signed_info = draft
            .signed_info
            .replace("xmldsig-more#rsa-sha256", signature)
            .replace("http://www.w3.org/2001/04/xmlenc#sha256", digest);
        assert!(outcome(&draft.sign_with(idp(), algorithm)).is_ok(), "{signature}");
        assert_eq!(refusal(&draft.sign(idp())), ResponseError::Signature, "{signature} over a signature with SHA-256");
    }
}

#[test]
fn inclusive_prefixes_are_declared_in_what_is_signed() {
    let list = concat!(
        r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="samlp #default nobody">"#,
        "</ec:InclusiveNamespaces></ds:Transform></ds:Transforms>"
    );
    let mut draft = draft();
    draft.signed_info = draft.signed_info.replace("</ds:Transform></ds:Transforms>", list);
    assert_eq!(refusal(&draft.sign(idp())), ResponseError::Digest, "samlp is in force in the assertion");
    let declared = r#"<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" "#;
    let draft = draft.replacing(r#"<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" "#, declared);
    assert!(outcome(&draft.sign(idp())).is_ok());
}

#[test]
fn a_list_of_inclusive_prefixes_is_nothing_but_that() {
    for list in [
        r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="a" x="y"></ec:InclusiveNamespaces>"#,
        r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="a"><ec:x></ec:x></ec:InclusiveNamespaces>"#,
        r#"<ec:InclusiveNamespaces xmlns:ec="urn:x" PrefixList="a"></ec:InclusiveNamespaces>"#,
        r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="a b c d e f g h i j k l m n o p q"></ec:InclusiveNamespaces>"#,
    ] {
        let place = "</ds:CanonicalizationMethod>";
        let error = with_signed_info(place, &format!("{list}{place}"));
        assert_eq!(error, ResponseError::Algorithm { element: "CanonicalizationMethod" }, "{list}");
    }
}

#[test]
fn the_signature_has_exactly_the_parts_of_the_profile() {
    let transform =
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>";
    assert_eq!(with_signed_info("</ds:Transforms>", transform), ResponseError::Structure { element: "Transforms" });
    let reference = "</ds:Reference><ds:Reference URI=\"#x\"></ds:Reference>";
    assert_eq!(with_signed_info("</ds:Reference>", reference), ResponseError::Structure { element: "SignedInfo" });
    let digest = "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>";
    assert_eq!(with_signed_info("<ds:DigestValue>", digest), ResponseError::Structure { element: "Reference" });
    let signed_info = "<ds:SignedInfo></ds:SignedInfo><ds:SignatureValue>";
    let xml = draft().sign(idp()).replace("<ds:SignatureValue>", signed_info);
    assert_eq!(refusal(&xml), ResponseError::Structure { element: "Signature" });
}

#[test]
fn a_comment_in_the_digest_is_refused() {
    let xml = draft().sign(idp());
    let commented = xml.replace("<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->");
    assert_eq!(refusal(&commented), ResponseError::Structure { element: "DigestValue" });
    let commented = xml.replace("<ds:SignatureValue>", "<ds:SignatureValue><!--AAAA-->");
    assert_eq!(refusal(&commented), ResponseError::Structure { element: "SignatureValue" });
}
