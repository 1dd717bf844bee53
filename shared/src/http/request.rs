//! What a request says of itself.

use http::{HeaderMap, header};

use crate::secret::Secret;

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
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
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
}
