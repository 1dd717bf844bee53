//! Messages from the tests of other SAML libraries, each accepted or refused as the table beside them says, at its own time and at
//! a marketplace configured for it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use shared::{
    clock::{Clock as _, SystemClock},
    marketplace::{LegacyCryptography, Marketplace},
    saml::{self, Expectations, ResponseError},
};

use super::{Expected, LEGACY, Message, acme, messages};

/// Where we are stricter than the table, and which rule of ours it is.
const STRICTER: [(&str, ResponseError); 4] = [
    // Destination is unsigned; the table does not look at it, and it is not the recipient.
    ("ruby-saml/responses/inclusive_namespaces.xml", ResponseError::DestinationMismatch),
    (
        "ruby-saml/responses/invalids/no_issuer_response.xml.base64",
        ResponseError::Expired { attribute: "SessionNotOnOrAfter" },
    ),
    // saml-profiles 4.1.4.2 requires it.
    (
        "ruby-saml/responses/response_with_signed_assertion_3.xml",
        ResponseError::MissingAttribute { element: "SubjectConfirmationData", attribute: "NotOnOrAfter" },
    ),
    // Its times carry an offset: saml-core 1.3.3 wants UTC and says so with Z.
    (
        "node-saml/signatures/valid/response.root-unsigned.assertion-signed.xml",
        ResponseError::Time { attribute: "IssueInstant" },
    ),
];

impl Message {
    /// A marketplace for which this message would be right: its issuer, audience and endpoint are whatever the message says.
    fn marketplace(&self, legacy: LegacyCryptography) -> (Marketplace, Vec<String>) {
        let mut marketplace = acme();
        marketplace.idp_keys.clone_from(&self.keys);
        if !legacy.short_rsa_keys {
            marketplace.idp_keys.retain(|key| !key.is_short());
        }
        marketplace.settings.legacy_cryptography = legacy;
        let Some(document) = self.xml.as_ref().and_then(|xml| roxmltree::Document::parse(xml).ok()) else {
            return (marketplace, Vec::new());
        };
        let all = |name: &'static str| document.descendants().filter(move |node| node.tag_name().name() == name);
        let texts = |name| all(name).filter_map(|node| node.text()).map(str::to_owned).collect::<Vec<_>>();
        marketplace.settings.issuers = texts("Issuer");
        marketplace.settings.audiences = texts("Audience");
        let data = || all("SubjectConfirmationData");
        if let Some(recipient) = data().find_map(|data| data.attribute("Recipient")) {
            marketplace.acs_url = recipient.to_owned();
        }
        marketplace.settings.unsolicited_responses = data().all(|data| data.attribute("InResponseTo").is_none());
        (marketplace, data().filter_map(|data| data.attribute("InResponseTo")).map(str::to_owned).collect())
    }

    fn outcome(&self, legacy: LegacyCryptography) -> Result<(), ResponseError> {
        let (marketplace, request_ids) = self.marketplace(legacy);
        let now: Timestamp = self.frozen_at.as_deref().unwrap_or("2020-01-01T00:00:00Z").parse().unwrap();
        let expected = Expectations { request_ids: &request_ids, now };
        saml::accept(&self.field, &marketplace, &expected).map(drop).map_err(|refusal| refusal.error)
    }
}

#[test]
fn third_parties_messages_are_taken_as_their_table_says() {
    let messages = messages();
    let mut differences = Vec::new();
    for message in &messages {
        // The table does not look at the length of keys.
        let strict = message.outcome(LegacyCryptography { sha1: false, ..LEGACY });
        let legacy = message.outcome(LEGACY);
        let found = match (&strict, &legacy) {
            (Ok(()), Ok(())) => Expected::Accepted,
            (Err(_), Ok(())) => Expected::AcceptedWithLegacyCryptography,
            (_, Err(_)) => Expected::Refused,
        };
        let stricter = STRICTER.iter().find(|(name, _)| *name == message.name);
        let as_expected = match stricter {
            Some((_, rule)) => legacy.as_ref() == Err(rule),
            None => found == message.expected,
        };
        if !as_expected {
            differences
                .push(format!("{}: {:?} expected, {strict:?} and {legacy:?} found", message.name, message.expected));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    let accepted = messages.iter().filter(|message| message.expected != Expected::Refused).count();
    assert!(messages.is_empty() || (messages.len() > 150 && accepted > 10), "the messages are not all there");
}

#[test]
fn what_short_keys_signed_is_refused_where_they_are_not_allowed() {
    let messages: Vec<Message> =
        messages().into_iter().filter(|message| message.name.contains("adfs_response_sha256")).collect();
    for message in &messages {
        assert_eq!(message.outcome(LegacyCryptography::default()), Err(ResponseError::Signature), "{}", message.name);
    }
    assert!(messages.is_empty() || messages.len() == 2);
}

/// Not even a marketplace that allows everything takes them at our own clock, for our own address.
#[test]
fn none_of_them_signs_anybody_in_here() {
    let mut permissive = acme();
    permissive.settings.legacy_cryptography = LEGACY;
    permissive.settings.unsolicited_responses = true;
    let now = SystemClock.now();
    for message in messages() {
        permissive.idp_keys = message.keys;
        let expected = Expectations { request_ids: &[], now };
        assert!(saml::accept(&message.field, &permissive, &expected).is_err(), "{}", message.name);
        if let Some(xml) = message.xml {
            assert!(saml::accept(&STANDARD.encode(xml), &permissive, &expected).is_err(), "{}", message.name);
        }
    }
}
