//! A document as a list of nodes in document order; each knows where its subtree ends.

use std::{borrow::Cow, fmt, ops::Range};

use crate::{Error, parser::Parser, same::same};

/// A well-formed document of the profile.
pub struct Document<'x> {
    pub(crate) nodes: Vec<Node<'x>>,
    pub(crate) attributes: Vec<Attribute<'x>>,
    /// Namespace declarations: a prefix, empty for the default namespace, and what it means.
    pub(crate) declarations: Vec<(&'x str, &'x str)>,
}

pub(crate) struct Node<'x> {
    pub(crate) kind: Kind<'x>,
    /// The place after the last node of its subtree.
    pub(crate) end: usize,
}

pub(crate) enum Kind<'x> {
    Element(Tag<'x>),
    Text(Cow<'x, str>),
    Comment,
}

/// A start tag. Namespace and prefix are empty where there is none.
pub(crate) struct Tag<'x> {
    pub(crate) prefix: &'x str,
    pub(crate) local: &'x str,
    pub(crate) namespace: &'x str,
    pub(crate) attributes: Range<usize>,
    pub(crate) declarations: Range<usize>,
}

/// An attribute; namespace declarations are none.
pub struct Attribute<'x> {
    pub(crate) prefix: &'x str,
    pub(crate) local: &'x str,
    pub(crate) namespace: &'x str,
    pub(crate) value: Cow<'x, str>,
}

/// An element of a document.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    document: &'d Document<'d>,
    at: usize,
    tag: &'d Tag<'d>,
}

/// What stands in an element.
#[derive(Clone, Copy, Debug)]
pub enum Child<'d> {
    /// An element.
    Element(Element<'d>),
    /// A piece of text or a CDATA section. A comment or a section's border separates two of them.
    Text(&'d str),
    /// A comment: it means nothing, and is not in the canonical form.
    Comment,
}

impl<'x> Document<'x> {
    /// Reads `text`.
    ///
    /// # Errors
    /// [`Error`]: the first thing in it that the profile does not allow.
    pub fn parse(text: &'x str) -> Result<Self, Error> {
        Parser::new(text).document()
    }

    /// The document element.
    ///
    /// # Panics
    /// Never: a document that was parsed has one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the parser's first node is the root")]
    pub fn root(&self) -> Element<'_> {
        self.element(0).expect("a document has a root")
    }

    fn element(&self, at: usize) -> Option<Element<'_>> {
        match &self.nodes.get(at)?.kind {
            Kind::Element(tag) => Some(Element { document: self, at, tag }),
            _ => None,
        }
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl<'d> Attribute<'d> {
    /// Its local name.
    #[must_use]
    pub fn local_name(&self) -> &'d str {
        self.local
    }

    /// Its namespace, if it is in one: an attribute without a prefix is in none.
    #[must_use]
    pub fn namespace(&self) -> Option<&'d str> {
        Some(self.namespace).filter(|namespace| !namespace.is_empty())
    }

    /// Its value, normalised.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Values may be personal.
impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute").field("name", &self.local).finish_non_exhaustive()
    }
}

impl<'d> Element<'d> {
    /// Whether this is the element `name` of `namespace`.
    #[must_use]
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        same(self.tag.local, name) && same(self.tag.namespace, namespace)
    }

    /// Its local name.
    #[must_use]
    pub fn local_name(&self) -> &'d str {
        self.tag.local
    }

    /// Its attributes, in the order in which they are written.
    #[must_use]
    pub fn attributes(&self) -> &'d [Attribute<'d>] {
        self.document.attributes.get(self.tag.attributes.clone()).unwrap_or_default()
    }

    /// The attribute of this name that is in no namespace.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'d str> {
        self.attributes()
            .iter()
            .find(|attribute| same(attribute.local, name) && attribute.namespace.is_empty())
            .map(|attribute| &*attribute.value)
    }

    /// What stands in it, in document order.
    #[must_use]
    pub fn children(&self) -> Children<'d> {
        Children { document: self.document, at: self.at + 1, end: self.end() }
    }

    /// Itself and every element below it, in document order.
    pub fn descendants(&self) -> impl Iterator<Item = Element<'d>> + use<'d> {
        let document = self.document;
        (self.at..self.end()).filter_map(|at| document.element(at))
    }

    /// Its exclusive canonical form without comments (Exclusive XML Canonicalization 1.0), and without the subtree `except`.
    /// Prefixes that are `inclusive` are declared wherever they are in force, used or not; `#default` stands for the default
    /// namespace.
    #[must_use]
    pub fn canonical(&self, except: Option<Element<'_>>, inclusive: &[&str]) -> Vec<u8> {
        let except = except.map_or(0..0, |element| element.at..element.end());
        crate::canonical::canonical(self.document, self.at..self.end(), except, inclusive)
    }

    fn end(&self) -> usize {
        self.document.nodes.get(self.at).map_or(self.at, |node| node.end)
    }
}

/// What stands in an element, in document order.
#[derive(Clone, Debug)]
pub struct Children<'d> {
    document: &'d Document<'d>,
    at: usize,
    end: usize,
}

impl<'d> Iterator for Children<'d> {
    type Item = Child<'d>;

    fn next(&mut self) -> Option<Child<'d>> {
        let Self { document, at, end } = *self;
        let node = document.nodes.get(at).filter(|_| at < end)?;
        self.at = node.end;
        Some(match &node.kind {
            Kind::Element(tag) => Child::Element(Element { document, at, tag }),
            Kind::Text(text) => Child::Text(text),
            Kind::Comment => Child::Comment,
        })
    }
}

/// Two handles on one element of one document are equal.
impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tag, other.tag)
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Element").field("name", &self.tag.local).finish_non_exhaustive()
    }
}
