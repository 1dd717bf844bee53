//! Stage 2: the structure.

use super::*;

#[test]
fn the_draft_itself_is_accepted() {
    assert_eq!(outcome(&draft().sign(idp())).unwrap().request_id.as_deref(), Some(REQUEST));
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
        assert_eq!(refusal(&format!("{dtd}{xml}")), ResponseError::DocumentType, "{dtd}");
    }
}

#[test]
fn a_document_type_cannot_hide_in_another_encoding() {
    let dtd = "<!DOCTYPE r [<!ENTITY a \"b\">]><r>&a;</r>";
    let little_endian: String = dtd.chars().flat_map(|letter| [letter, '\0']).collect();
    let big_endian: String = dtd.chars().flat_map(|letter| ['\0', letter]).collect();
    assert_eq!(refusal(&little_endian), ResponseError::NotXml);
    assert_eq!(refusal(&big_endian), ResponseError::NotXml);
    let utf_7 = dtd.replace('<', "+ADw-").replace('>', "+AD4-");
    assert_eq!(refusal(&utf_7), ResponseError::NotXml);
    assert_eq!(refusal(&format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{utf_7}")), ResponseError::Declaration);
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
        assert_eq!(refusal(&format!("{declaration}{xml}")), ResponseError::Declaration, "{declaration}");
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
fn depth_elements_and_attributes_are_bounded() {
    let deep = format!("{}{}", "<a>".repeat(30), "</a>".repeat(30));
    assert_eq!(refusal(&deep), ResponseError::TooMany { what: "levels" });
    let many = format!("<a>{}</a>", "<b/>".repeat(1_001));
    assert_eq!(refusal(&many), ResponseError::TooMany { what: "elements" });
    let attributes: String = (0..25).map(|n| format!(" a{n}=\"\"")).collect();
    assert_eq!(refusal(&format!("<a{attributes}/>")), ResponseError::TooMany { what: "attributes" });
    let namespaces: String = (0..25).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
    assert_eq!(refusal(&format!("<a{namespaces}/>")), ResponseError::TooMany { what: "attributes" });
}

/// The parser alone takes seconds for some of these; a refusal takes well under a millisecond. The bound leaves room for
/// an unoptimised build on a busy machine.
#[test]
fn the_largest_hostile_inputs_are_refused_at_once() {
    // Making its key takes longer than all of this.
    let marketplace = marketplace();
    let size = MAX_ENCODED_LEN / 4 * 3 - 200;
    let fill = |unit: &str| unit.repeat(size / unit.len());
    let attributes: String = (0..size / 12).map(|n| format!(" a{n:06}=''")).collect();
    let namespaces: String = (0..size / 24).map(|n| format!(" xmlns:a{n:06}='urn:x'")).collect();
    let full_tag: String = (0..23).map(|n| format!(" a{n:02}=''")).collect();
    let full_scope: String = (0..23).map(|n| format!(" xmlns:a{n:02}='urn:x{n}'")).collect();
    let nested: String = (0..20).map(|n| format!("<x{n}{full_scope}>")).collect();
    let genuine = draft().sign(idp());
    let inside = |at: &str, unit: &str| {
        assert!(genuine.contains(at), "{at}");
        genuine.replacen(at, &format!("{}{at}", unit.repeat((size - genuine.len()) / unit.len())), 1)
    };
    for (name, xml) in [
        ("attributes", format!("<a{attributes}/>")),
        ("namespaces", format!("<a{namespaces}/>")),
        ("depth", fill("<a>")),
        ("elements", format!("<a>{}</a>", fill("<b/>"))),
        ("comments", format!("<a>{}</a>", fill("<!---->"))),
        ("references", format!("<a>{}</a>", fill("&#65;"))),
        ("text", format!("<a>{}</a>", fill("x"))),
        ("open quotes", fill("<a b='")),
        ("open tags", fill("<")),
        ("full tags", format!("<a>{}</a>", fill(&format!("<b{full_tag}/>")))),
        ("full scopes", format!("{nested}{}", fill("<b/>").get(..3_000).unwrap())),
        ("a long text in what is signed", inside("</Subject>", "x")),
        ("many comments in what is signed", inside("</Subject>", "<!---->")),
        ("many references in what is signed", inside("</NameID>", "&#65;")),
        ("many elements in what is signed", inside("<Conditions", "<b></b>")),
        ("a long digest", inside("</ds:DigestValue>", "A")),
        ("a long signature", inside("</ds:SignatureValue>", "A")),
    ] {
        let start = std::time::Instant::now();
        assert!(accept_at(&xml, &marketplace, now()).is_err(), "{name}");
        assert!(start.elapsed() < std::time::Duration::from_millis(500), "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn an_identifier_cannot_occur_twice_under_any_spelling() {
    for name in ["ID", "Id", "id", "iD", "xml:id", "AssertionID", "ResponseID", "xmlns:x=\"urn:x\" x:ID"] {
        let draft = draft();
        let xml =
            draft.sign(idp()).replace("<samlp:Status>", &format!("<samlp:Status {name}=\"{}\">", draft.assertion_id));
        assert_eq!(refusal(&xml), ResponseError::DuplicateId, "{name}");
    }
}

#[test]
fn a_namespace_name_is_an_absolute_uri() {
    let declaring =
        |name: &str| draft().sign(idp()).replacen("<samlp:Response", &format!("<samlp:Response xmlns:x=\"{name}\""), 1);
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
    let foreign = draft();
    let id = foreign.assertion_id.clone();
    let foreign = foreign
        .replacing(&format!(" ID=\"{id}\""), " xmlns:x=\"urn:x\"")
        .replacing(" Version=\"2.0\">", &format!(" Version=\"2.0\" x:ID=\"{id}\">"));
    assert_eq!(refusal(&foreign.sign(idp())), ResponseError::Id);
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
    let by_reference = concat!(
        "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        "<EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\"><CipherData>",
        "<CipherReference URI=\"http://127.0.0.1:1/x\"/></CipherData></EncryptedData></EncryptedAssertion>"
    );
    let beside = draft().sign(idp()).replace("</samlp:Response>", &format!("{by_reference}</samlp:Response>"));
    assert_eq!(refusal(&beside), ResponseError::Encrypted);
}

#[test]
fn the_response_has_its_version_and_foreseen_children_only() {
    let xml = draft().sign(idp());
    let with = |from: &str, to: &str| {
        assert!(xml.contains(from), "{from}");
        refusal(&xml.replacen(from, to, 1))
    };
    for other in ["Version=\"2.1\"", "Version=\"1.1\"", "Version=\"\"", ""] {
        assert_eq!(with("Version=\"2.0\"", other), ResponseError::Version { element: "Response" }, "{other}");
    }
    let unforeseen = ResponseError::Structure { element: "Response" };
    assert_eq!(with("<samlp:Status>", "<samlp:Extensions></samlp:Extensions><samlp:Status>"), unforeseen);
    assert_eq!(with("</samlp:Response>", "<x></x></samlp:Response>"), unforeseen);
    assert_eq!(with("<samlp:Status>", "text<samlp:Status>"), unforeseen);
    let code = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\" />";
    assert_eq!(with(&format!("<samlp:Status>{code}</samlp:Status>"), ""), unforeseen);
    assert_eq!(with(code, ""), ResponseError::Structure { element: "Status" });
    let failed = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\" />";
    for more in [failed, "text", "<x></x>"] {
        assert_eq!(with(code, &format!("{code}{more}")), ResponseError::Structure { element: "Status" }, "{more}");
    }
    assert!(outcome(&xml.replacen(code, &format!("{code}<samlp:StatusMessage>fine</samlp:StatusMessage>"), 1)).is_ok());
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
    let on_response =
        draft.wrap(&draft.assertion).replace("<samlp:Status>", &format!("{}<samlp:Status>", draft.signature(idp())));
    assert_eq!(refusal(&on_response), ResponseError::SignatureCount { found: 1 });
}
