//! What a marketplace's settings allow, each alone, and nothing else with it.

use super::*;
use crate::marketplace::{ClockSkew, LegacyCryptography};

fn accepted(xml: &str, marketplace: &Marketplace) -> bool {
    accept_at(xml, marketplace, now()).is_ok()
}

#[test]
fn the_sha1_vector_is_accepted_where_sha1_is_allowed_and_nowhere_else() {
    let mut acme = acme();
    let xml = vector!("saml_response_signed_sha1.xml");
    assert!(!accepted(xml, &acme));
    for legacy in [
        LegacyCryptography { short_rsa_keys: true, ..LegacyCryptography::default() },
        LegacyCryptography { historical_names: true, ..LegacyCryptography::default() },
    ] {
        acme.settings.legacy_cryptography = legacy;
        assert!(!accepted(xml, &acme), "{legacy:?}");
    }
    acme.settings.legacy_cryptography = LegacyCryptography { sha1: true, ..LegacyCryptography::default() };
    assert!(accepted(xml, &acme));
    assert!(accepted(vector!("saml_response_signed_sha256.xml"), &acme), "what is good today stays good");
}

#[test]
fn a_digest_with_sha1_under_a_signature_with_sha256_counts_as_sha1() {
    let mut draft = draft();
    draft.signed_info =
        draft.signed_info.replace("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1");
    let xml = draft.sign(idp());
    assert_eq!(refusal(&xml), ResponseError::Algorithm { element: "DigestMethod" });
    let legacy = with_settings(|settings| settings.legacy_cryptography.sha1 = true);
    assert_eq!(accept_at(&xml, &legacy, now()).unwrap_err(), ResponseError::Digest, "the value in it is SHA-256's");
}

#[test]
fn maestranos_own_names_for_sha256_need_their_setting() {
    let mut draft = draft();
    draft.signed_info = draft
        .signed_info
        .replace("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha256")
        .replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha256");
    let xml = draft.sign(idp());
    assert_eq!(refusal(&xml), ResponseError::Algorithm { element: "SignatureMethod" });
    assert!(accepted(&xml, &with_settings(|settings| settings.legacy_cryptography.historical_names = true)));
}

#[test]
fn no_setting_makes_any_other_algorithm_good() {
    let mut permissive = marketplace();
    permissive.settings.legacy_cryptography =
        LegacyCryptography { sha1: true, short_rsa_keys: true, historical_names: true };
    for other in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "none",
        "",
    ] {
        let mut draft = draft();
        draft.signed_info = draft.signed_info.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", other);
        let refused = accept_at(&draft.sign(idp()), &permissive, now()).unwrap_err();
        assert_eq!(refused, ResponseError::Algorithm { element: "SignatureMethod" }, "{other}");
    }
    for other in ["http://www.w3.org/2001/04/xmldsig-more#md5", "http://www.w3.org/2001/04/xmldsig-more#sha224", ""] {
        let mut draft = draft();
        draft.signed_info = draft.signed_info.replace("http://www.w3.org/2001/04/xmlenc#sha256", other);
        let refused = accept_at(&draft.sign(idp()), &permissive, now()).unwrap_err();
        assert_eq!(refused, ResponseError::Algorithm { element: "DigestMethod" }, "{other}");
    }
}

#[test]
fn further_issuers_and_audiences_are_compared_to_the_letter() {
    let marketplace = with_settings(|settings| {
        settings.issuers.push("urn:acme:idp".to_owned());
        settings.audiences.push("urn:our:app".to_owned());
    });
    let issuer = "https://hub.acme.example/api/v1/auth/saml?SAMLRequest=abc";
    let audience = "https://app.example.test/</Audience>";
    assert!(accepted(&draft().replacing(issuer, "urn:acme:idp").sign(idp()), &marketplace));
    assert!(!accepted(&draft().replacing(issuer, "urn:acme:idp?x").sign(idp()), &marketplace));
    assert!(!accepted(&draft().replacing(issuer, "urn:acme:id").sign(idp()), &marketplace));
    assert!(accepted(&draft().replacing(audience, "urn:our:app</Audience>").sign(idp()), &marketplace));
    assert!(!accepted(&draft().replacing(audience, "urn:our:app/</Audience>").sign(idp()), &marketplace));
}

#[test]
fn the_clock_skew_is_as_set() {
    let skew = |secs: u16| with_settings(|settings| settings.clock_skew = ClockSkew::try_from(secs).unwrap());
    let xml = draft().sign(idp());
    let at = |marketplace: &Marketplace, secs: i64| {
        accept_at(&xml, marketplace, now() + SignedDuration::from_secs(secs))
            .map(|assertion| assertion.consumable_until)
    };
    let end: Timestamp = "2030-01-15T10:03:30Z".parse().unwrap();
    for (allowed, marketplace) in [(0, skew(0)), (120, skew(120))] {
        assert_eq!(at(&marketplace, -6 - allowed), Err(ResponseError::NotYetValid), "{allowed}");
        assert_eq!(at(&marketplace, -5 - allowed), Ok(end + SignedDuration::from_secs(allowed)), "{allowed}");
        assert!(at(&marketplace, 179 + allowed).is_ok(), "{allowed}");
        assert!(matches!(at(&marketplace, 180 + allowed), Err(ResponseError::Expired { .. })), "{allowed}");
    }
}

#[test]
fn where_unsolicited_responses_are_allowed_a_wrong_request_is_still_refused() {
    let marketplace = with_settings(|settings| settings.unsolicited_responses = true);
    let unsolicited = draft().replacing(&format!("InResponseTo=\"{REQUEST}\" "), "").sign(idp());
    assert_eq!(accept_at(&unsolicited, &marketplace, now()).unwrap().request_id, None);
    let empty = draft().replacing(&format!("InResponseTo=\"{REQUEST}\""), "InResponseTo=\"\"").sign(idp());
    for foreign in [draft_for("_another").sign(idp()), empty] {
        assert_eq!(accept_at(&foreign, &marketplace, now()).unwrap_err(), ResponseError::InResponseToMismatch);
    }
}
