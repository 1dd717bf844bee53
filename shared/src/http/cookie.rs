//! Cookies: ours on their way out, everybody's on their way in.

use http::{HeaderMap, HeaderValue, Response, header};
use lambda_http::Body;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_from_one_header_or_several() {
        let mut headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("a=1; b=2;c=x=y"))]);
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
}
