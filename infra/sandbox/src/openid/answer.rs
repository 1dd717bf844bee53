//! The browser carries the answer back to the app (OpenID 2.0 section 5.2).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::assertion;
use super::door::Provider;
use super::message::Message;
use super::request::CheckId;
use crate::login::{Login, forget_launch, spend_reseller_visit};
use crate::pages::pickers;

/// The longest address that is redirected to; what would be longer is posted.
const LONGEST_ADDRESS: usize = 2_048;

/// Says who is there and through which group.
pub(super) fn positive(provider: &Provider<'_>, request: &CheckId, login: &Login<'_>, now: Timestamp) -> Response {
    let mut message = assertion::positive(&provider.endpoint, request, login, now);
    provider.memory.sign(&mut message);
    spend_reseller_visit(provider.app, login);
    provider
        .record("openid.assertion_issued", format!("Assertion issued for {} in {}.", login.user.uid, login.group.uid));
    send(provider, request, &message)
}

/// Says that somebody chose not to log in, or not as the person asked for.
pub(super) fn cancel(provider: &Provider<'_>, request: &CheckId) -> Response {
    provider.record("openid.cancelled", "The login was cancelled.");
    send(provider, request, &Message::of_mode("cancel"))
}

/// Says that it takes a person to answer.
pub(super) fn setup_needed(provider: &Provider<'_>, request: &CheckId) -> Response {
    provider.record("openid.setup_needed", "The app asked for an immediate answer, and nobody could give one.");
    send(provider, request, &Message::of_mode("setup_needed"))
}

fn send(provider: &Provider<'_>, request: &CheckId, message: &Message) -> Response {
    let address = message.in_query_of(&request.return_to);
    let redirect = Some(address).filter(|address| address.len() <= LONGEST_ADDRESS);
    let response = match redirect.and_then(|address| HeaderValue::from_str(&address).ok()) {
        Some(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        None => {
            let fields = message.to_form();
            let fields = fields.iter().map(|(name, value)| (name.as_str(), *value));
            pickers::post_form(provider.marketplace, &request.return_to, fields)
        }
    };
    forget_launch(response, &provider.marketplace.key)
}
