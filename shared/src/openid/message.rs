//! Stage 1: what a browser brought, as the fields of one message (section 4.1). Nothing here is trusted yet.

use std::{collections::HashSet, fmt};

use url::form_urlencoded;

use super::{NAMESPACE, OpenIdError, PositiveAssertion, authentication_request::REQUEST_ID};

/// The longest form or query we read, in bytes; genuine ones have about 6,000.
pub const MAX_FORM_LEN: usize = 32 * 1024;
/// How many fields a message may have; genuine ones have up to 70.
const MAX_FIELDS: usize = 128;
/// How long a field's name may be, in bytes.
const MAX_NAME_LEN: usize = 128;
/// How long a field's value may be, in bytes; the list of what is signed is the longest.
const MAX_VALUE_LEN: usize = 4 * 1024;
/// What all names start with where browsers carry them.
const PREFIX: &str = "openid.";

/// The fields of a message by their names without the `openid.` prefix, each of them once, in the order they came in.
#[derive(Clone)]
pub struct Message {
    fields: Vec<(String, String)>,
    /// The request that the address it came to belongs to.
    received_for: Option<String>,
}

impl Message {
    /// Reads what came to our return URL: the query of its address and, if it was posted, the form. A message is in one of the
    /// two, never in both (section 5.2).
    ///
    /// # Errors
    /// The first rule for fields that does not hold.
    pub fn read(query: &str, form: Option<&[u8]>) -> Result<Self, OpenIdError> {
        let in_query = openid_fields(query.as_bytes())?;
        let fields = match form {
            None => in_query,
            Some(_) if !in_query.is_empty() => return Err(OpenIdError::TwoPlaces),
            Some(form) => openid_fields(form)?,
        };
        let mut names = HashSet::new();
        if !fields.iter().all(|(name, _)| names.insert(name)) {
            return Err(OpenIdError::RepeatedField);
        }
        Ok(Self { received_for: only_request_id(query), fields })
    }

    /// Stage 2: a positive assertion (section 10.1), and no other kind of message (section 10.2, section 5.2.3).
    ///
    /// # Errors
    /// What kind of message it is instead.
    pub fn into_positive(self) -> Result<PositiveAssertion, OpenIdError> {
        if self.get("ns") != Some(NAMESPACE) {
            return Err(OpenIdError::Namespace);
        }
        match self.get("mode") {
            Some("id_res") => Ok(PositiveAssertion::new(self)),
            Some("cancel") => Err(OpenIdError::Cancelled),
            Some("setup_needed") => Err(OpenIdError::SetupNeeded),
            Some("error") => Err(OpenIdError::ErrorMode),
            Some(_) => Err(OpenIdError::Mode),
            None => Err(OpenIdError::Missing { field: "mode" }),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn required(&self, field: &'static str) -> Result<&str, OpenIdError> {
        self.get(field).filter(|value| !value.is_empty()).ok_or(OpenIdError::Missing { field })
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn received_for(&self) -> Option<&str> {
        self.received_for.as_deref()
    }

    /// The same message as a question to the provider (section 11.4.2.1).
    pub(super) fn to_check_authentication(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.fields() {
            let value = if name == "mode" { "check_authentication" } else { value };
            form.append_pair(&format!("{PREFIX}{name}"), value);
        }
        form.finish()
    }
}

/// Values are personal, and the whole is a credential.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("fields", &self.fields.len()).finish_non_exhaustive()
    }
}

/// The fields of a message; other parameters are none of its.
fn openid_fields(encoded: &[u8]) -> Result<Vec<(String, String)>, OpenIdError> {
    if encoded.len() > MAX_FORM_LEN {
        return Err(OpenIdError::TooLarge);
    }
    let mut fields = Vec::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        let Some(name) = name.strip_prefix(PREFIX) else { continue };
        check_field(name, &value)?;
        fields.push((name.to_owned(), value.into_owned()));
        if fields.len() > MAX_FIELDS {
            return Err(OpenIdError::TooManyFields);
        }
    }
    Ok(fields)
}

/// What is signed is one `name:value` a line (section 4.1.1): a line break or a colon in the wrong place would let two messages
/// have the same signature.
fn check_field(name: &str, value: &str) -> Result<(), OpenIdError> {
    if name.len() > MAX_NAME_LEN || value.len() > MAX_VALUE_LEN {
        return Err(OpenIdError::FieldTooLong);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(OpenIdError::FieldName);
    }
    // What is not UTF-8 was replaced, and would not be what was signed.
    if value.contains(['\n', '\r', '\0', char::REPLACEMENT_CHARACTER]) {
        return Err(OpenIdError::FieldValue);
    }
    Ok(())
}

/// The request that an address belongs to, if it names exactly one.
fn only_request_id(query: &str) -> Option<String> {
    let mut ids = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == REQUEST_ID);
    match (ids.next(), ids.next()) {
        (Some((_, id)), None) => Some(id.into_owned()),
        _ => None,
    }
}
