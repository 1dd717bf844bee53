//! The positive assertion (OpenID 2.0 section 10.1), all but its signature.

use jiff::Timestamp;

use super::attributes;
use super::message::Message;
use super::request::CheckId;
use crate::login::Login;
use crate::random;
use crate::time;

/// Random characters behind the time in a nonce.
const NONCE_LENGTH: usize = 10;

pub(super) fn positive(endpoint: &str, request: &CheckId, login: &Login<'_>, now: Timestamp) -> Message {
    let identifier = identifier(endpoint, &login.user.uid);
    let mut message = Message::of_mode("id_res");
    message.push("op_endpoint", endpoint);
    message.push("claimed_id", &identifier);
    message.push("identity", &identifier);
    message.push("return_to", &request.return_to);
    message.push("response_nonce", &format!("{}{}", time::iso8601(now), random::token(NONCE_LENGTH)));
    if let Some(handle) = &request.assoc_handle {
        message.push("invalidate_handle", handle);
    }
    attributes::push_all(&mut message, login, now);
    message
}

/// A user's identifier at this provider.
pub(super) fn identifier(endpoint: &str, user_uid: &str) -> String {
    format!("{endpoint}/users/{user_uid}")
}
