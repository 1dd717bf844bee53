//! Discovery documents: what the provider and its identifiers can do (protocol §4).

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use super::attributes::{ATTRIBUTE_EXCHANGE, SIMPLE_REGISTRATION};
use crate::escape;

const CONTENT_TYPE: &str = "application/xrds+xml";
/// What the address of a discovery document ends in.
const SUFFIX: &str = ".xrds";
const OLD_SIMPLE_REGISTRATION: &str = "http://openid.net/sreg/1.0";

/// The last segment of a path without its suffix, and whether a discovery document is asked for.
pub(super) fn asked_for<'a>(segment: &'a str, headers: &HeaderMap) -> (&'a str, bool) {
    match segment.strip_suffix(SUFFIX) {
        Some(rest) => (rest, true),
        None => (segment, accepts(headers)),
    }
}

pub(super) fn location(address: &str) -> String {
    format!("{address}{SUFFIX}")
}

/// What there is at the endpoint itself.
pub(super) fn of_provider(endpoint: &str) -> Response {
    document(&service(1, "http://specs.openid.net/auth/2.0/server", endpoint, ""))
}

/// What there is at a user's identifier, for the versions of OpenID an app may speak.
pub(super) fn of_user(endpoint: &str, identifier: &str) -> Response {
    let identifier = escape::text(identifier);
    let local_id = format!("<LocalID>{identifier}</LocalID>");
    let delegate = format!("<openid:Delegate>{identifier}</openid:Delegate>");
    let services = [
        service(1, "http://specs.openid.net/auth/2.0/signon", endpoint, &local_id),
        service(2, "http://openid.net/signon/1.1", endpoint, &delegate),
        service(3, "http://openid.net/signon/1.0", endpoint, &delegate),
    ];
    document(&services.concat())
}

fn accepts(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.to_ascii_lowercase().contains(CONTENT_TYPE))
}

fn service(priority: u8, service_type: &str, endpoint: &str, identity: &str) -> String {
    let types = [service_type, SIMPLE_REGISTRATION, OLD_SIMPLE_REGISTRATION, ATTRIBUTE_EXCHANGE];
    let types: String = types.iter().map(|name| format!("<Type>{name}</Type>")).collect();
    let endpoint = escape::text(endpoint);
    format!("<Service priority=\"{priority}\">{types}<URI>{endpoint}</URI>{identity}</Service>")
}

fn document(services: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <xrds:XRDS xmlns:openid=\"http://openid.net/xmlns/1.0\" xmlns:xrds=\"xri://$xrds\" \
         xmlns=\"xri://$xrd*($v*2.0)\"><XRD>{services}</XRD></xrds:XRDS>\n"
    );
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response()
}
