//! One test for each rule, each input broken in exactly one way and, where the rule is about what was signed, really signed.

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    marketplace::{Directory, IdpKey},
    testing::{IdentityProvider, ResponseDraft},
};

const NOW: &str = "2030-01-15T10:00:30Z";
const REQUEST: &str = "_3c6f0b5e-77a4-4c1b-9a53-0d4d7f2f9e10";

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/vectors/", $name))
    };
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn idp() -> &'static IdentityProvider {
    static IDP: OnceLock<IdentityProvider> = OnceLock::new();
    IDP.get_or_init(IdentityProvider::generate)
}

/// The vectors' marketplace, as configured.
fn acme() -> Marketplace {
    let directory = Directory::from_json(vector!("marketplaces_config.json").as_bytes()).unwrap();
    directory.find("acme-hub").unwrap().as_ref().clone()
}

/// The same, with a key that we can sign with.
fn marketplace() -> Marketplace {
    Marketplace { idp_keys: vec![IdpKey::from_pem(idp().certificate_pem(), None).unwrap()], ..acme() }
}

fn draft() -> ResponseDraft {
    draft_for(REQUEST)
}

fn draft_for(request_id: &str) -> ResponseDraft {
    let Marketplace { idp_sso_url, acs_url, .. } = acme();
    ResponseDraft::genuine(&idp_sso_url, &acs_url, request_id, now())
}

fn accept_at(xml: &str, marketplace: &Marketplace, now: Timestamp) -> Result<Assertion, ResponseError> {
    accept(&STANDARD.encode(xml), marketplace, &Expectations { request_ids: &[REQUEST.to_owned()], now })
}

fn outcome(xml: &str) -> Result<Assertion, ResponseError> {
    accept_at(xml, &marketplace(), now())
}

fn refusal(xml: &str) -> ResponseError {
    outcome(xml).expect_err("accepted")
}

fn vector_outcome(xml: &str) -> Result<Identity, ResponseError> {
    accept_at(xml, &acme(), now()).map(|assertion| Identity::try_from(&assertion).unwrap())
}

mod vectors {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_signed_response_says_what_is_expected() {
        let expected: Value = serde_json::from_str(vector!("saml_response_expected.json")).unwrap();
        let assertion = accept_at(vector!("saml_response_signed_sha256.xml"), &acme(), now()).unwrap();
        let identity = Identity::try_from(&assertion).unwrap();
        assert_eq!(assertion.name_id, expected["name_id"]);
        for (name, value) in expected["attributes"].as_object().unwrap() {
            let (_, values) = assertion.attributes.iter().find(|(found, _)| found == name).unwrap();
            assert_eq!(values, &[value.as_str().unwrap()], "{name}");
        }
        assert_eq!(identity.user.email, expected["user"]["email"]);
        assert_eq!(identity.user.first_name, expected["user"]["first_name"]);
        assert_eq!(identity.group.name, expected["group"]["name"]);
        assert_eq!(identity.virtual_user.id, expected["uid_by_creation_mode"]["virtual"]);
        assert_eq!(identity.session.token.expose(), expected["session"]["session"]);
        assert_eq!(identity.session.recheck_at.to_string(), expected["session"]["session_recheck"]);
    }

    #[test]
    fn the_form_field_with_its_line_breaks_is_read() {
        let field = vector!("saml_response_signed_sha256.b64.txt");
        assert!(accept(field, &acme(), &Expectations { request_ids: &[REQUEST.to_owned()], now: now() }).is_ok());
        let browser = field.replace('\n', "\r\n");
        assert!(accept(&browser, &acme(), &Expectations { request_ids: &[REQUEST.to_owned()], now: now() }).is_ok());
    }

    #[test]
    fn a_comment_cannot_cut_a_value_short() {
        let identity = vector_outcome(vector!("saml_comment_split.xml")).unwrap();
        assert_eq!(identity.user.email, "ines.okoro@example.org");
    }

    #[test]
    fn a_name_is_never_read_truncated() {
        let assertion = accept_at(vector!("saml_comment_truncation.xml"), &acme(), now()).unwrap();
        let values: Vec<&String> = assertion.attributes.iter().flat_map(|(_, values)| values).collect();
        assert!(values.iter().any(|value| *value == "usr-1.evil") && !values.iter().any(|value| *value == "usr-1"));
        assert!(Identity::try_from(&assertion).is_err());
    }

