//! The fields that the provider's signature covers (section 10.1, `openid.signed`). Whether the signature is genuine, the
//! provider says later; what it does not cover is never read.

use std::collections::HashSet;

use super::{Message, OpenIdError};

/// A message, seen through its list of signed fields.
pub(super) struct SignedFields<'m> {
    message: &'m Message,
    names: HashSet<&'m str>,
}

impl<'m> SignedFields<'m> {
    /// Reads the list: names without prefix, separated by commas, each of them once and in the message.
    pub(super) fn of(message: &'m Message) -> Result<Self, OpenIdError> {
        let mut names = HashSet::new();
        for name in message.required("signed")?.split(',') {
            if message.get(name).is_none() || !names.insert(name) {
                return Err(OpenIdError::SignedList);
            }
        }
        Ok(Self { message, names })
    }

    /// The field, if the message has it; then it must be signed. `field` is what an error calls it.
    pub(super) fn optional(&self, name: &str, field: &'static str) -> Result<Option<&'m str>, OpenIdError> {
        match self.message.get(name) {
            Some(_) if !self.names.contains(name) => Err(OpenIdError::NotSigned { field }),
            value => Ok(value),
        }
    }

    /// The field, which must be signed, and not be empty.
    pub(super) fn required(&self, name: &str, field: &'static str) -> Result<&'m str, OpenIdError> {
        self.optional(name, field)?.filter(|value| !value.is_empty()).ok_or(OpenIdError::Missing { field })
    }

    /// The names of all fields, signed or not: reading one that is not is an error.
    pub(super) fn names_of_message(&self) -> impl Iterator<Item = &'m str> {
        self.message.fields().map(|(name, _)| name)
    }

    /// The aliases that stand for this namespace (section 12), signed or not.
    pub(super) fn aliases_of(&self, namespace: &str) -> impl Iterator<Item = &'m str> {
        self.message
            .fields()
            .filter(move |(_, value)| *value == namespace)
            .filter_map(|(name, _)| name.strip_prefix("ns."))
    }
}
