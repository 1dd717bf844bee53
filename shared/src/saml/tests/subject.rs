//! Stage 4: who is confirmed, and how.

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

#[test]
fn a_subject_is_read_whole_whatever_splits_it() {
    let genuine = draft().sign(idp());
    let longer = draft().replacing("usr-5k2</NameID>", "usr-5k2.evil</NameID>").sign(idp());
    let read = |xml: &str, from: &str, to: &str| {
        assert!(xml.contains(from));
        outcome(&xml.replace(from, to)).unwrap()
    };
    for split in ["usr<!-- -->-5k2</NameID>", "usr<![CDATA[-5k2]]></NameID>", "<!---->usr-5k2<!----></NameID>"] {
        assert_eq!(read(&genuine, "usr-5k2</NameID>", split).subject, "usr-5k2", "{split}");
    }
    for split in ["<!-- -->.evil</NameID>", "<![CDATA[.evil]]></NameID>", "<!---->.<!---->evil</NameID>"] {
        let assertion = read(&longer, ".evil</NameID>", split);
        assert_eq!(assertion.subject, "usr-5k2.evil", "{split}");
        assert!(Identity::try_from(&assertion).is_err(), "{split}");
    }
}

#[test]
fn an_encrypted_person_or_attribute_is_refused() {
    let name_id = "<NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">usr-5k2</NameID>";
    let encrypted = "<EncryptedID></EncryptedID>";
    assert_eq!(with(name_id, encrypted), ResponseError::Structure { element: "Subject" });
    assert_eq!(
        with("</AttributeStatement>", "<EncryptedAttribute></EncryptedAttribute></AttributeStatement>"),
        ResponseError::Structure { element: "AttributeStatement" }
    );
}
