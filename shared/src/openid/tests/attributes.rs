//! Attribute exchange: only what is signed, by its type.

use super::*;

fn value(attributes: &[(String, Vec<String>)], name: &str) -> Option<String> {
    attributes.iter().find(|(found, _)| found == name).map(|(_, values)| values.join("|"))
}

#[test]
fn every_type_goes_by_the_names_of_the_protocol() {
    let draft = Draft::genuine()
        .set("ax.type.r_guid", "http://openid.maestrano.com/schema/reseller/guid")
        .set("ax.value.r_guid", "rsl-9")
        .set("ax.type.r_name", "http://openid.maestrano.com/schema/reseller/name")
        .set("ax.value.r_name", "Quay")
        .set("ax.type.r_country", "http://openid.maestrano.com/schema/reseller/country")
        .set("ax.value.r_country", "NZ");
    let mut found: Vec<String> =
        draft.sign().attributes().iter().map(|(name, values)| format!("{name}={}", values.join("|"))).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "country=AU",
            "email=ines.okoro@example.org",
            "group_city=Sydney",
            "group_country=AU",
            "group_email=cld-7a1c@example.com",
            "group_name=Harbour Caf\u{e9} & Sons",
            "group_reseller_id=rsl-44x",
            "group_role=Admin",
            "group_timezone=Australia/Sydney",
            "group_uid=cld-7a1c",
            "mno_session=q7m2x9c4v1b8n3k6j5h0g",
            "mno_session_recheck=2030-01-15T10:03:07Z",
            "mno_uid=usr-5k2",
            "name=In\u{ea}s",
            "reseller_country=NZ",
            "reseller_id=rsl-9",
            "reseller_name=Quay",
            "surname=Okoro",
            "uid=usr-5k2",
            "virtual_email=usr-5k2.cld-7a1c@appmail.hub.example",
            "virtual_uid=usr-5k2.cld-7a1c",
        ]
    );
}

/// The genuine message with every alias renamed.
fn renamed() -> Draft {
    let fields = Draft::genuine().0.into_iter().map(|(name, value)| {
        let name = name.replace("ns.ax", "ns.ext1").replace("ax.", "ext1.").replace(".u_", ".a").replace(".g_", ".b");
        (name, value)
    });
    Draft(fields.collect()).sign()
}

#[test]
fn aliases_are_the_providers_to_choose() {
    assert_eq!(renamed().attributes(), Draft::genuine().attributes());
}

#[test]
fn an_alias_by_the_usual_name_for_another_namespace_means_nothing() {
    let draft = renamed().set("ns.ax", "http://evil.example/ax").set("ax.mode", "fetch_response");
    let draft = draft.set("ax.type.x", "http://openid.net/schema/contact/internet/email").set("ax.value.x", "x@y.z");
    assert_eq!(draft.sign().attributes(), Draft::genuine().attributes());
}

#[test]
fn a_message_without_attributes_or_with_two_aliases_for_them_is_refused() {
    assert_eq!(Draft::genuine().without("ns.ax").sign().refusal(), "openid-missing-field");
    let twice = Draft::genuine().set("ns.ext2", "http://openid.net/srv/ax/1.0");
    assert_eq!(twice.clone().sign().refusal(), "openid-ax-alias");
    assert_eq!(twice.refusal(), "openid-ax-alias", "signed or not");
    assert_eq!(Draft::genuine().rename("ns.ax", "ns.a.x").sign().refusal(), "openid-ax-alias");
}

#[test]
fn only_a_fetch_response_is_read() {
    for mode in ["fetch_request", "store_request", "FETCH_RESPONSE"] {
        assert_eq!(Draft::genuine().set("ax.mode", mode).refusal(), "openid-ax-mode", "{mode}");
    }
    assert_eq!(Draft::genuine().without("ax.mode").sign().refusal(), "openid-missing-field");
}

#[test]
fn namespace_mode_types_and_values_must_be_signed() {
    for name in ["ns.ax", "ax.mode", "ax.type.u_email", "ax.value.u_email", "ax.type.u_tz"] {
        assert_eq!(Draft::genuine().sign_except(name).refusal(), "openid-not-signed", "{name}");
    }
}

