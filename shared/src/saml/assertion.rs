//! Stage 4, first half: reading the assertion that was signed. Schema-exact for what sign-in needs
//! (saml-core 2.3 to 2.7, saml-profiles 4.1.4.2); what is not foreseen is refused.

use canonical_xml::Element;
use jiff::Timestamp;

use super::{
    ResponseError, SignedAssertion,
    algorithm::{METHOD_BEARER, NS_ASSERTION, NS_SIGNATURE},
    xml::SamlElement,
};

/// What a signed assertion says. Whether it is for us, now and here is not yet known: see [`check`](Self::check).
pub struct UncheckedAssertion {
    pub(super) id: String,
    pub(super) issued_at: Timestamp,
    pub(super) issuer: String,
    pub(super) name_id: String,
    pub(super) confirmation: Confirmation,
    pub(super) conditions: Conditions,
    pub(super) session_not_on_or_after: Option<Timestamp>,
    pub(super) attributes: Vec<(String, Vec<String>)>,
}

/// `SubjectConfirmationData` of a bearer confirmation.
pub(super) struct Confirmation {
    pub(super) in_response_to: Option<String>,
    pub(super) recipient: String,
    pub(super) not_on_or_after: Timestamp,
}

/// `Conditions`.
pub(super) struct Conditions {
    pub(super) not_before: Timestamp,
    pub(super) not_on_or_after: Timestamp,
    /// One list for each `AudienceRestriction`; each of them must hold (saml-core 2.5.1.4).
    pub(super) audiences: Vec<Vec<String>>,
}

impl SignedAssertion<'_> {
    /// Reads what was signed.
    ///
    /// # Errors
    /// The first element that is missing, repeated, out of order, malformed or not foreseen.
    pub fn read(&self) -> Result<UncheckedAssertion, ResponseError> {
        let assertion = self.element;
        if assertion.attribute("Version") != Some("2.0") {
            return Err(ResponseError::Version { element: "Assertion" });
        }
        let id = assertion.required("Assertion", "ID")?.to_owned();
        let issued_at = instant(assertion.required("Assertion", "IssueInstant")?, "IssueInstant")?;

        let mut children = assertion.sequence("Assertion");
        let issuer = children.required(NS_ASSERTION, "Issuer")?.text("Issuer")?.into_owned();
        // The one thing in it that was not signed: passed over unread.
        children.required(NS_SIGNATURE, "Signature")?;
        let (name_id, confirmation) = read_subject(children.required(NS_ASSERTION, "Subject")?)?;
        let conditions = read_conditions(children.required(NS_ASSERTION, "Conditions")?)?;
        // The schema leaves the order of statements free.
        let authn_first = children.optional(NS_ASSERTION, "AuthnStatement")?;
        let attributes = children.optional(NS_ASSERTION, "AttributeStatement")?;
        let attributes = attributes.map(read_attributes).transpose()?.unwrap_or_default();
        let authn = match authn_first {
            Some(authn) => authn,
            None => children.required(NS_ASSERTION, "AuthnStatement")?,
        };
        children.end()?;
        let session_not_on_or_after = read_authn(authn)?;
        Ok(UncheckedAssertion {
            id,
            issued_at,
            issuer,
            name_id,
            confirmation,
            conditions,
            session_not_on_or_after,
            attributes,
        })
    }
}

impl std::fmt::Debug for UncheckedAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UncheckedAssertion").field("id", &self.id).finish_non_exhaustive()
    }
}

fn read_subject(subject: Element<'_>) -> Result<(String, Confirmation), ResponseError> {
    let mut children = subject.sequence("Subject");
    let name_id = children.required(NS_ASSERTION, "NameID")?.text("NameID")?.into_owned();
    let confirmation = children.required(NS_ASSERTION, "SubjectConfirmation")?;
    children.end()?;
    if confirmation.attribute("Method") != Some(METHOD_BEARER) {
        return Err(ResponseError::ConfirmationMethod);
    }
    let mut children = confirmation.sequence("SubjectConfirmation");
    let data = children.required(NS_ASSERTION, "SubjectConfirmationData")?;
    children.end()?;
    data.empty("SubjectConfirmationData")?;
    // The bearer profile forbids a lower limit here (saml-profiles 4.1.4.2).
    if data.attribute("NotBefore").is_some() {
        return Err(ResponseError::Structure { element: "SubjectConfirmationData" });
    }
    let confirmation = Confirmation {
        in_response_to: data.attribute("InResponseTo").map(str::to_owned),
        recipient: data.required("SubjectConfirmationData", "Recipient")?.to_owned(),
        not_on_or_after: instant(data.required("SubjectConfirmationData", "NotOnOrAfter")?, "NotOnOrAfter")?,
    };
    Ok((name_id, confirmation))
}

