//! One test for each rule, each message broken in exactly one way.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{authentication_request::return_to, *};
use crate::identity::Identity;
pub(super) use crate::testing::acme;

mod attributes;
mod message;
mod positive_assertion;
mod verification;

const REQUEST: &str = "3c6f0b5e77a44c1b9a530d4d7f2f9e10";
const NONCE: &str = "2030-01-15T10:00:07Zq7m2x9";

fn now() -> Timestamp {
    "2030-01-15T10:00:30Z".parse().unwrap()
}

/// The fields of a message that can be changed.
#[derive(Clone)]
struct Draft(Vec<(String, String)>);

impl Draft {
    /// The vector of a positive assertion, with what it omits because it differs every time; all of it signed.
    fn genuine() -> Self {
        let vector = include_str!("../../../../tests/fixtures/vectors/openid_positive_assertion_fields.json");
        let vector: Value = serde_json::from_str(vector).unwrap();
        let fields = vector["fields"].as_object().unwrap().iter();
        let fields = fields.map(|(name, value)| {
            (name.strip_prefix("openid.").unwrap().to_owned(), value.as_str().unwrap().to_owned())
        });
        Self(fields.collect())
            .set("return_to", &return_to(&acme(), REQUEST))
            .set("response_nonce", NONCE)
            .set("assoc_handle", "private-1")
            .sign()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// With this field, in the place it had.
    fn set(mut self, name: &str, value: &str) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// With the name of one field changed, in the same place.
    fn rename(mut self, from: &str, to: &str) -> Self {
        let (name, _) = self.0.iter_mut().find(|(known, _)| known == from).unwrap();
        to.clone_into(name);
        self
    }

    /// Everything that can be is signed, as it stands.
    fn sign(self) -> Self {
        self.sign_except("")
    }

    fn sign_except(self, except: &str) -> Self {
        let unsigned = ["ns", "mode", "signed", "sig", except];
        let names = self.0.iter().map(|(name, _)| name.as_str()).filter(|name| !unsigned.contains(name));
        let signed = names.collect::<Vec<_>>().join(",");
        self.set("signed", &signed).set("sig", "c2ln")
    }

    /// Posted to the return URL of our request.
    fn message(&self) -> Result<Message, OpenIdError> {
        let form = Serializer::new(String::new())
            .extend_pairs(self.0.iter().map(|(name, value)| (format!("openid.{name}"), value)))
            .finish();
        Message::read(&format!("request_id={REQUEST}"), Some(form.as_bytes()))
    }

    fn check(&self) -> Result<CheckedAssertion, OpenIdError> {
        self.check_at(now())
    }

    fn check_at(&self, now: Timestamp) -> Result<CheckedAssertion, OpenIdError> {
        let expected = Expectations { request_ids: &["another".to_owned(), REQUEST.to_owned()], now };
        self.message()?.into_positive()?.check(&acme(), &expected)
    }

    /// The rule that the message breaks.
    fn refusal(&self) -> &'static str {
        self.check().expect_err("accepted").code()
    }

    fn attributes(&self) -> Vec<(String, Vec<String>)> {
        self.check().unwrap().assertion.attributes
    }
}

#[test]
fn the_vector_says_who_signed_in() {
    let checked = Draft::genuine().check().unwrap();
    let identity = Identity::try_from(&checked.assertion).unwrap();
    assert_eq!(identity.user.id.as_str(), "usr-5k2");
    assert_eq!(identity.user.email, "ines.okoro@example.org");
    assert_eq!((&*identity.user.first_name, &*identity.user.last_name), ("In\u{ea}s", "Okoro"));
    assert_eq!(identity.virtual_user.id, "usr-5k2.cld-7a1c");
    assert_eq!(identity.virtual_user.email, "usr-5k2.cld-7a1c@appmail.hub.example");
    assert_eq!(identity.group.id.as_str(), "cld-7a1c");
    assert_eq!(identity.group.name, "Harbour Caf\u{e9} & Sons");
    assert_eq!(identity.group.reseller_id.as_deref(), Some("rsl-44x"));
    assert_eq!(identity.session.token.expose(), "q7m2x9c4v1b8n3k6j5h0g");
    assert_eq!(identity.session.recheck_at.to_string(), "2030-01-15T10:03:07Z");
    assert!(identity.role.is_admin());
}

#[test]
fn an_assertion_is_used_up_by_its_nonce_and_its_request() {
    let assertion = Draft::genuine().check().unwrap().assertion;
    assert_eq!(assertion.id, format!("openid:{NONCE}"));
    assert_eq!(assertion.request_id.as_deref(), Some(REQUEST));
    assert_eq!(assertion.subject, "usr-5k2");
    assert_eq!(assertion.consumable_until.to_string(), "2030-01-15T10:06:07Z");
}

#[test]
fn what_a_refused_message_claims_is_known_by_ids() {
    let claims = claims::of(&Draft::genuine().message().unwrap());
    assert_eq!(claims.issuer, Some(acme().openid_endpoint));
    assert_eq!(claims.recipient, Some(acme().openid_return_url));
    assert_eq!(claims.in_response_to.as_deref(), Some(REQUEST));
    assert_eq!(claims.assertion_id.as_deref(), Some(NONCE));
    assert_eq!(claims.user.as_deref(), Some("usr-5k2"));
    assert_eq!(claims.group.as_deref(), Some("cld-7a1c"));
}

#[test]
fn debug_prints_nothing_personal() {
    let draft = Draft::genuine();
    let text = format!("{:?} {:?}", draft.message().unwrap(), draft.check().unwrap());
    assert!(!text.contains("ines") && !text.contains("Okoro"), "{text}");
}
