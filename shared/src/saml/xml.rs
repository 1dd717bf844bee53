//! Reading an [`uppsala`] document the way SAML needs it: names by namespace, attributes without one, text as the
//! concatenation of all text nodes.

use uppsala::{Document, Element, NodeId, NodeKind, Parser};

use super::ResponseError;

/// A genuine response nests nine deep.
const MAX_DEPTH: u32 = 24;

/// Parses with every document type declaration forbidden and nesting bounded.
pub(super) fn parse(xml: &str) -> Result<Document<'_>, ResponseError> {
    Parser::new()
        .with_forbid_dtd(true)
        .with_forbid_entities(true)
        .with_max_entity_expansion(0)
        .with_max_depth(MAX_DEPTH)
        .parse(xml)
        .map_err(|_| ResponseError::NotXml)
}

/// One element of a document.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) id: NodeId,
    pub(super) element: &'d Element<'d>,
}

impl<'d> Node<'d> {
    pub(super) fn root(document: &'d Document<'d>) -> Option<Self> {
        document.document_element().and_then(|id| Self::at(document, id))
    }

    pub(super) fn at(document: &'d Document<'d>, id: NodeId) -> Option<Self> {
        document.element(id).map(|element| Self { document, id, element })
    }

    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.element.name.matches(Some(namespace), name)
    }

    /// The attribute of this name that is in no namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&'d str> {
        self.element
            .attributes
            .iter()
            .find(|attribute| attribute.name.namespace_uri.is_none() && attribute.name.local_name == name)
            .map(|attribute| &*attribute.value)
    }

    /// The attribute, which must be there and not be empty.
    pub(super) fn required(&self, element: &'static str, attribute: &'static str) -> Result<&'d str, ResponseError> {
        self.attribute(attribute)
            .filter(|value| !value.is_empty())
            .ok_or(ResponseError::MissingAttribute { element, attribute })
    }

    /// Every element below this one, itself first, in document order.
    pub(super) fn descendants(self) -> impl Iterator<Item = Node<'d>> {
        let mut pending = vec![self];
        std::iter::from_fn(move || {
            let node = pending.pop()?;
            pending.extend(node.document.children_iter(node.id).rev().filter_map(|id| Self::at(node.document, id)));
            Some(node)
        })
    }

    /// The child elements. Text between them may only be white space; comments count for nothing.
    pub(super) fn children(&self, element: &'static str) -> Result<Vec<Self>, ResponseError> {
        let mut children = Vec::new();
        for id in self.document.children_iter(self.id) {
            match self.document.node_kind(id) {
                Some(NodeKind::Element(element)) => children.push(Self { document: self.document, id, element }),
                Some(NodeKind::Comment(_)) => {}
                Some(NodeKind::Text(text)) if text.trim_ascii().is_empty() => {}
                _ => return Err(ResponseError::Structure { element }),
            }
        }
        Ok(children)
    }

    /// All text of an element that holds nothing else: every text node, so that a comment cannot cut a value short.
    pub(super) fn text(&self, element: &'static str) -> Result<String, ResponseError> {
        let mut all = String::new();
        for id in self.document.children_iter(self.id) {
            match self.document.node_kind(id) {
                Some(NodeKind::Text(text) | NodeKind::CData(text)) => all.push_str(text),
                Some(NodeKind::Comment(_)) => {}
                _ => return Err(ResponseError::Structure { element }),
            }
        }
        Ok(all)
    }
}

/// Takes children in the order the schema gives them.
pub(super) struct Sequence<'d> {
    children: std::iter::Peekable<std::vec::IntoIter<Node<'d>>>,
    parent: &'static str,
}

impl<'d> Sequence<'d> {
    pub(super) fn of(node: &Node<'d>, parent: &'static str) -> Result<Self, ResponseError> {
        Ok(Self { children: node.children(parent)?.into_iter().peekable(), parent })
    }

    /// The next child, if it is this one.
    pub(super) fn optional(&mut self, namespace: &str, name: &str) -> Option<Node<'d>> {
        self.children.next_if(|node| node.is(namespace, name))
    }

    /// The next child, which must be this one.
    pub(super) fn required(&mut self, namespace: &str, name: &str) -> Result<Node<'d>, ResponseError> {
        self.optional(namespace, name).ok_or(ResponseError::Structure { element: self.parent })
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), ResponseError> {
        match self.children.next() {
            None => Ok(()),
            Some(_) => Err(ResponseError::Structure { element: self.parent }),
        }
    }
}
