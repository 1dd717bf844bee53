//! HTTP Basic credentials, as the app presents them.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Whether the request comes with exactly this id and secret.
pub(crate) fn presents(headers: &HeaderMap, id: &str, secret: &str) -> bool {
    let presented = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok());
    let expected = format!("{id}:{secret}");
    presented.is_some_and(|presented| presented == expected.as_bytes())
}
