//! Stage 1 and 2: fields, and what kind of message they make.

use super::*;

fn read(query: &str, form: Option<&str>) -> &'static str {
    Message::read(query, form.map(str::as_bytes)).map_or_else(|error| error.code(), |_| "read")
}

#[test]
fn fields_come_in_the_query_or_in_the_form_and_never_in_both() {
    let outcome = |query: &str, form: Option<&str>| match Message::read(query, form.map(str::as_bytes)) {
        Ok(message) => message.into_positive().unwrap_err().code(),
        Err(error) => error.code(),
    };
    let cancel = "openid.ns=http://specs.openid.net/auth/2.0&openid.mode=cancel";
    assert_eq!(outcome(cancel, None), "openid-cancel");
    assert_eq!(outcome("request_id=1", Some(cancel)), "openid-cancel");
    assert_eq!(outcome("openid.mode=id_res", Some(cancel)), "openid-two-places");
    assert_eq!(outcome(cancel, Some("")), "openid-two-places");
}

#[test]
fn a_repeated_field_is_refused() {
    assert_eq!(read("openid.mode=id_res&openid.mode=id_res", None), "openid-repeated-field");
    assert_eq!(read("openid.mode=id_res&openid%2Emode=cancel", None), "openid-repeated-field");
}

#[test]
fn the_number_and_the_size_of_fields_are_limited() {
    let many = |count: usize| (0..count).map(|n| format!("openid.f{n}=1&")).collect::<String>();
    assert_eq!(read(&many(128), None), "read");
    assert_eq!(read(&many(129), None), "openid-too-many-fields");
    let value = |len: usize| format!("openid.a={}", "x".repeat(len));
    assert_eq!(read(&value(4_096), None), "read");
    assert_eq!(read(&value(4_097), None), "openid-field-too-long");
    let name = |len: usize| format!("openid.{}=1", "x".repeat(len));
    assert_eq!(read(&name(128), None), "read");
    assert_eq!(read(&name(129), None), "openid-field-too-long");
    assert_eq!(read(&format!("x={}", "x".repeat(MAX_FORM_LEN)), None), "openid-too-large");
    assert_eq!(read("", Some(&"x".repeat(MAX_FORM_LEN + 1))), "openid-too-large");
}

#[test]
fn a_name_that_could_be_taken_for_another_is_refused() {
    for bad in ["", "a:b", "a,b", "a%0Ab", "a+b", "caf%C3%A9", "a%00"] {
        assert_eq!(read(&format!("openid.{bad}=1"), None), "openid-field-name", "{bad}");
    }
}

#[test]
fn a_value_of_several_lines_or_not_text_is_refused() {
    for bad in ["a%0Aidentity:x", "a%0D", "%00", "%FF"] {
        assert_eq!(read(&format!("openid.a={bad}"), None), "openid-field-value", "{bad}");
    }
}

#[test]
fn other_parameters_are_none_of_the_messages() {
    assert_eq!(read("a=1&a=2&mode=x&utf8=%FF", None), "read");
}

#[test]
fn another_version_is_refused() {
    assert_eq!(Draft::genuine().without("ns").refusal(), "openid-namespace");
    assert_eq!(Draft::genuine().set("ns", "http://openid.net/signon/1.1").refusal(), "openid-namespace");
}

#[test]
fn the_ways_of_saying_no_are_told_apart() {
    for (mode, code) in [
        ("cancel", "openid-cancel"),
        ("setup_needed", "openid-setup-needed"),
        ("error", "openid-error"),
        ("check_authentication", "openid-mode"),
        ("ID_RES", "openid-mode"),
        ("", "openid-mode"),
    ] {
        assert_eq!(Draft::genuine().set("mode", mode).refusal(), code, "{mode}");
    }
    assert_eq!(Draft::genuine().without("mode").refusal(), "openid-missing-field");
}

#[test]
fn the_question_to_the_provider_is_the_message_in_another_mode() {
    let question = Draft::genuine().message().unwrap().to_check_authentication();
    let asked: Vec<(String, String)> = url::form_urlencoded::parse(question.as_bytes()).into_owned().collect();
    let expected: Vec<(String, String)> = Draft::genuine()
        .set("mode", "check_authentication")
        .0
        .into_iter()
        .map(|(name, value)| (format!("openid.{name}"), value))
        .collect();
    assert_eq!(asked, expected);
}
