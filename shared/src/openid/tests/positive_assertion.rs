//! Stage 3: the rules that need nobody else.

use super::*;

#[test]
fn each_required_field_is_missed() {
    for name in ["op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle"] {
        assert_eq!(Draft::genuine().without(name).sign().refusal(), "openid-missing-field", "{name}");
        assert_eq!(Draft::genuine().set(name, "").sign().refusal(), "openid-missing-field", "{name} is empty");
    }
    for name in ["signed", "sig"] {
        assert_eq!(Draft::genuine().without(name).refusal(), "openid-missing-field", "{name}");
    }
}

#[test]
fn each_required_field_must_be_signed() {
    for name in ["op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle"] {
        assert_eq!(Draft::genuine().sign_except(name).refusal(), "openid-not-signed", "{name}");
    }
}

#[test]
fn the_list_of_signed_fields_names_fields_of_the_message_once() {
    let signed = Draft::genuine().get("signed").unwrap().to_owned();
    for bad in [
        format!("{signed},sreg.dob"),
        format!("{signed},identity"),
        format!("{signed},"),
        format!(" {signed}"),
        signed.replace(",identity", ", identity"),
        signed.replace(',', ";"),
        signed.replace("identity", "openid.identity"),
    ] {
        assert_eq!(Draft::genuine().set("signed", &bad).refusal(), "openid-signed-list", "{bad}");
    }
}

#[test]
fn the_endpoint_is_the_configured_one_to_the_letter() {
    for bad in [
        "https://evil.example/api/openid/provider/app-9f3d",
        "https://hub.acme.example/api/openid/provider/app-9f3d/",
        "https://hub.acme.example:443/api/openid/provider/app-9f3d",
        "https://HUB.acme.example/api/openid/provider/app-9f3d",
        "https://hub.acme.example/api/openid/provider/app-2",
    ] {
        assert_eq!(Draft::genuine().set("op_endpoint", bad).refusal(), "openid-op-endpoint", "{bad}");
    }
}

#[test]
fn return_to_is_our_return_url_to_the_letter() {
    let ours = return_to(&acme(), REQUEST);
    for bad in [
        ours.replace("https://", "http://"),
        ours.replace("acme-hub", "northbank"),
        ours.replace("request_id", "Request_id"),
        ours.replace('?', "?x=1&"),
        acme().openid_return_url,
        format!("https://evil.example/?{ours}"),
    ] {
        assert_eq!(Draft::genuine().set("return_to", &bad).refusal(), "openid-return-to", "{bad}");
    }
}

#[test]
fn return_to_names_an_outstanding_request_of_this_browser() {
    for bad in ["never-asked", "", &format!("{REQUEST}&x=1"), &REQUEST.to_uppercase()] {
        let draft = Draft::genuine().set("return_to", &return_to(&acme(), bad));
        assert_eq!(draft.refusal(), "openid-request", "{bad}");
    }
}

#[test]
fn a_message_for_another_outstanding_request_than_the_address_names_is_refused() {
    let other = return_to(&acme(), "another");
    assert_eq!(Draft::genuine().set("return_to", &other).refusal(), "openid-received-elsewhere");
}

#[test]
fn an_address_that_names_no_request_or_two_is_refused() {
    let draft = Draft::genuine();
    let form = Serializer::new(String::new())
        .extend_pairs(draft.0.iter().map(|(name, value)| (format!("openid.{name}"), value)))
        .finish();
    let two = format!("request_id={REQUEST}&request_id={REQUEST}");
    for query in ["", "request_id=", &two] {
        let message = Message::read(query, Some(form.as_bytes())).unwrap();
        let expected = Expectations { request_ids: &[REQUEST.to_owned()], now: now() };
        let refused = message.into_positive().unwrap().check(&acme(), &expected).unwrap_err();
        assert_eq!(refused.code(), "openid-received-elsewhere", "{query}");
    }
}

#[test]
fn a_browser_that_asked_nothing_is_refused() {
    let expected = Expectations { request_ids: &[], now: now() };
    let positive = Draft::genuine().message().unwrap().into_positive().unwrap();
    assert_eq!(positive.check(&acme(), &expected).unwrap_err().code(), "openid-request");
}

#[test]
fn both_identifiers_are_the_same() {
    let other = Draft::genuine().get("identity").unwrap().replace("usr-5k2", "usr-8w1");
    assert_eq!(Draft::genuine().set("identity", &other).refusal(), "openid-identity");
    assert_eq!(Draft::genuine().set("claimed_id", &other).refusal(), "openid-identity");
}

#[test]
fn the_identifier_is_one_of_this_provider() {
    for bad in [
        "https://evil.example/api/openid/provider/app-9f3d/users/usr-5k2",
        "https://hub.acme.example/api/openid/provider/app-2/users/usr-5k2",
        "https://hub.acme.example/api/openid/provider/app-9f3d/users/",
        "https://hub.acme.example/api/openid/provider/app-9f3d/users/usr-5k2/../usr-8w1",
        "https://hub.acme.example/api/openid/provider/app-9f3d/users/usr-5k2#x",
        "http://169.254.169.254/latest",
    ] {
        let draft = Draft::genuine().set("claimed_id", bad).set("identity", bad);
        assert_eq!(draft.refusal(), "openid-claimed-id", "{bad}");
    }
}

#[test]
fn a_malformed_nonce_is_refused() {
    assert_eq!(Draft::genuine().set("response_nonce", "q7m2x9").refusal(), "openid-response-nonce");
}

#[test]
fn an_assertion_is_accepted_from_now_to_a_few_minutes_later() {
    let made_at: Timestamp = "2030-01-15T10:00:07Z".parse().unwrap();
    let at = |secs: i64| {
        let outcome = Draft::genuine().check_at(made_at + SignedDuration::from_secs(secs));
        outcome.map_or_else(|error| error.code(), |_| "accepted")
    };
    assert_eq!(at(-61), "openid-not-yet-valid");
    assert_eq!(at(-60), "accepted");
    assert_eq!(at(359), "accepted");
    assert_eq!(at(360), "openid-expired");
}

#[test]
fn the_marketplaces_clock_skew_counts() {
    let mut marketplace = acme();
    marketplace.settings.clock_skew = 0.try_into().unwrap();
    let at = |text: &str| {
        let expected = Expectations { request_ids: &[REQUEST.to_owned()], now: text.parse().unwrap() };
        let positive = Draft::genuine().message().unwrap().into_positive().unwrap();
        positive.check(&marketplace, &expected).map_or_else(|error| error.code(), |_| "accepted")
    };
    assert_eq!(at("2030-01-15T10:00:06Z"), "openid-not-yet-valid");
    assert_eq!(at("2030-01-15T10:00:07Z"), "accepted");
    assert_eq!(at("2030-01-15T10:05:06Z"), "accepted");
    assert_eq!(at("2030-01-15T10:05:07Z"), "openid-expired");
}

#[test]
fn a_handle_the_provider_wants_forgotten_changes_nothing() {
    assert!(Draft::genuine().set("invalidate_handle", "old").sign().check().is_ok());
}
