//! From text to tree, in one pass and without recursion.

use std::borrow::Cow;

use crate::{
    Error, MAX_ALL_ATTRIBUTES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NODES,
    cursor::{Cursor, QName, normalise_line_ends},
    namespaces::{Scope, XML_PREFIX},
    same::same,
    tree::{Attribute, Document, Kind, Node, Tag},
};

pub(crate) struct Parser<'x> {
    cursor: Cursor<'x>,
    nodes: Vec<Node<'x>>,
    attributes: Vec<Attribute<'x>>,
    declarations: Vec<(&'x str, &'x str)>,
    open: Vec<Open<'x>>,
    scope: Scope<'x>,
    elements: usize,
}

/// An element whose end tag has not been seen.
struct Open<'x> {
    at: usize,
    name: QName<'x>,
    outer_scope: usize,
}

/// An attribute before its prefix has a meaning.
struct Raw<'x> {
    name: QName<'x>,
    value: Cow<'x, str>,
}

impl<'x> Parser<'x> {
    pub(crate) fn new(text: &'x str) -> Self {
        // A genuine response has a node for every 50 bytes and an attribute for every 80.
        let nodes = Vec::with_capacity((text.len() / 40).min(MAX_NODES));
        Self {
            cursor: Cursor::new(text),
            attributes: Vec::with_capacity(nodes.capacity() / 2),
            nodes,
            declarations: Vec::new(),
            open: Vec::with_capacity(MAX_DEPTH),
            scope: Scope::default(),
            elements: 0,
        }
    }

