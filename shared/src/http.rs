//! Answers to callers, and what we read from their requests. Errors are `application/problem+json` (RFC 9457) for programs
//! and a plain page for people; both carry a reference that also stands in the log, and never a reason that would help to
//! forge (threats.md C11).

use std::fmt;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use lambda_http::Body;
use serde::Serialize;

use crate::{random, secret::Secret};

/// What every problem type starts with; docs/problems.md describes them.
const PROBLEM_TYPES: &str = "urn:stallholder:problem:";

/// What a caller reads to us and we find in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// A fresh one: 60 random bits in 12 characters that are easy to read out.
    #[must_use]
    pub fn generate() -> Self {
        const ALPHABET: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
            'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
        ];
        Self(random::bytes::<12>().iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).collect())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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

#[derive(Serialize)]
struct ProblemDocument {
    r#type: String,
    title: &'static str,
    status: u16,
    reference: String,
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
    let document = ProblemDocument {
        r#type: format!("{PROBLEM_TYPES}{}", problem.kind),
        title: problem.title,
        status: problem.status.as_u16(),
        reference: reference.to_string(),
    };
    let mut response = json(problem.status, &document);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
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

/// Which cross-site requests carry a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Only when the person follows a link.
    Lax,
    /// All of them: for the answer of an identity provider, which is a cross-site POST (threats.md F10).
    None,
}

/// Adds a cookie of ours: `__Host-` names only, `HttpOnly`, `Secure`, `Path=/`.
///
/// # Panics
/// Never: names and values are ours and made of cookie characters.
#[expect(clippy::expect_used, reason = "names are literals, values base64url")]
pub fn set_cookie(response: &mut Response<Body>, name: &str, value: &str, max_age_secs: i64, same_site: SameSite) {
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; Secure; SameSite={same_site:?}");
    let cookie = HeaderValue::from_str(&cookie).expect("cookie characters only");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

/// Removes a cookie of ours from the browser.
pub fn clear_cookie(response: &mut Response<Body>, name: &str, same_site: SameSite) {
    set_cookie(response, name, "", 0, same_site);
}

/// The cookies of a request, in order, unescaped as they came. API Gateway hands them over in one header or in several. Other
/// services on the same domain leave theirs here too: one that is not UTF-8 is passed over, and does not hide ours.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Whether the request carries `Authorization: Bearer` with one of these keys. All keys are compared, each in constant time.
#[must_use]
pub fn has_bearer(headers: &HeaderMap, keys: &[Secret]) -> bool {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else { return false };
    scheme.eq_ignore_ascii_case("bearer") && keys.iter().fold(false, |found, key| key.matches(token) | found)
}

/// Whether the body is said to be of this media type; parameters do not count.
#[must_use]
pub fn is_content_type(headers: &HeaderMap, expected: &str) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn cookies_are_read_from_one_header_or_several() {
        let mut headers = headers(&[(header::COOKIE, "a=1; b=2;c=x=y")]);
        headers.append(header::COOKIE, HeaderValue::from_static("d=4"));
        let found: Vec<_> = cookies(&headers).collect();
        assert_eq!(found, [("a", "1"), ("b", "2"), ("c", "x=y"), ("d", "4")]);
    }

    #[test]
    fn a_cookie_that_is_no_text_hides_no_other() {
        let value = HeaderValue::from_bytes(b"a=1; x=\xff\xfe; y=caf\xc3\xa9; b=2").unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
        let found: Vec<_> = cookies(&headers).collect();
        assert_eq!(found, [("a", "1"), ("y", "caf\u{e9}"), ("b", "2")]);
    }

    #[test]
    fn only_the_exact_key_under_bearer_is_accepted() {
        let keys = [Secret::from("first-key"), Secret::from("second-key")];
        for good in ["Bearer first-key", "bearer second-key"] {
            assert!(has_bearer(&headers(&[(header::AUTHORIZATION, good)]), &keys), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer first-ke",
            "Bearer first-key ",
            "Basic first-key",
            "first-key",
            "Bearer a, Bearer first-key",
        ] {
            assert!(!has_bearer(&headers(&[(header::AUTHORIZATION, bad)]), &keys), "{bad:?}");
        }
        assert!(!has_bearer(&HeaderMap::new(), &keys));
        assert!(!has_bearer(&headers(&[(header::AUTHORIZATION, "Bearer ")]), &[]));
    }

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
    fn a_location_that_would_split_the_header_is_refused() {
        assert!(redirect(StatusCode::SEE_OTHER, "https://a.test/\r\nSet-Cookie: x=1").is_none());
    }

    #[test]
    fn references_are_twelve_characters_and_differ() {
        let [a, b] = [Reference::generate(), Reference::generate()];
        assert_eq!(a.to_string().len(), 12);
        assert_ne!(a, b);
    }
}
