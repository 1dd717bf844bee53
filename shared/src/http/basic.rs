//! HTTP Basic authentication (RFC 7617), as marketplaces use it towards us.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};

use crate::secret::Secret;

/// What `WWW-Authenticate` asks for (RFC 7617, 2).
pub const BASIC_CHALLENGE: &str = r#"Basic realm="marketplace", charset="UTF-8""#;

/// The longest `Authorization` that we look at.
const MAX_LEN: usize = 1024;

/// What a caller says it is; nobody has checked it.
#[derive(Debug, Clone)]
pub struct BasicCredentials {
    id: String,
    key: Secret,
}

impl BasicCredentials {
    /// What the one `Authorization` of a request says. An id has no colon, a key may have some.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let (scheme, encoded) = value.to_str().ok().filter(|value| value.len() <= MAX_LEN)?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (id, key) = pair.split_once(':')?;
        Some(Self { id: id.to_owned(), key: key.into() })
    }

    /// The public half.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The other half.
    #[must_use]
    pub fn key(&self) -> &Secret {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn presented(values: &[&str]) -> Option<(String, String)> {
        let values = values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
        let credentials = BasicCredentials::of(&values.collect())?;
        Some((credentials.id().to_owned(), credentials.key().expose().to_owned()))
    }

    fn basic(pair: impl AsRef<[u8]>) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn an_id_ends_at_the_first_colon() {
        let pair = |id: &str, key: &str| Some((id.to_owned(), key.to_owned()));
        assert_eq!(presented(&[&basic("app-1:k-1")]), pair("app-1", "k-1"));
        assert_eq!(presented(&[&basic("app-1:k:1:")]), pair("app-1", "k:1:"));
        assert_eq!(presented(&[&basic("app-1:k-1").replace("Basic", "bASIC")]), pair("app-1", "k-1"));
    }

    #[test]
    fn anything_else_is_nobody() {
        let long = basic("a".repeat(MAX_LEN));
        for bad in
            ["", "Basic", "Basic ", "Basic YQ", "Bearer YTpi", "Basic  YTpi", &basic("app-1"), &basic([0xff, b':'])]
        {
            assert_eq!(presented(&[bad]), None, "{bad}");
        }
        assert_eq!(presented(&[&long]), None);
        assert_eq!(presented(&[]), None);
        assert_eq!(presented(&[&basic("a:b"), &basic("a:b")]), None);
    }

    #[test]
    fn a_key_does_not_print() {
        let headers = [(header::AUTHORIZATION, HeaderValue::from_str(&basic("a:hush")).unwrap())].into_iter().collect();
        assert!(!format!("{:?}", BasicCredentials::of(&headers).unwrap()).contains("hush"));
    }
}