#[test]
fn an_attribute_that_was_added_behind_the_signature_is_refused() {
    for (kind, value) in [
        ("http://openid.maestrano.com/schema/reseller/guid", "rsl-evil"),
        ("http://openid.maestrano.com/schema/company/role", "Super Admin"),
    ] {
        let added = Draft::genuine().set("ax.type.evil", kind).set("ax.value.evil", value);
        assert_eq!(added.refusal(), "openid-not-signed", "{kind}");
    }
}

#[test]
fn a_type_without_its_value_is_refused() {
    assert_eq!(Draft::genuine().without("ax.value.u_email").sign().refusal(), "openid-missing-field");
}

#[test]
fn a_type_that_comes_twice_is_refused() {
    let twice = Draft::genuine().set("ax.type.u_tz", "http://openid.net/schema/contact/internet/email");
    assert_eq!(twice.refusal(), "openid-ax-type");
    let period = Draft::genuine().rename("ax.type.u_tz", "ax.type.u.tz").sign();
    assert_eq!(period.refusal(), "openid-ax-type");
}

#[test]
fn the_other_spelling_of_the_virtual_email_is_read() {
    const OTHER: &str = "http://openid.net/schema/contact/internet/vemail";
    let other = Draft::genuine().set("ax.type.u_vemail", OTHER);
    assert_eq!(other.attributes(), Draft::genuine().attributes());
    let both = Draft::genuine().set("ax.type.u_tz", OTHER);
    let same = both.clone().set("ax.value.u_tz", "usr-5k2.cld-7a1c@appmail.hub.example");
    assert_eq!(same.attributes(), Draft::genuine().attributes());
    assert_eq!(both.refusal(), "openid-ax-type", "and says something else");
}

#[test]
fn a_type_nobody_knows_is_passed_over() {
    let draft = Draft::genuine().set("ax.type.u_tz", "http://evil.example/email");
    assert_eq!(draft.attributes(), Draft::genuine().attributes());
}

#[test]
fn values_that_are_counted_are_read() {
    let one = Draft::genuine().set("ax.count.u_email", "1").rename("ax.value.u_email", "ax.value.u_email.1").sign();
    assert_eq!(value(&one.attributes(), "email").unwrap(), "ines.okoro@example.org");
    let two = one.clone().set("ax.count.u_email", "2").set("ax.value.u_email.2", "b@example.org").sign();
    assert_eq!(value(&two.attributes(), "email").unwrap(), "ines.okoro@example.org|b@example.org");
    let none = Draft::genuine().set("ax.count.u_email", "0").sign();
    assert_eq!(value(&none.attributes(), "email").unwrap(), "");
    assert_eq!(one.clone().sign_except("ax.count.u_email").refusal(), "openid-not-signed");
    assert_eq!(one.clone().sign_except("ax.value.u_email.1").refusal(), "openid-not-signed");
    for bad in ["", "-1", "5", "1e9", "99999999999999999999"] {
        assert_eq!(one.clone().set("ax.count.u_email", bad).refusal(), "openid-ax-count", "{bad}");
    }
}

/// Takes any one and any two fields out of the list and leaves the message as it is: what is accepted has no value that is
/// not signed.
#[test]
fn no_value_outside_the_signed_list_ever_reaches_an_attribute() {
    let names: Vec<String> = Draft::genuine().get("signed").unwrap().split(',').map(str::to_owned).collect();
    let values = names.iter().filter(|name| name.starts_with("ax.value."));
    let draft = values.fold(Draft::genuine(), |draft, name| draft.set(name, name));
    let mut accepted = 0;
    for (at, first) in names.iter().enumerate() {
        for second in &names[at..] {
            let is_signed = |name: &String| name != first && name != second;
            let signed: Vec<&str> = names.iter().filter(|name| is_signed(name)).map(String::as_str).collect();
            let Ok(checked) = draft.clone().set("signed", &signed.join(",")).check() else { continue };
            accepted += 1;
            for (name, values) in &checked.assertion.attributes {
                assert!(values.iter().all(is_signed), "{name} without {first} and {second}");
            }
        }
    }
    assert!(accepted > 0, "what is not used need not be signed");
}
