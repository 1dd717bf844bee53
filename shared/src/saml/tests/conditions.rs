//! Stage 4: for us, now, and an answer to our question.

use super::*;

/// The message is accepted and says the same as this one.
fn assert_says(xml: &str, expected: &Assertion) {
    let assertion = outcome(xml).unwrap();
    assert_eq!(
        (assertion.id, assertion.request_id, assertion.subject),
        (expected.id.clone(), expected.request_id.clone(), expected.subject.clone())
    );
    assert_eq!(assertion.attributes, expected.attributes);
}

fn with(from: &str, to: &str) -> ResponseError {
    refusal(&draft().replacing(from, to).sign(idp()))
}

#[test]
fn only_this_marketplaces_identity_provider_is_an_issuer() {
    let issuer =
        |text: &str| draft().replacing("https://hub.acme.example/api/v1/auth/saml?SAMLRequest=abc", text).sign(idp());
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
fn an_assertion_without_an_issuer_is_refused() {
    let draft = draft();
    let draft = draft.replacing("<Issuer>https://hub.acme.example/api/v1/auth/saml?SAMLRequest=abc</Issuer>", "");
    let (head, tail) = draft.assertion.split_once("<Subject>").unwrap();
    let xml = draft.wrap(&format!("{head}{}<Subject>{tail}", draft.signature(idp())));
    assert_eq!(refusal(&xml), ResponseError::SignatureCount { found: 1 });
}

#[test]
fn what_the_envelope_says_of_issuer_request_and_id_is_not_read() {
    let genuine = draft();
    let expected = outcome(&genuine.sign(idp())).unwrap();
    let envelope = genuine.envelope.replace(REQUEST, "_unknown");
    assert_ne!(envelope, genuine.envelope);
    let (_, rest) = envelope.split_once("\" ").unwrap();
    let other = ResponseDraft { envelope: format!("ID=\"_other\" {rest}"), ..genuine };
    let xml = other.sign(idp()).replace(">https://hub.acme.example</Issuer>", ">https://evil.test</Issuer>");
    assert!(xml.contains("evil.test"));
    assert_says(&xml, &expected);
}

#[test]
fn comments_and_cdata_sections_are_not_part_of_a_name() {
    let xml = draft().sign(idp());
    let expected = outcome(&xml).unwrap();
    for (name, split) in [
        ("auth/saml?SAMLRequest=abc</Issuer>", ["auth/saml<!-- -->?SAML", "auth/<![CDATA[saml]]>?SAML"]),
        ("https://app.example.test/</Audience>", ["https://app<!-- -->.example", "https://app<![CDATA[.]]>example"]),
    ] {
        for split in split {
            let plain = split.replace("<!-- -->", "").replace("<![CDATA[", "").replace("]]>", "");
            let marked = xml.replace(name, &name.replace(&plain, split));
            assert_ne!(marked, xml, "{split}");
            assert_says(&marked, &expected);
        }
    }
    let issuer = draft().replacing("auth/saml?SAMLRequest=abc", "auth/saml.evil").sign(idp());
    let audience = draft().replacing("https://app.example.test/</Audience>", "app-9f3d.evil</Audience>").sign(idp());
    for split in ["<!-- -->.evil", "<![CDATA[.evil]]>", "<!---->.<!---->evil"] {
        let error = refusal(&issuer.replace(".evil", split));
        assert!(matches!(&error, ResponseError::IssuerMismatch { found } if found.ends_with("saml.evil")), "{error}");
        let error = refusal(&audience.replace(".evil", split));
        assert!(matches!(&error, ResponseError::AudienceMismatch { found } if found == "app-9f3d.evil"), "{error}");
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
    assert_eq!(
        with("<Audience>https://app.example.test/</Audience>", ""),
        ResponseError::Structure { element: "AudienceRestriction" }
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
    let mut nowhere = draft();
    let destination = "Destination=\"https://app.example.test/maestrano/auth/saml/consume/acme-hub\" ";
    assert!(nowhere.envelope.contains(destination));
    nowhere.envelope = nowhere.envelope.replace(destination, "");
    assert!(outcome(&nowhere.sign(idp())).is_ok());
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
    assert_eq!(with(&format!("InResponseTo=\"{REQUEST}\" "), ""), ResponseError::Unsolicited);
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
    let error = accept_at(&long_bearer.sign(idp()), &marketplace(), now() + SignedDuration::from_hours(2)).unwrap_err();
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
    assert_eq!(with("2030-01-15T10:03:30Z", "2030-01-15T10:03:30"), ResponseError::Time { attribute: "NotOnOrAfter" });
    assert_eq!(
        with("2030-01-15T10:00:25Z", "2030-01-15T10:00:25+00:00"),
        ResponseError::Time { attribute: "NotBefore" }
    );
}

#[test]
fn conditions_are_there_and_have_an_end() {
    let draft = draft();
    let (head, rest) = draft.assertion.split_once("<Conditions").unwrap();
    let (_, tail) = rest.split_once("</Conditions>").unwrap();
    let none = ResponseDraft { assertion: format!("{head}{tail}"), ..draft.clone() };
    assert_eq!(refusal(&none.sign(idp())), ResponseError::Structure { element: "Assertion" });
    assert_eq!(
        with(" NotOnOrAfter=\"2030-01-15T11:00:30Z\"", ""),
        ResponseError::MissingAttribute { element: "Conditions", attribute: "NotOnOrAfter" }
    );
}

#[test]
fn what_was_found_is_made_harmless_before_anybody_reads_it() {
    let long = "x".repeat(10_000);
    for (audience, found) in [
        ("https://other.test/?SAMLRequest=abc".to_owned(), "https://other.test/".to_owned()),
        ("ines@example.org".to_owned(), "[an address]".to_owned()),
        ("a\noutcome signed-in\u{9b}31m".to_owned(), "a?outcome signed-in?31m".to_owned()),
        (long, "x".repeat(200)),
    ] {
        let other = draft().replacing("https://app.example.test/</Audience>", &format!("{audience}</Audience>"));
        assert_eq!(refusal(&other.sign(idp())), ResponseError::AudienceMismatch { found });
    }
}