    #[test]
    fn every_bad_vector_is_refused_for_its_own_reason() {
        let refusal = |xml| accept_at(xml, &acme(), now()).unwrap_err();
        assert_eq!(refusal(vector!("saml_bad_tampered_email.xml")), ResponseError::Digest);
        assert_eq!(refusal(vector!("saml_bad_status.xml")), ResponseError::Status);
        assert!(matches!(refusal(vector!("saml_bad_recipient.xml")), ResponseError::RecipientMismatch { .. }));
        assert!(matches!(refusal(vector!("saml_bad_audience.xml")), ResponseError::AudienceMismatch { .. }));
        assert_eq!(refusal(vector!("saml_bad_in_response_to.xml")), ResponseError::InResponseToMismatch);
        assert_eq!(refusal(vector!("saml_bad_wrapped_first.xml")), ResponseError::AssertionCount { found: 2 });
        assert_eq!(refusal(vector!("saml_bad_wrapped_dup_id.xml")), ResponseError::DuplicateId);
        assert_eq!(refusal(vector!("saml_response_unsigned.xml")), ResponseError::SignatureCount { found: 0 });
        assert_eq!(refusal(vector!("saml_response_unsigned_reseller.xml")), ResponseError::SignatureCount { found: 0 });
        assert_eq!(
            refusal(vector!("saml_response_signed_sha1.xml")),
            ResponseError::Algorithm { element: "SignatureMethod" }
        );
    }

    #[test]
    fn the_vector_is_valid_within_its_window_and_our_skew_only() {
        let at = |text: &str| accept_at(vector!("saml_response_signed_sha256.xml"), &acme(), text.parse().unwrap());
        assert_eq!(at("2030-01-15T09:59:01Z").unwrap_err(), ResponseError::NotYetValid);
        assert!(at("2030-01-15T09:59:02Z").is_ok());
        assert!(at("2030-01-15T10:04:06Z").is_ok());
        assert!(matches!(at("2030-01-15T10:04:07Z").unwrap_err(), ResponseError::Expired { .. }));
    }
}

mod encoding {
    use super::*;

    #[test]
    fn only_base64_of_utf8_within_the_limit_is_decoded() {
        assert_eq!(decode("PGEvPg=="), Ok("<a/>".to_owned()));
        assert_eq!(decode("PGEv\r\nPg=="), Ok("<a/>".to_owned()));
        for bad in ["PGEvPg", "PGEv-g==", "%50", "PGEvPg===", "PGEv*Pg=="] {
            assert_eq!(decode(bad), Err(ResponseError::NotBase64), "{bad}");
        }
        assert_eq!(decode(&STANDARD.encode([0xff, 0xfe, 0x3c, 0x00])), Err(ResponseError::NotUtf8));
        assert!(matches!(decode(&"A".repeat(MAX_ENCODED_LEN + 4)), Err(ResponseError::TooLarge { .. })));
    }

    #[test]
    fn a_response_encoded_twice_is_not_unwrapped() {
        assert_eq!(refusal(&STANDARD.encode(draft().sign(idp()))), ResponseError::NotXml);
    }
}

mod document {
    use super::*;

    #[test]
    fn the_draft_itself_is_accepted() {
        assert_eq!(outcome(&draft().sign(idp())).unwrap().request_id, REQUEST);
    }

    #[test]
    fn no_document_type_is_parsed_not_even_a_harmless_one() {
        let xml = draft().sign(idp());
        for dtd in [
            "<!DOCTYPE Response>",
            "<!DOCTYPE r [<!ENTITY a \"b\">]>",
            "<!DOCTYPE r SYSTEM \"file:///etc/passwd\">",
            "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]>",
        ] {
            assert_eq!(refusal(&format!("{dtd}{xml}")), ResponseError::NotXml, "{dtd}");
        }
    }

