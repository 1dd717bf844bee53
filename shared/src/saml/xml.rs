//! Reading elements the way SAML needs it: children in the order of the schema, text as the concatenation of all text nodes.

use std::borrow::Cow;

use canonical_xml::{Child, Children, Element};

use super::ResponseError;

/// What SAML asks of an element.
pub(super) trait SamlElement<'d> {
    /// The attribute, which must be there and not be empty.
    fn required(&self, element: &'static str, attribute: &'static str) -> Result<&'d str, ResponseError>;

    /// All text of an element that holds nothing else: every text node, so that a comment cannot cut a value short.
    fn text(&self, element: &'static str) -> Result<Cow<'d, str>, ResponseError>;

    /// The child elements, in the order the schema gives them.
    fn sequence(&self, element: &'static str) -> Sequence<'d>;

    /// The element has no content.
    fn empty(&self, element: &'static str) -> Result<(), ResponseError> {
        self.sequence(element).end()
    }
}

impl<'d> SamlElement<'d> for Element<'d> {
    fn required(&self, element: &'static str, attribute: &'static str) -> Result<&'d str, ResponseError> {
        self.attribute(attribute)
            .filter(|value| !value.is_empty())
            .ok_or(ResponseError::MissingAttribute { element, attribute })
    }

    fn text(&self, element: &'static str) -> Result<Cow<'d, str>, ResponseError> {
        let mut all = Cow::Borrowed("");
        for child in self.children() {
            match child {
                Child::Text(text) => all += text,
                Child::Comment => {}
                Child::Element(_) => return Err(ResponseError::Structure { element }),
            }
        }
        Ok(all)
    }

    fn sequence(&self, element: &'static str) -> Sequence<'d> {
        Sequence { children: self.children(), parent: element, next: None }
    }
}

/// Takes child elements in order. Text between them may only be white space; comments count for nothing.
pub(super) struct Sequence<'d> {
    children: Children<'d>,
    parent: &'static str,
    /// A child that was looked at and not taken.
    next: Option<Element<'d>>,
}

impl<'d> Sequence<'d> {
    /// The next child, if it is this one.
    pub(super) fn optional(&mut self, namespace: &str, name: &str) -> Result<Option<Element<'d>>, ResponseError> {
        self.next = self.any()?;
        Ok(self.next.take_if(|next| next.is(namespace, name)))
    }

    /// The next child, which must be this one.
    pub(super) fn required(&mut self, namespace: &str, name: &str) -> Result<Element<'d>, ResponseError> {
        self.optional(namespace, name)?.ok_or(ResponseError::Structure { element: self.parent })
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), ResponseError> {
        match self.any()? {
            None => Ok(()),
            Some(_) => Err(ResponseError::Structure { element: self.parent }),
        }
    }

    /// The next child, whatever it is.
    pub(super) fn any(&mut self) -> Result<Option<Element<'d>>, ResponseError> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        for child in &mut self.children {
            match child {
                Child::Element(element) => return Ok(Some(element)),
                Child::Comment => {}
                Child::Text(text) if text.trim_ascii().is_empty() => {}
                Child::Text(_) => return Err(ResponseError::Structure { element: self.parent }),
            }
        }
        Ok(None)
    }
}