    pub(crate) fn document(mut self) -> Result<Document<'x>, Error> {
        self.cursor.eat("\u{FEFF}");
        self.declaration()?;
        self.around_root()?;
        self.cursor.expect("<")?;
        self.start_tag()?;
        while !self.open.is_empty() {
            self.content()?;
        }
        self.around_root()?;
        if self.cursor.peek().is_some() {
            return Err(self.cursor.error());
        }
        Ok(Document { nodes: self.nodes, attributes: self.attributes, declarations: self.declarations })
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="…"?>`, all but the version optional (XML 1.0, 2.8).
    fn declaration(&mut self) -> Result<(), Error> {
        if !["<?xml ", "<?xml\t", "<?xml\r", "<?xml\n"].iter().any(|start| self.cursor.starts_with(start)) {
            return Ok(());
        }
        self.cursor.eat("<?xml");
        let mut expected = ["version", "encoding", "standalone"].into_iter();
        let mut versioned = false;
        while self.cursor.space() && !self.cursor.starts_with("?>") {
            let QName { prefix: "", local: name } = self.cursor.qualified_name()? else {
                return Err(self.cursor.error());
            };
            self.equals()?;
            // There are no references in a declaration.
            let Cow::Borrowed(value) = self.cursor.attribute_value()? else { return Err(self.cursor.error()) };
            if !expected.any(|expected| expected == name) {
                return Err(self.cursor.error());
            }
            match name {
                "version" if value == "1.0" => versioned = true,
                "encoding" if value.eq_ignore_ascii_case("utf-8") => {}
                "standalone" if matches!(value, "yes" | "no") => {}
                _ => return Err(Error::Declaration),
            }
        }
        if !versioned {
            return Err(Error::Declaration);
        }
        self.cursor.expect("?>")
    }

    /// White space and comments, before and after the root.
    fn around_root(&mut self) -> Result<(), Error> {
        loop {
            self.cursor.space();
            if self.cursor.eat("<!--") {
                self.comment()?;
            } else if self.cursor.starts_with("<!DOCTYPE") {
                return Err(Error::DocumentType);
            } else if self.cursor.starts_with("<?") {
                return Err(Error::ProcessingInstruction);
            } else {
                return Ok(());
            }
        }
    }

    /// Text or one piece of markup inside an element.
    fn content(&mut self) -> Result<(), Error> {
        if self.cursor.peek() != Some(b'<') {
            let text = self.cursor.character_data()?;
            return self.node(Kind::Text(text));
        }
        if self.cursor.eat("</") {
            return self.end_tag();
        }
        if self.cursor.eat("<!--") {
            self.comment()?;
            return self.node(Kind::Comment);
        }
        if self.cursor.eat("<![CDATA[") {
            let text = normalise_line_ends(self.cursor.until("]]>")?);
            return self.node(Kind::Text(text));
        }
        if self.cursor.starts_with("<?") {
            return Err(Error::ProcessingInstruction);
        }
        self.cursor.expect("<")?;
        self.start_tag()
    }

    fn comment(&mut self) -> Result<(), Error> {
        self.cursor.until("--")?;
        self.cursor.expect(">")
    }

    fn start_tag(&mut self) -> Result<(), Error> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Error::TooMany { what: "elements" });
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Error::TooMany { what: "levels" });
        }
        let name = self.cursor.qualified_name()?;
        let outer_scope = self.scope.depth();
        let raw = self.attributes(outer_scope)?;
        let namespace = match self.scope.meaning(name.prefix) {
            // No element is in the namespace of `xml:lang`, and not every parser would take one.
            Some(_) if same(name.prefix, XML_PREFIX) => return Err(self.cursor.error()),
            Some(namespace) => namespace,
            None if name.prefix.is_empty() => "",
            None => return Err(self.cursor.error()),
        };
        let first = self.attributes.len();
        for attribute in raw {
            self.resolve(attribute, first)?;
        }
        let attributes = first..self.attributes.len();
        let first = self.declarations.len();
        self.declarations.extend(self.scope.since(outer_scope));
        let declarations = first..self.declarations.len();
        let at = self.nodes.len();
        self.node(Kind::Element(Tag { prefix: name.prefix, local: name.local, namespace, attributes, declarations }))?;
        self.open.push(Open { at, name, outer_scope });
        if self.cursor.eat("/>") {
            self.close();
            return Ok(());
        }
        self.cursor.expect(">")
    }

    /// The attributes of a tag; namespace declarations go into the scope.
    fn attributes(&mut self, outer_scope: usize) -> Result<Vec<Raw<'x>>, Error> {
        let mut raw = Vec::new();
        let mut found = 0;
        while self.cursor.space() && !matches!(self.cursor.peek(), Some(b'>' | b'/')) {
            found += 1;
            if found > MAX_ATTRIBUTES {
                return Err(Error::TooMany { what: "attributes" });
            }
            let name = self.cursor.qualified_name()?;
            self.equals()?;
            let value = self.cursor.attribute_value()?;
            let declared = match (name.prefix, name.local) {
                ("", "xmlns") => "",
                ("xmlns", prefix) => prefix,
                _ => {
                    raw.push(Raw { name, value });
                    continue;
                }
            };
            // A namespace name that needs a reference to be written is no plain URI.
            let Cow::Borrowed(namespace) = value else { return Err(Error::Namespace) };
            self.scope.declare(declared, namespace, outer_scope)?.ok_or(self.cursor.error())?;
        }
        Ok(raw)
    }

    /// Gives an attribute its namespace; no two of one element have the same name (XML Namespaces 1.0, 6.3).
    fn resolve(&mut self, Raw { name, value }: Raw<'x>, first: usize) -> Result<(), Error> {
        let namespace = match name.prefix {
            "" => "",
            prefix => self.scope.meaning(prefix).ok_or(self.cursor.error())?,
        };
        let mut others = self.attributes.iter().skip(first);
        if others.any(|other| same(other.local, name.local) && same(other.namespace, namespace)) {
            return Err(self.cursor.error());
        }
        if self.attributes.len() == MAX_ALL_ATTRIBUTES {
            return Err(Error::TooMany { what: "attributes" });
        }
        self.attributes.push(Attribute { prefix: name.prefix, local: name.local, namespace, value });
        Ok(())
    }

    fn equals(&mut self) -> Result<(), Error> {
        self.cursor.space();
        self.cursor.expect("=")?;
        self.cursor.space();
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), Error> {
        let name = self.cursor.qualified_name()?;
        self.cursor.space();
        self.cursor.expect(">")?;
        if !self.open.last().is_some_and(|open| open.name.is(&name)) {
            return Err(self.cursor.error());
        }
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        let Some(Open { at, outer_scope, .. }) = self.open.pop() else { return };
        self.scope.leave(outer_scope);
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(at) {
            node.end = end;
        }
    }

    fn node(&mut self, kind: Kind<'x>) -> Result<(), Error> {
        if self.nodes.len() == MAX_NODES {
            return Err(Error::TooMany { what: "nodes" });
        }
        let end = self.nodes.len() + 1;
        self.nodes.push(Node { kind, end });
        Ok(())
    }
}
