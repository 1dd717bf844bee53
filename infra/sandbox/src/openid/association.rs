//! The private association: a key only this marketplace knows, so that it alone can say whether a signature is its own
//! (OpenID 2.0 section 11.4.2).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::message::Message;
use crate::random;

/// One block of SHA-256.
const KEY_BYTES: usize = 64;
/// Asking whether an assertion is genuine changes its mode, so the mode is not signed; the namespace never changes.
const UNSIGNED: [&str; 2] = ["ns", "mode"];

pub(super) struct PrivateAssociation {
    handle: String,
    key: [u8; KEY_BYTES],
}

impl PrivateAssociation {
    pub(super) fn generate() -> Self {
        Self { handle: format!("private-{}", random::token(24)), key: random::bytes() }
    }

    /// Adds the handle, the list of what is signed, and the signature.
    pub(super) fn sign(&self, message: &mut Message) {
        message.push("assoc_handle", &self.handle);
        let names: Vec<&str> = message.names().filter(|name| !UNSIGNED.contains(name)).collect();
        let signed = names.join(",");
        let text = message.select(&signed).unwrap_or_default();
        let signature = STANDARD.encode(self.mac(&text).finalize().into_bytes());
        message.push("signed", &signed);
        message.push("sig", &signature);
    }

    /// Whether everything the message lists as signed was signed here, just so.
    pub(super) fn has_signed(&self, message: &Message) -> bool {
        self.is_called(message.get("assoc_handle")) && self.signature_matches(message).unwrap_or(false)
    }

    pub(super) fn is_called(&self, handle: Option<&str>) -> bool {
        handle == Some(self.handle.as_str())
    }

    fn signature_matches(&self, message: &Message) -> Option<bool> {
        let text = message.select(message.get("signed")?)?;
        let signature = STANDARD.decode(message.get("sig")?).ok()?;
        Some(self.mac(&text).verify_slice(&signature).is_ok())
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        Hmac::<Sha256>::new(&self.key.into()).chain_update(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn association() -> PrivateAssociation {
        PrivateAssociation { handle: "h".to_owned(), key: [7; KEY_BYTES] }
    }

    fn signed() -> Message {
        let mut message = Message::of_mode("id_res");
        message.push("return_to", "http://app.test/");
        association().sign(&mut message);
        message
    }

    #[test]
    fn everything_but_namespace_and_mode_is_signed() {
        assert_eq!(signed().get("signed"), Some("return_to,assoc_handle"));
    }

    #[test]
    fn the_signature_is_the_hmac_sha256_of_the_key_value_form() {
        // printf 'return_to:http://app.test/\nassoc_handle:h\n' |
        //   openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '07%.0s' $(seq 64)) -binary | base64
        assert_eq!(signed().get("sig"), Some("o1w6OuFbn7340/FboNhPedKFDZq/EHRN01UZcnVxxwY="));
    }

    #[test]
    fn what_was_signed_here_is_known_again_in_another_mode() {
        let query = signed().in_query_of("").replace("id_res", "check_authentication");
        assert!(association().has_signed(&Message::from_form(query.trim_start_matches('?').as_bytes())));
    }

    #[test]
    fn a_changed_field_a_changed_list_and_another_key_are_not() {
        let query = signed().in_query_of("").trim_start_matches('?').to_owned();
        for (from, to) in [("app.test", "evil.test"), ("return_to%2C", ""), ("openid.sig=", "openid.sig=A")] {
            let changed = query.replace(from, to);
            assert_ne!(changed, query);
            assert!(!association().has_signed(&Message::from_form(changed.as_bytes())), "{from}");
        }
        let other = PrivateAssociation { key: [8; KEY_BYTES], ..association() };
        assert!(!other.has_signed(&signed()));
    }
}
