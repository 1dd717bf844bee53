//! The sample documents of the protocol, each behaving as its name says.

use serde_json::Value;

use super::*;

#[test]
fn the_signed_response_says_what_is_expected() {
    let expected: Value = serde_json::from_str(vector!("saml_response_expected.json")).unwrap();
    let assertion = accept_at(vector!("saml_response_signed_sha256.xml"), &acme(), now()).unwrap();
    let identity = Identity::try_from(&assertion).unwrap();
    assert_eq!(assertion.subject, expected["name_id"]);
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
