//! Reading a checkid request (OpenID 2.0 section 9.1).

use super::error::ProtocolError;
use super::message::{Message, NAMESPACE};
use super::realm;
use crate::login::origin;

/// "Whoever is there": the provider chooses the identifier.
const IDENTIFIER_SELECT: &str = "http://specs.openid.net/auth/2.0/identifier_select";

/// Whose identifier is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Anybody,
    User(String),
}

/// What the provider needs from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckId {
    pub(super) return_to: String,
    pub(super) asked: Asked,
    /// An association the app believes to have. There are none, so it is told to forget it.
    pub(super) assoc_handle: Option<String>,
}

impl CheckId {
    /// Reads a request that was sent to `endpoint`.
    pub(super) fn read(message: &Message, endpoint: &str) -> Result<Self, ProtocolError> {
        if message.get("ns") != Some(NAMESPACE) {
            return Err(ProtocolError::Namespace);
        }
        let return_to = required(message, "return_to")?;
        check_return_to(return_to, message.get("realm"))?;
        Ok(Self {
            return_to: return_to.to_owned(),
            asked: asked(required(message, "claimed_id")?, required(message, "identity")?, endpoint)?,
            assoc_handle: message.get("assoc_handle").map(str::to_owned),
        })
    }

    /// Whether an assertion about this user would answer the request.
    pub(super) fn admits(&self, user_uid: &str) -> bool {
        match &self.asked {
            Asked::Anybody => true,
            Asked::User(uid) => uid == user_uid,
        }
    }
}

fn required<'a>(message: &'a Message, name: &'static str) -> Result<&'a str, ProtocolError> {
    message.get(name).filter(|value| !value.is_empty()).ok_or(ProtocolError::Missing(name))
}

fn asked(claimed_id: &str, identity: &str, endpoint: &str) -> Result<Asked, ProtocolError> {
    if claimed_id != identity {
        return Err(ProtocolError::TwoIdentifiers);
    }
    if identity == IDENTIFIER_SELECT {
        return Ok(Asked::Anybody);
    }
    let own = identity.strip_prefix(endpoint).and_then(|rest| rest.strip_prefix("/users/"));
    own.map(|uid| Asked::User(uid.to_owned())).ok_or_else(|| ProtocolError::Identifier(identity.to_owned()))
}

fn check_return_to(return_to: &str, realm: Option<&str>) -> Result<(), ProtocolError> {
    let plain = return_to.bytes().all(|byte| byte.is_ascii_graphic()) && !return_to.contains('#');
    if !plain || origin(return_to).is_none() {
        return Err(ProtocolError::ReturnTo(return_to.to_owned()));
    }
    match realm {
        Some(realm) if !realm::contains(realm, return_to) => {
            Err(ProtocolError::OutsideRealm { return_to: return_to.to_owned(), realm: realm.to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded::Serializer;

    use super::*;

    const ENDPOINT: &str = "http://hub.test/acme/api/openid/provider/app-1";
    const RETURN_TO: &str = "http://app.test/return";
    const USER: &str = "http://hub.test/acme/api/openid/provider/app-1/users/usr-1";

    /// A good request with `name` set to `value`, or without it.
    fn read(name: &str, value: Option<&str>) -> Result<CheckId, ProtocolError> {
        let good = [
            ("ns", NAMESPACE),
            ("mode", "checkid_setup"),
            ("claimed_id", IDENTIFIER_SELECT),
            ("identity", IDENTIFIER_SELECT),
            ("return_to", RETURN_TO),
            ("realm", "http://app.test/"),
        ];
        let mut form = Serializer::new(String::new());
        for (known, good) in good {
            let value = if known == name { value } else { Some(good) };
            form.extend_pairs(value.map(|value| (format!("openid.{known}"), value)));
        }
        CheckId::read(&Message::from_form(form.finish().as_bytes()), ENDPOINT)
    }

    #[test]
    fn a_directed_identity_request_is_read() {
        let request = read("", None).unwrap();
        assert_eq!(request.asked, Asked::Anybody);
        assert_eq!(request.return_to, RETURN_TO);
    }

    #[test]
    fn an_own_identifier_asks_for_its_user() {
        assert_eq!(asked(USER, USER, ENDPOINT), Ok(Asked::User("usr-1".to_owned())));
    }

    #[test]
    fn an_identifier_of_another_provider_is_refused() {
        let foreign = "http://hub.test/north/api/openid/provider/app-1/users/usr-1";
        assert_eq!(asked(foreign, foreign, ENDPOINT), Err(ProtocolError::Identifier(foreign.to_owned())));
    }

    #[test]
    fn a_claimed_identifier_beside_another_identity_is_refused() {
        assert_eq!(read("claimed_id", Some(USER)), Err(ProtocolError::TwoIdentifiers));
    }

    #[test]
    fn a_request_without_the_namespace_is_refused() {
        assert_eq!(read("ns", None), Err(ProtocolError::Namespace));
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in ["return_to", "claimed_id", "identity"] {
            assert_eq!(read(name, None), Err(ProtocolError::Missing(name)));
        }
    }

    #[test]
    fn a_return_address_that_could_not_be_returned_to_is_refused() {
        for odd in ["javascript:alert(1)", "http://app.test/#x", "http://app.test/a b", "http://app.test/é", "/return"]
        {
            assert_eq!(read("return_to", Some(odd)), Err(ProtocolError::ReturnTo(odd.to_owned())));
        }
    }

    #[test]
    fn a_return_address_outside_the_realm_is_refused() {
        assert!(matches!(read("realm", Some("http://other.test/")), Err(ProtocolError::OutsideRealm { .. })));
        assert!(read("realm", None).is_ok());
    }
}