    #[test]
    fn another_encoding_or_version_is_refused() {
        let xml = draft().sign(idp());
        assert!(outcome(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{xml}")).is_ok());
        for declaration in [
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
            "<?xml version=\"1.1\"?>",
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
        ] {
            let error = refusal(&format!("{declaration}{xml}"));
            assert!(matches!(error, ResponseError::Declaration | ResponseError::NotXml), "{declaration}: {error}");
        }
    }

    #[test]
    fn a_processing_instruction_is_refused_wherever_it_stands() {
        let inside = draft().replacing("usr-5k2</NameID>", "usr-5k2<?x y?></NameID>").sign(idp());
        assert_eq!(refusal(&inside), ResponseError::ProcessingInstruction);
        assert_eq!(refusal(&format!("<?x y?>{}", draft().sign(idp()))), ResponseError::ProcessingInstruction);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        let xml = draft().sign(idp());
        for bad in [
            String::new(),
            "hello".to_owned(),
            xml.replace("</samlp:Response>", ""),
            format!("{xml}{xml}"),
            xml.replace("Harbour Café &amp; Sons", "Harbour Café & Sons"),
            xml.replace("Version=\"2.0\" IssueInstant", "Version=\"2.0\" Version=\"2.0\" IssueInstant"),
            xml.replace("<samlp:Status>", "<other:Status>"),
        ] {
            assert_eq!(refusal(&bad), ResponseError::NotXml, "{}", &bad[..bad.len().min(80)]);
        }
    }

    #[test]
    fn depth_elements_attributes_and_namespaces_are_bounded() {
        let deep = format!("{}{}", "<a>".repeat(100_000 / 8), "</a>".repeat(100_000 / 8));
        assert_eq!(refusal(&deep), ResponseError::NotXml);
        let many = format!("<a>{}</a>", "<b/>".repeat(1_001));
        assert_eq!(refusal(&many), ResponseError::TooMany { what: "elements" });
        let attributes: String = (0..25).map(|n| format!(" a{n}=\"\"")).collect();
        assert_eq!(refusal(&format!("<a{attributes}/>")), ResponseError::TooMany { what: "attributes" });
        let namespaces: String = (0..13).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
        assert_eq!(refusal(&format!("<a{namespaces}/>")), ResponseError::TooMany { what: "namespaces" });
    }

    #[test]
    fn an_identifier_cannot_occur_twice_under_any_spelling() {
        for name in ["ID", "Id", "id", "xml:id", "AssertionID"] {
            let draft = draft();
            let xml = draft
                .sign(idp())
                .replace("<samlp:Status>", &format!("<samlp:Status {name}=\"{}\">", draft.assertion_id));
            assert_eq!(refusal(&xml), ResponseError::DuplicateId, "{name}");
        }
    }

    #[test]
    fn a_namespace_name_is_an_absolute_uri() {
        let declaring = |name: &str| {
            draft().sign(idp()).replacen("<samlp:Response", &format!("<samlp:Response xmlns:x=\"{name}\""), 1)
        };
        assert!(outcome(&declaring("urn:x")).is_ok());
        for bad in ["relative", "../x", "urn: x", "urn:", ":x", "1:x", "urn:\u{e9}"] {
            assert_eq!(refusal(&declaring(bad)), ResponseError::Namespace, "{bad}");
        }
    }

    #[test]
    fn every_identifier_is_a_name_and_the_assertion_has_one() {
        let with_id = |new: &str| {
            let mut draft = draft();
            let id = std::mem::replace(&mut draft.assertion_id, new.to_owned());
            draft.replacing(&id, new).sign(idp())
        };
        for bad in ["", "1a", "a b", "a:b", "#a", "a/b"] {
            assert_eq!(refusal(&with_id(bad)), ResponseError::Id, "{bad}");
        }
        assert_eq!(refusal(&draft().sign(idp()).replacen("Response ID=\"_", "Response ID=\" _", 1)), ResponseError::Id);
        let none = draft();
        let none = none.clone().replacing(&format!(" ID=\"{}\"", none.assertion_id), "");
        assert_eq!(refusal(&none.sign(idp())), ResponseError::Id);
    }

    #[test]
    fn another_document_element_is_refused() {
        let xml = draft().sign(idp()).replace("samlp:Response", "samlp:LogoutResponse");
        assert_eq!(refusal(&xml), ResponseError::NotAResponse);
        let foreign = draft().sign(idp()).replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:other");
        assert_eq!(refusal(&foreign), ResponseError::NotAResponse);
    }

    #[test]
    fn an_encrypted_assertion_is_refused_as_such() {
        let encrypted = "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>";
        assert_eq!(refusal(&draft().wrap(encrypted)), ResponseError::Encrypted);
    }

    #[test]
    fn there_is_exactly_one_assertion_and_it_is_a_child_of_the_response() {
        assert_eq!(refusal(&draft().wrap("")), ResponseError::AssertionCount { found: 0 });
        let xml = draft().sign(idp());
        let wrapped = xml
            .replace("<Assertion ", "<samlp:Extensions><Assertion ")
            .replace("</Assertion>", "</Assertion></samlp:Extensions>");
        assert_eq!(refusal(&wrapped), ResponseError::AssertionCount { found: 1 });
    }

    #[test]
    fn there_is_exactly_one_signature_and_it_follows_the_issuer() {
        let draft = draft();
        assert_eq!(refusal(&draft.wrap(&draft.assertion)), ResponseError::SignatureCount { found: 0 });
        let xml = draft.sign(idp());
        let twice = xml.replace("<samlp:Status>", &format!("{}<samlp:Status>", draft.signature(idp())));
        assert_eq!(refusal(&twice), ResponseError::SignatureCount { found: 2 });
        let (head, tail) = draft.assertion.split_once("<Conditions").unwrap();
        let late = draft.wrap(&format!("{head}{}<Conditions{tail}", draft.signature(idp())));
        assert_eq!(refusal(&late), ResponseError::SignatureCount { found: 1 });
        let on_response = draft
            .wrap(&draft.assertion)
            .replace("<samlp:Status>", &format!("{}<samlp:Status>", draft.signature(idp())));
        assert_eq!(refusal(&on_response), ResponseError::SignatureCount { found: 1 });
    }
}

mod wrapping {
    //! Signature wrapping as in *On Breaking SAML* (threats.md S1): the signed assertion stays valid somewhere, another
    //! one stands where a careless reader looks.

    use super::*;

    fn evil(draft: &ResponseDraft) -> String {
        draft.assertion.replace(&draft.assertion_id, "_evil").replace("usr-5k2", "usr-evil")
    }

    fn signed(draft: &ResponseDraft) -> String {
        let (head, tail) = draft.assertion.split_once("</Issuer>").unwrap();
        format!("{head}</Issuer>{}{tail}", draft.signature(idp()))
    }

    #[test]
    fn no_place_for_a_second_assertion_is_overlooked() {
        let draft = draft();
        let (evil, signed, signature) = (evil(&draft), signed(&draft), draft.signature(idp()));
        let (evil_head, evil_tail) = evil.split_once("</Issuer>").unwrap();
        let in_object =
            signature.replace("</ds:Signature>", &format!("<ds:Object>{}</ds:Object></ds:Signature>", draft.assertion));
        let documents = [
            ("before", format!("{evil}{signed}")),
            ("after", format!("{signed}{evil}")),
            ("parent", format!("{evil_head}</Issuer>{signed}{evil_tail}")),
            (
                "in the advice",
                evil.replace("<AttributeStatement>", &format!("<Advice>{signed}</Advice><AttributeStatement>")),
            ),
            ("in an object", format!("{evil_head}</Issuer>{in_object}{evil_tail}")),
            ("in an extension", format!("<samlp:Extensions>{signed}</samlp:Extensions>{evil}")),
        ];
        for (name, document) in documents {
            assert!(matches!(refusal(&draft.wrap(&document)), ResponseError::AssertionCount { .. }), "{name}");
        }
    }

    #[test]
    fn a_signature_cannot_point_anywhere_else() {
        for uri in ["", "#", "#_other", "#xpointer(/)", "http://127.0.0.1:1/x", "_ID"] {
            let mut draft = draft();
            draft.signed_info = draft.signed_info.replace("#{id}", uri);
            assert_eq!(refusal(&draft.sign(idp())), ResponseError::Reference, "{uri}");
        }
    }
}

mod signature {
    use super::*;

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
        let certificate = attacker
            .certificate_pem()
            .replace("-----BEGIN CERTIFICATE-----", "")
            .replace("-----END CERTIFICATE-----", "");
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
        let inclusive = "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"x\"></ec:InclusiveNamespaces></ds:CanonicalizationMethod>";
        assert_eq!(
            with_signed_info("</ds:CanonicalizationMethod>", inclusive),
            ResponseError::Algorithm { element: "CanonicalizationMethod" }
        );
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
}

mod conditions {
    use super::*;

    fn with(from: &str, to: &str) -> ResponseError {
        refusal(&draft().replacing(from, to).sign(idp()))
    }

    #[test]
    fn only_this_marketplaces_identity_provider_is_an_issuer() {
        let issuer = |text: &str| {
            draft().replacing("https://hub.acme.example/api/v1/auth/saml?SAMLRequest=abc", text).sign(idp())
        };
        for good in [
            "https://hub.acme.example",
            "https://hub.acme.example/api/v1/auth/saml",
            "https://hub.acme.example/api/v1/auth/saml?x",
        ] {
            assert!(outcome(&issuer(good)).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://hub.acme.example.evil",
            "https://hub.acme.example/",
            "https://hub.acme.example/api/v1/auth/saml/x",
            "https://evil?https://hub.acme.example",
            "https://hub.acme.example?x",
            " https://hub.acme.example",
        ] {
            assert!(matches!(refusal(&issuer(bad)), ResponseError::IssuerMismatch { .. }), "{bad}");
        }
    }

    #[test]
    fn only_our_own_names_are_an_audience() {
        let audience = |text: &str| {
            draft()
                .replacing("<Audience>https://app.example.test/</Audience>", &format!("<Audience>{text}</Audience>"))
                .sign(idp())
        };
        for good in ["https://app.example.test", "https://app.example.test/", "app-9f3d"] {
            assert!(outcome(&audience(good)).is_ok(), "{good}");
        }
        for bad in
            ["", "https://app.example.test.evil/", "https://app.example.test//", "HTTPS://APP.EXAMPLE.TEST/", "app-9f3"]
        {
            assert!(matches!(refusal(&audience(bad)), ResponseError::AudienceMismatch { .. }), "{bad}");
        }
        assert_eq!(
            with("<AudienceRestriction><Audience>https://app.example.test/</Audience></AudienceRestriction>", ""),
            ResponseError::Structure { element: "Conditions" }
        );
    }

    #[test]
    fn every_audience_restriction_must_name_us() {
        let another =
            "</AudienceRestriction><AudienceRestriction><Audience>https://other.test/</Audience></AudienceRestriction>";
        assert!(matches!(with("</AudienceRestriction>", another), ResponseError::AudienceMismatch { .. }));
        let among = draft().replacing("<Audience>", "<Audience>https://other.test/</Audience><Audience>");
        assert!(outcome(&among.sign(idp())).is_ok());
    }

    #[test]
    fn the_recipient_is_our_endpoint_to_the_letter() {
        let acs = "Recipient=\"https://app.example.test/maestrano/auth/saml/consume/acme-hub\"";
        for bad in [
            "Recipient=\"https://app.example.test/maestrano/auth/saml/consume/northbank\"",
            "Recipient=\"https://app.example.test/maestrano/auth/saml/consume/acme-hub/\"",
        ] {
            assert!(matches!(with(acs, bad), ResponseError::RecipientMismatch { .. }), "{bad}");
        }
        assert!(matches!(with(&format!(" {acs}"), ""), ResponseError::MissingAttribute { attribute: "Recipient", .. }));
    }

    #[test]
    fn the_destination_if_given_is_our_endpoint() {
        let mut elsewhere = draft();
        elsewhere.envelope = elsewhere.envelope.replace("/consume/acme-hub", "/consume/northbank");
        assert_eq!(refusal(&elsewhere.sign(idp())), ResponseError::DestinationMismatch);
    }

    #[test]
    fn a_status_other_than_success_is_refused() {
        let mut failed = draft();
        failed.status = "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned();
        assert_eq!(refusal(&failed.sign(idp())), ResponseError::Status);
    }

    #[test]
    fn the_request_must_be_outstanding_and_be_named_inside_the_signature() {
        let unknown = draft_for("_unknown");
        assert_eq!(refusal(&unknown.sign(idp())), ResponseError::InResponseToMismatch);
        let error = with(&format!("InResponseTo=\"{REQUEST}\" "), "");
        assert_eq!(
            error,
            ResponseError::MissingAttribute { element: "SubjectConfirmationData", attribute: "InResponseTo" }
        );
    }

    #[test]
    fn both_ends_count_and_the_skew_is_a_minute() {
        let xml = draft().sign(idp());
        let at = |secs: i64| accept_at(&xml, &marketplace(), now() + SignedDuration::from_secs(secs)).map(|_| ());
        assert_eq!(at(-66), Err(ResponseError::NotYetValid));
        assert_eq!(at(-65), Ok(()));
        assert_eq!(at(239), Ok(()));
        assert_eq!(at(240), Err(ResponseError::Expired { attribute: "SubjectConfirmationData NotOnOrAfter" }));
        let long_bearer =
            draft().replacing("NotOnOrAfter=\"2030-01-15T10:03:30Z\"", "NotOnOrAfter=\"2030-02-15T10:03:30Z\"");
        let error =
            accept_at(&long_bearer.sign(idp()), &marketplace(), now() + SignedDuration::from_hours(2)).unwrap_err();
        assert_eq!(error, ResponseError::Expired { attribute: "Conditions NotOnOrAfter" });
    }

    #[test]
    fn an_ended_session_is_refused() {
        let draft = draft();
        let statement = format!("SessionIndex=\"{}\"", draft.assertion_id);
        let ended = draft.replacing(&statement, &format!("{statement} SessionNotOnOrAfter=\"2030-01-15T09:00:00Z\""));
        assert_eq!(refusal(&ended.sign(idp())), ResponseError::Expired { attribute: "SessionNotOnOrAfter" });
    }

    #[test]
    fn a_missing_or_local_time_is_refused() {
        assert!(matches!(with(" NotOnOrAfter=\"2030-01-15T10:03:30Z\"", ""), ResponseError::MissingAttribute { .. }));
        assert!(matches!(with("NotBefore=\"2030-01-15T10:00:25Z\" ", ""), ResponseError::MissingAttribute { .. }));
        assert_eq!(
            with("2030-01-15T10:03:30Z", "2030-01-15T10:03:30"),
            ResponseError::Time { attribute: "NotOnOrAfter" }
        );
        assert_eq!(
            with("2030-01-15T10:00:25Z", "2030-01-15T10:00:25+00:00"),
            ResponseError::Time { attribute: "NotBefore" }
        );
    }
}

mod subject {
    use super::*;

    fn with(from: &str, to: &str) -> ResponseError {
        refusal(&draft().replacing(from, to).sign(idp()))
    }

    #[test]
    fn the_confirmation_is_one_bearer_confirmation() {
        assert_eq!(with("cm:bearer", "cm:holder-of-key"), ResponseError::ConfirmationMethod);
        assert_eq!(
            with(
                "</SubjectConfirmation>",
                "</SubjectConfirmation><SubjectConfirmation Method=\"x\"></SubjectConfirmation>"
            ),
            ResponseError::Structure { element: "Subject" }
        );
        assert_eq!(
            with(
                "NotOnOrAfter=\"2030-01-15T10:03:30Z\"",
                "NotBefore=\"2030-01-15T10:00:00Z\" NotOnOrAfter=\"2030-01-15T10:03:30Z\""
            ),
            ResponseError::Structure { element: "SubjectConfirmationData" }
        );
    }

    #[test]
    fn there_is_one_name_id_and_one_subject() {
        let name_id = "<NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">usr-5k2</NameID>";
        assert_eq!(with(name_id, ""), ResponseError::Structure { element: "Subject" });
        assert_eq!(with(name_id, &name_id.repeat(2)), ResponseError::Structure { element: "Subject" });
        assert_eq!(
            with("<Conditions", "<Subject></Subject><Conditions"),
            ResponseError::Structure { element: "Assertion" }
        );
    }

    #[test]
    fn an_assertion_of_another_version_or_with_unforeseen_content_is_refused() {
        assert_eq!(with("Version=\"2.0\">", "Version=\"2.1\">"), ResponseError::Version { element: "Assertion" });
        assert_eq!(
            with("<AttributeStatement>", "<Advice></Advice><AttributeStatement>"),
            ResponseError::Structure { element: "Assertion" }
        );
        assert_eq!(
            with("</AudienceRestriction>", "</AudienceRestriction><Condition></Condition>"),
            ResponseError::Structure { element: "Conditions" }
        );
        assert_eq!(with("<Subject>", "text<Subject>"), ResponseError::Structure { element: "Assertion" });
    }

    #[test]
    fn an_attribute_cannot_occur_twice() {
        let twice = "<AttributeStatement><Attribute Name=\"uid\"><AttributeValue>usr-8w1</AttributeValue></Attribute>";
        assert_eq!(with("<AttributeStatement>", twice), ResponseError::Structure { element: "AttributeStatement" });
    }

    #[test]
    fn markup_inside_a_value_is_refused() {
        assert_eq!(with(">Admin<", "><b>Admin</b><"), ResponseError::Structure { element: "AttributeValue" });
    }
}