/// A condition we do not know makes an assertion's validity indeterminate (saml-core 2.5.1): refused. `OneTimeUse` asks for
/// what we do anyway.
fn read_conditions(conditions: Element<'_>) -> Result<Conditions, ResponseError> {
    let mut children = conditions.sequence("Conditions");
    let mut audiences = Vec::new();
    while let Some(restriction) = children.optional(NS_ASSERTION, "AudienceRestriction")? {
        let mut restricted = restriction.sequence("AudienceRestriction");
        let mut any_of = vec![restricted.required(NS_ASSERTION, "Audience")?.text("Audience")?.into_owned()];
        while let Some(audience) = restricted.optional(NS_ASSERTION, "Audience")? {
            any_of.push(audience.text("Audience")?.into_owned());
        }
        restricted.end()?;
        audiences.push(any_of);
    }
    if audiences.is_empty() {
        return Err(ResponseError::Structure { element: "Conditions" });
    }
    let _ = children.optional(NS_ASSERTION, "OneTimeUse")?;
    children.end()?;
    Ok(Conditions {
        not_before: instant(conditions.required("Conditions", "NotBefore")?, "NotBefore")?,
        not_on_or_after: instant(conditions.required("Conditions", "NotOnOrAfter")?, "NotOnOrAfter")?,
        audiences,
    })
}

fn read_authn(statement: Element<'_>) -> Result<Option<Timestamp>, ResponseError> {
    instant(statement.required("AuthnStatement", "AuthnInstant")?, "AuthnInstant")?;
    statement.attribute("SessionNotOnOrAfter").map(|limit| instant(limit, "SessionNotOnOrAfter")).transpose()
}

/// Attribute names are unique: which of two values counts is where implementations differ (protocol.md §3.7).
fn read_attributes(statement: Element<'_>) -> Result<Vec<(String, Vec<String>)>, ResponseError> {
    let mut attributes: Vec<(String, Vec<String>)> = Vec::new();
    let mut children = statement.sequence("AttributeStatement");
    while let Some(attribute) = children.optional(NS_ASSERTION, "Attribute")? {
        let name = attribute.required("Attribute", "Name")?.to_owned();
        if attributes.iter().any(|(seen, _)| *seen == name) {
            return Err(ResponseError::Structure { element: "AttributeStatement" });
        }
        let mut values = attribute.sequence("Attribute");
        let mut texts = Vec::new();
        while let Some(value) = values.optional(NS_ASSERTION, "AttributeValue")? {
            texts.push(value.text("AttributeValue")?.into_owned());
        }
        values.end()?;
        attributes.push((name, texts));
    }
    children.end()?;
    Ok(attributes)
}

/// A `xs:dateTime` in UTC, written with `Z` (saml-core 1.3.3); compared as instants, never as text.
fn instant(text: &str, attribute: &'static str) -> Result<Timestamp, ResponseError> {
    let shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => matches!(byte, b'.' | b'Z'),
        _ => byte.is_ascii_digit() || (byte == b'Z' && at + 1 == text.len()),
    });
    if !shaped || text.len() < 20 || !text.ends_with('Z') {
        return Err(ResponseError::Time { attribute });
    }
    text.parse().map_err(|_| ResponseError::Time { attribute })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utc_date_times_are_instants() {
        for good in ["2030-01-15T10:00:07Z", "2030-01-15T10:00:07.123Z", "2030-01-15T10:00:07.123456789Z"] {
            assert!(instant(good, "x").is_ok(), "{good}");
        }
        for bad in [
            "",
            "2030-01-15",
            "2030-01-15T10:00:07",
            "2030-01-15T10:00:07+00:00",
            "2030-01-15 10:00:07Z",
            "2030-01-15T10:00:07ZZ",
            "2030-01-15T10:00:07.Z",
            "2030-13-15T10:00:07Z",
            "2030-02-30T10:00:07Z",
            "12030-01-15T10:00:07Z",
            "-2030-01-15T10:00:07Z",
            "2030-01-15T24:00:01Z",
            " 2030-01-15T10:00:07Z",
            "2030-01-15T10:00:07Z ",
            "２030-01-15T10:00:07Z",
            "2030-01-15t10:00:07z",
            "2030-01-15T10:00Z",
        ] {
            assert_eq!(instant(bad, "x"), Err(ResponseError::Time { attribute: "x" }), "{bad:?}");
        }
    }
}
