//! Which prefix means what, where (XML Namespaces 1.0).

use crate::{Error, MAX_NAMESPACES, same::same};

/// The prefix that needs no declaration.
pub(crate) const XML_PREFIX: &str = "xml";
/// What the prefix `xml` means, declared or not.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// What the prefix `xmlns` means; it can never be declared.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The declarations in force, the innermost last. The empty prefix is the default namespace.
#[derive(Default)]
pub(crate) struct Scope<'x> {
    declared: Vec<(&'x str, &'x str)>,
}

impl<'x> Scope<'x> {
    /// How many declarations are in force: what [`leave`](Self::leave) goes back to.
    pub(crate) fn depth(&self) -> usize {
        self.declared.len()
    }

    pub(crate) fn leave(&mut self, depth: usize) {
        self.declared.truncate(depth);
    }

    /// The declarations that came into force after there were `depth`.
    pub(crate) fn since(&self, depth: usize) -> impl Iterator<Item = (&'x str, &'x str)> {
        self.declared.iter().skip(depth).copied()
    }

    /// Declares `prefix` in an element whose declarations start at `since`. `None` if that is not well-formed.
    pub(crate) fn declare(&mut self, prefix: &'x str, name: &'x str, since: usize) -> Result<Option<()>, Error> {
        if !is_absolute_uri(name) {
            return Err(Error::Namespace);
        }
        if self.declared.len() == MAX_NAMESPACES {
            return Err(Error::TooMany { what: "namespaces" });
        }
        let twice = self.declared.iter().skip(since).any(|(declared, _)| same(declared, prefix));
        let reserved = prefix == "xmlns" || name == XMLNS || (prefix == XML_PREFIX) != (name == XML);
        if twice || reserved {
            return Ok(None);
        }
        self.declared.push((prefix, name));
        Ok(Some(()))
    }

    /// What `prefix` means here; `None` if it is not declared.
    pub(crate) fn meaning(&self, prefix: &str) -> Option<&'x str> {
        match self.declared.iter().rev().find(|(declared, _)| same(declared, prefix)) {
            Some((_, name)) => Some(name),
            None if prefix == XML_PREFIX => Some(XML),
            None => None,
        }
    }
}

/// A scheme, a colon, and characters of RFC 3986 only.
fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let in_rest = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(in_scheme)
        && !rest.is_empty()
        && rest.bytes().all(in_rest)
}
