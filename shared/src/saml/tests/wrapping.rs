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
fn no_place_in_the_envelope_or_the_signature_is_overlooked() {
    let draft = draft();
    let (evil, signed, genuine) = (evil(&draft), signed(&draft), draft.sign(idp()));
    let outer = ResponseDraft { envelope: draft_for(REQUEST).envelope, ..draft.clone() };
    for (name, document) in [
        (
            "in the status",
            draft.wrap(&evil).replace(
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{signed}</samlp:StatusDetail></samlp:Status>"),
            ),
        ),
        (
            "in the key info of the signature that counts",
            genuine.replace("</ds:Signature>", &format!("<ds:KeyInfo>{evil}</ds:KeyInfo></ds:Signature>")),
        ),
        (
            "in a foreign element",
            genuine
                .replacen("<Issuer", "<x:x xmlns:x=\"urn:x\"><Issuer", 1)
                .replace("</samlp:Response>", "</x:x></samlp:Response>"),
        ),
        ("in a response in the response", outer.wrap(&genuine)),
    ] {
        assert!(matches!(refusal(&document), ResponseError::AssertionCount { .. }), "{name}");
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
