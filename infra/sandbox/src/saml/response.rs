//! The Response as text, in the sandbox's shape and order (protocol §3.6).
//!
//! The assertion is written canonically from the start: namespace declarations first, attributes sorted, empty
//! elements expanded. So its digest can be taken on the text itself, as the historical sandbox does.

use jiff::{SignedDuration, Timestamp};

use super::attributes::attributes;
use super::authn_request::AuthnRequest;
use crate::escape;
use crate::login::Login;
use crate::random;
use crate::time;

const NOT_BEFORE: SignedDuration = SignedDuration::from_secs(-5);
const LIFETIME: SignedDuration = SignedDuration::from_mins(60);

/// Everything a Response says besides who logs in.
pub(crate) struct Draft<'a> {
    pub(crate) request: &'a AuthnRequest,
    /// The address the request was sent to, up to the first `&`.
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) now: Timestamp,
}

/// An assertion that lacks only its signature.
pub(crate) struct UnsignedAssertion {
    pub(crate) id: String,
    /// Start tag and Issuer.
    head: String,
    /// Everything after the signature's place.
    tail: String,
}

impl UnsignedAssertion {
    pub(crate) fn new(draft: &Draft<'_>, login: &Login<'_>) -> Self {
        let id = format!("_{}", random::uuid());
        let head = head(draft, &id);
        let statements = attribute_statement(login, draft.now);
        let tail = [
            subject(draft, &login.user.uid),
            conditions(draft),
            statements,
            authn_statement(draft, &id),
            "</Assertion>".to_owned(),
        ]
        .concat();
        Self { id, head, tail }
    }

    /// The canonical text the digest is taken on: what the enveloped-signature transform leaves.
    pub(crate) fn canonical_text(&self) -> String {
        format!("{}{}", self.head, self.tail)
    }

    /// The whole Response around this assertion, with the signature in its place.
    pub(crate) fn into_response(self, draft: &Draft<'_>, signature: &str) -> String {
        let Self { head, tail, .. } = self;
        let start = response_start(draft);
        format!("{start}{head}{signature}{tail}</samlp:Response>")
    }
}

fn response_start(draft: &Draft<'_>) -> String {
    let id = random::uuid();
    let now = time::iso8601(draft.now);
    let acs = escape::attribute(&draft.request.acs_url);
    let request_id = escape::attribute(&draft.request.id);
    let issuer = escape::text(draft.issuer);
    format!(
        "<samlp:Response ID=\"_{id}\" Version=\"2.0\" IssueInstant=\"{now}\" Destination=\"{acs}\" \
         Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\" InResponseTo=\"{request_id}\" \
         xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}</Issuer>\
         <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\" /></samlp:Status>"
    )
}

fn head(draft: &Draft<'_>, id: &str) -> String {
    let now = time::iso8601(draft.now);
    let issuer = escape::text(draft.issuer);
    format!(
        "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" IssueInstant=\"{now}\" \
         Version=\"2.0\"><Issuer>{issuer}</Issuer>"
    )
}

fn subject(draft: &Draft<'_>, user_uid: &str) -> String {
    let uid = escape::text(user_uid);
    let request_id = escape::attribute(&draft.request.id);
    let acs = escape::attribute(&draft.request.acs_url);
    let until = time::iso8601(time::plus(draft.now, time::RECHECK));
    format!(
        "<Subject><NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{uid}</NameID>\
         <SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <SubjectConfirmationData InResponseTo=\"{request_id}\" NotOnOrAfter=\"{until}\" Recipient=\"{acs}\">\
         </SubjectConfirmationData></SubjectConfirmation></Subject>"
    )
}

fn conditions(draft: &Draft<'_>) -> String {
    let from = time::iso8601(time::plus(draft.now, NOT_BEFORE));
    let until = time::iso8601(time::plus(draft.now, LIFETIME));
    let audience = escape::text(draft.audience);
    format!(
        "<Conditions NotBefore=\"{from}\" NotOnOrAfter=\"{until}\"><AudienceRestriction>\
         <Audience>{audience}</Audience></AudienceRestriction></Conditions>"
    )
}

fn attribute_statement(login: &Login<'_>, now: Timestamp) -> String {
    let mut statement = "<AttributeStatement>".to_owned();
    for (name, value) in attributes(login, now) {
        let value = escape::text(&value);
        statement.push_str(&format!("<Attribute Name=\"{name}\"><AttributeValue>{value}</AttributeValue></Attribute>"));
    }
    statement.push_str("</AttributeStatement>");
    statement
}

fn authn_statement(draft: &Draft<'_>, id: &str) -> String {
    let now = time::iso8601(draft.now);
    format!(
        "<AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"{id}\"><AuthnContext>\
         <AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef>\
         </AuthnContext></AuthnStatement>"
    )
}
