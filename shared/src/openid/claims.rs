//! What a message that was refused said of itself: for its trace and for nothing else.

use super::{Message, authentication_request::REQUEST_ID};
use crate::trace::{Claims, claim};

/// The type of a group's id (protocol.md §4).
const GROUP_TYPE: &str = "http://openid.maestrano.com/schema/company/guid";

/// Signed or not, in whatever extension.
pub(super) fn of(message: &Message) -> Claims {
    let text = |name: &str| message.get(name).and_then(claim);
    let group = message
        .fields()
        .find(|(_, value)| *value == GROUP_TYPE)
        .and_then(|(name, _)| message.get(&name.replacen(".type.", ".value.", 1)));
    let request_id = message.get("return_to").and_then(|url| url.split_once(&format!("?{REQUEST_ID}=")));
    Claims {
        issuer: text("op_endpoint"),
        audience: None,
        recipient: text("return_to"),
        assertion_id: text("response_nonce"),
        in_response_to: request_id.and_then(|(_, id)| claim(id)),
        user: message.get("claimed_id").and_then(|url| url.rsplit('/').next()).and_then(claim),
        group: group.and_then(claim),
    }
}
