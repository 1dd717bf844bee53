//! Answers, each with the headers that every answer of ours carries.

use http::{HeaderValue, Response, StatusCode, header};
use lambda_http::Body;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Reference;

/// What every problem type starts with; docs/problems.md describes them.
const PROBLEM_TYPES: &str = "urn:stallholder:problem:";

/// An error for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The last part of its type; described in `docs/problems.md`.
    pub kind: &'static str,
    /// The same for every occurrence.
    pub title: &'static str,
    /// Its status.
    pub status: StatusCode,
}

/// Answers with JSON.
#[must_use]
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Body> {
    match serde_json::to_string(value) {
        Ok(text) => answer(status, "application/json", text),
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", String::new()),
    }
}

/// Answers with a problem.
#[must_use]
pub fn problem(problem: Problem, reference: &Reference) -> Response<Body> {
    problem_for_hub(problem, None, reference)
}

/// Answers with a problem that has more members, such as which field it is about.
#[must_use]
pub fn problem_with(problem: Problem, members: Map<String, Value>, reference: &Reference) -> Response<Body> {
    let mut response = json(problem.status, &problem_document(problem, members, reference));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// The document of a problem, where it stands in an answer about several things.
#[must_use]
pub fn problem_document(problem: Problem, members: Map<String, Value>, reference: &Reference) -> Value {
    let mut document = Map::from_iter([
        ("type".to_owned(), format!("{PROBLEM_TYPES}{}", problem.kind).into()),
        ("title".to_owned(), problem.title.into()),
        ("status".to_owned(), problem.status.as_u16().into()),
        ("reference".to_owned(), reference.to_string().into()),
    ]);
    document.extend(members);
    Value::Object(document)
}

/// Answers with a problem that also says what a marketplace's hub may look for, `error` (protocol.md §5).
#[must_use]
pub fn problem_for_hub(problem: Problem, error: Option<&'static str>, reference: &Reference) -> Response<Body> {
    let members = error.map(|error| ("error".to_owned(), error.into()));
    problem_with(problem, members.into_iter().collect(), reference)
}

/// Answers a person who cannot go on: what happened, what to do, and the reference. All three texts are ours.
#[must_use]
pub fn error_page(
    status: StatusCode,
    title: &'static str,
    advice: &'static str,
    reference: &Reference,
) -> Response<Body> {
    let page = include_str!("error_page.html")
        .replace("{title}", title)
        .replace("{advice}", advice)
        .replace("{reference}", &reference.to_string());
    answer(status, "text/html; charset=utf-8", page)
}

/// Sends the browser on with `status` (302, or 303 after a POST). `None` if `url` cannot stand in a header.
#[must_use]
pub fn redirect(status: StatusCode, url: &str) -> Option<Response<Body>> {
    let location = HeaderValue::from_str(url).ok()?;
    let mut response = empty(status);
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}

/// Answers without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Response<Body> {
    with_security_headers(status, Body::Empty)
}

fn answer(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = with_security_headers(status, Body::Text(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Every answer of ours depends on who asks and when: none may be cached, framed, sniffed or named to another site
/// (threats.md C8).
fn with_security_headers(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_page_carries_the_reference_and_forbids_everything() {
        let reference = Reference::generate();
        let response = error_page(StatusCode::FORBIDDEN, "Sign-in refused", "Start again.", &reference);
        let Body::Text(page) = response.body() else { panic!("a page is text") };
        assert!(
            page.contains(&reference.to_string()) && page.contains("Sign-in refused") && page.contains("Start again.")
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'none'"));
    }

    #[test]
    fn every_kind_of_answer_carries_every_header() {
        let reference = Reference::generate();
        let refused = Problem { kind: "x", title: "X", status: StatusCode::FORBIDDEN };
        for (name, response) in [
            ("page", error_page(StatusCode::FORBIDDEN, "X", "Y.", &reference)),
            ("redirect", redirect(StatusCode::SEE_OTHER, "https://a.test/").unwrap()),
            ("JSON", json(StatusCode::OK, &1)),
            ("JSON that cannot be written", json(StatusCode::OK, &HashMap::from([((), ())]))),
            ("problem", problem(refused, &reference)),
            ("nothing", empty(StatusCode::NO_CONTENT)),
        ] {
            for (header, value) in [
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
                ("strict-transport-security", "max-age=31536000"),
                ("x-content-type-options", "nosniff"),
            ] {
                assert_eq!(response.headers()[header], value, "{name}");
            }
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{name}");
        }
    }

    #[test]
    fn a_location_that_would_split_the_header_is_refused() {
        assert!(redirect(StatusCode::SEE_OTHER, "https://a.test/\r\nSet-Cookie: x=1").is_none());
    }
}
