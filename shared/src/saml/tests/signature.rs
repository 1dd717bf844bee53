//! Stage 3: the signature.

use super::*;
use crate::testing::Strength;

fn with_signed_info(from: &str, to: &str) -> ResponseError {
    let mut draft = draft();
    assert!(draft.signed_info.contains(from));
    draft.signed_info = draft.signed_info.replacen(from, to, 1);
    refusal(&draft.sign(idp()))
}

fn sha256(text: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

fn digest_of(text: &str) -> String {
    STANDARD.encode(sha256(text))
}

/// The draft, well signed, with this for its digest.
fn with_digest(draft: &ResponseDraft, digest: &str) -> String {
    ResponseDraft { signed_info: draft.signed_info.replace("{digest}", digest), ..draft.clone() }.sign(idp())
}

fn signature_value(xml: &str) -> &str {
    let (_, rest) = xml.split_once("<ds:SignatureValue>").unwrap();
    rest.split_once("</ds:SignatureValue>").unwrap().0
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
fn what_a_genuine_message_says_of_keys_means_nothing() {
    let xml = draft().sign(idp());
    let other = IdentityProvider::generate();
    let certificate =
        other.certificate_pem().replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "");
    for key in [
        format!("<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"),
        "<ds:X509Data><ds:X509Certificate>no certificate</ds:X509Certificate></ds:X509Data>".to_owned(),
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQ==</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>".to_owned(),
        "<ds:RetrievalMethod URI=\"http://127.0.0.1:1/key\"></ds:RetrievalMethod>".to_owned(),
        String::new(),
    ] {
        let key_info = format!("<ds:KeyInfo>{key}</ds:KeyInfo></ds:Signature>");
        assert!(outcome(&xml.replace("</ds:Signature>", &key_info)).is_ok(), "{key}");
    }
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
    let xml = draft.sign(idp()).replace(&digest_of(&draft.assertion), &digest_of(&draft_for(REQUEST).assertion));
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

#[test]
fn nothing_else_stands_in_the_digest_or_the_signature() {
    let xml = draft().sign(idp());
    for element in ["DigestValue", "SignatureValue"] {
        for part in ["<ds:x></ds:x>", "<![CDATA[AAAA]]>"] {
            let before = xml.replace(&format!("<ds:{element}>"), &format!("<ds:{element}>{part}"));
            assert_eq!(refusal(&before), ResponseError::Structure { element }, "{part}");
            let behind = xml.replace(&format!("</ds:{element}>"), &format!("{part}</ds:{element}>"));
            assert_eq!(refusal(&behind), ResponseError::Structure { element }, "{part}");
        }
    }
}

#[test]
fn nothing_comes_behind_the_signature_value_but_key_info() {
    let xml = draft().sign(idp());
    for part in ["<ds:SignedInfo></ds:SignedInfo>", "<ds:Object></ds:Object>", "<ds:Manifest></ds:Manifest>"] {
        let more = xml.replace("</ds:SignatureValue>", &format!("</ds:SignatureValue>{part}"));
        assert_eq!(refusal(&more), ResponseError::Structure { element: "Signature" }, "{part}");
    }
}

#[test]
fn a_signature_without_a_reference_is_refused() {
    let draft = draft();
    let (head, rest) = draft.signed_info.split_once("<ds:Reference").unwrap();
    let (_, tail) = rest.split_once("</ds:Reference>").unwrap();
    let none = ResponseDraft { signed_info: format!("{head}{tail}"), ..draft.clone() };
    assert_eq!(refusal(&none.sign(idp())), ResponseError::Structure { element: "SignedInfo" });
    assert_eq!(with_signed_info(" URI=\"#{id}\"", ""), ResponseError::Reference);
}

#[test]
fn the_digest_of_nothing_is_no_digest_of_the_assertion() {
    assert_eq!(refusal(&with_digest(&draft(), &digest_of(""))), ResponseError::Digest);
    assert_eq!(refusal(&with_digest(&draft(), "")), ResponseError::Structure { element: "DigestValue" });
}

#[test]
fn a_part_of_the_digest_or_the_signature_is_not_enough() {
    let draft = draft();
    let digest = sha256(&draft.assertion);
    assert!(outcome(&with_digest(&draft, &STANDARD.encode(&digest))).is_ok());
    for length in [1, 16, 31] {
        let part = STANDARD.encode(&digest[..length]);
        assert_eq!(refusal(&with_digest(&draft, &part)), ResponseError::Digest, "{length}");
    }
    let xml = draft.sign(idp());
    let value = signature_value(&xml);
    let signature = STANDARD.decode(value).unwrap();
    for length in [1, 128, 255] {
        let part = xml.replace(value, &STANDARD.encode(&signature[..length]));
        assert_eq!(refusal(&part), ResponseError::Signature, "{length}");
    }
}

#[test]
fn line_breaks_in_the_digest_and_the_signature_mean_nothing() {
    let in_lines = |base64: &str, width: usize| {
        let lines: Vec<&str> = base64.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("\n{}\n", lines.join("\n"))
    };
    let draft = draft();
    let xml = with_digest(&draft, &in_lines(&digest_of(&draft.assertion), 20));
    let xml = xml.replace(signature_value(&xml), &in_lines(signature_value(&xml), 60));
    assert!(outcome(&xml).is_ok());
    assert!(outcome(&xml.replace('\n', "\r\n")).is_ok());
}

#[test]
fn the_two_transforms_come_in_their_order_and_both() {
    let enveloped =
        r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>"#;
    let c14n = r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>"#;
    let named = |name: &str| format!("<ds:Transform Algorithm=\"{name}\"></ds:Transform>");
    let xpath = named("http://www.w3.org/TR/1999/REC-xpath-19991116");
    let base64 = named("http://www.w3.org/2000/09/xmldsig#base64");
    let (algorithm, structure) =
        (ResponseError::Algorithm { element: "Transform" }, ResponseError::Structure { element: "Transforms" });
    for (transforms, error) in [
        (format!("{c14n}{enveloped}"), &algorithm),
        (c14n.to_owned(), &algorithm),
        (enveloped.to_owned(), &structure),
        (String::new(), &structure),
        (format!("{xpath}{c14n}"), &algorithm),
        (format!("{enveloped}{xpath}"), &algorithm),
        (format!("{base64}{c14n}"), &algorithm),
        (format!("{enveloped}{base64}"), &algorithm),
    ] {
        assert_eq!(with_signed_info(&format!("{enveloped}{c14n}"), &transforms), *error, "{transforms}");
    }
    let all = format!("<ds:Transforms>{enveloped}{c14n}</ds:Transforms>");
    assert_eq!(with_signed_info(&all, ""), ResponseError::Structure { element: "Reference" });
}
