//! Who may talk to the control API: requests to a loopback name, and changes declared as JSON.
//!
//! A page from elsewhere cannot send `application/json` without asking first (CORS), and nobody answers that here.
//! The host check stops a foreign name that resolves to this machine.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::ControlError;

pub(super) async fn json_changes_only(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || is_json(request.headers()) {
        next.run(request).await
    } else {
        ControlError::NotDeclaredJson.into_response()
    }
}

/// Refuses requests that were addressed to another name than this machine's own.
pub(crate) async fn loopback_host_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_none_or(is_loopback) { next.run(request).await } else { ControlError::ForeignHost.into_response() }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    matches!(name, Some("localhost" | "127.0.0.1" | "::1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_known_with_and_without_a_port() {
        for host in ["localhost", "localhost:4000", "127.0.0.1:80", "[::1]:80", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.com", "localhost.example.com", "127.0.0.1.example.com:80"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
