//! Exclusive XML Canonicalization 1.0, without comments.

use std::ops::Range;

use crate::{
    namespaces::XML_PREFIX,
    same::same,
    tree::{Attribute, Document, Kind, Tag},
};

/// How a list of inclusive prefixes names the default namespace.
const DEFAULT_NAMESPACE: &str = "#default";

/// The canonical form of the nodes in `subtree`, leaving out those in `except`.
pub(crate) fn canonical(
    document: &Document<'_>,
    subtree: Range<usize>,
    except: Range<usize>,
    inclusive: &[&str],
) -> Vec<u8> {
    let mut writer = Writer {
        document,
        inclusive,
        out: Vec::with_capacity(64 * subtree.len()),
        open: Vec::new(),
        rendered: Vec::new(),
        in_force: Vec::new(),
    };
    writer.inherit(subtree.start);
    let mut at = subtree.start;
    while at < subtree.end {
        writer.close_until(at);
        if except.contains(&at) {
            at = except.end;
            continue;
        }
        writer.node(at);
        at += 1;
    }
    writer.close_until(subtree.end);
    writer.out
}

struct Writer<'d> {
    document: &'d Document<'d>,
    /// The prefixes that are declared used or not.
    inclusive: &'d [&'d str],
    out: Vec<u8>,
    open: Vec<Open<'d>>,
    /// Which prefixes the open elements have declared in the output, the innermost last.
    rendered: Vec<(&'d str, &'d str)>,
    /// What the inclusive prefixes mean, the innermost last.
    in_force: Vec<(&'d str, &'d str)>,
}

struct Open<'d> {
    tag: &'d Tag<'d>,
    end: usize,
    rendered_before: usize,
    in_force_before: usize,
}

impl<'d> Writer<'d> {
    /// Takes over what the ancestors of the element at `apex` declare for inclusive prefixes.
    fn inherit(&mut self, apex: usize) {
        if self.inclusive.is_empty() {
            return;
        }
        for node in self.document.nodes.iter().take(apex).filter(|node| node.end > apex) {
            if let Kind::Element(tag) = &node.kind {
                self.note_inclusive(tag);
            }
        }
    }

    fn note_inclusive(&mut self, tag: &Tag<'d>) {
        let declared = self.document.declarations.get(tag.declarations.clone()).unwrap_or_default();
        let inclusive = self.inclusive;
        let is_inclusive =
            |prefix: &str| inclusive.contains(&if prefix.is_empty() { DEFAULT_NAMESPACE } else { prefix });
        self.in_force.extend(declared.iter().filter(|(prefix, _)| is_inclusive(prefix)));
    }

    fn node(&mut self, at: usize) {
        let Some(node) = self.document.nodes.get(at) else { return };
        match &node.kind {
            Kind::Element(tag) => self.start_tag(tag, node.end),
            Kind::Text(text) => escape_text(text, &mut self.out),
            Kind::Comment => {}
        }
    }

    fn start_tag(&mut self, tag: &'d Tag<'d>, end: usize) {
        let (rendered_before, in_force_before) = (self.rendered.len(), self.in_force.len());
        let attributes = self.document.attributes.get(tag.attributes.clone()).unwrap_or_default();
        let mut attributes: Vec<&'d Attribute<'d>> = attributes.iter().collect();
        attributes.sort_unstable_by_key(|attribute| (attribute.namespace, attribute.local));

        if !self.inclusive.is_empty() {
            self.note_inclusive(tag);
            let mut meanings = self.in_force.clone();
            // The innermost meaning of a prefix is the one in force.
            meanings.reverse();
            let mut declared: Vec<&str> = Vec::new();
            for (prefix, namespace) in meanings {
                if !declared.contains(&prefix) {
                    declared.push(prefix);
                    self.declare(prefix, namespace);
                }
            }
        }
        self.declare(tag.prefix, tag.namespace);
        for attribute in attributes.iter().filter(|attribute| !attribute.prefix.is_empty()) {
            self.declare(attribute.prefix, attribute.namespace);
        }
        self.open_name(b"<", tag);
        if let Some(declared) = self.rendered.get_mut(rendered_before..) {
            declared.sort_unstable_by_key(|(prefix, _)| *prefix);
            for (prefix, namespace) in &*declared {
                self.out.extend_from_slice(if prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
                self.out.extend_from_slice(prefix.as_bytes());
                self.out.extend_from_slice(b"=\"");
                escape_attribute(namespace, &mut self.out);
                self.out.push(b'"');
            }
        }
        for attribute in attributes {
            self.out.push(b' ');
            qualified(attribute.prefix, attribute.local, &mut self.out);
            self.out.extend_from_slice(b"=\"");
            escape_attribute(&attribute.value, &mut self.out);
            self.out.push(b'"');
        }
        self.out.push(b'>');
        self.open.push(Open { tag, end, rendered_before, in_force_before });
    }

    /// A prefix that is used here is declared here, unless the nearest element in the output that declares it means the same.
    /// No default namespace is ever undeclared, because the parser takes no empty namespace name.
    fn declare(&mut self, prefix: &'d str, namespace: &'d str) {
        let known =
            self.rendered.iter().rev().find(|(rendered, _)| same(rendered, prefix)).map(|(_, namespace)| *namespace);
        if !same(known.unwrap_or_default(), namespace) && !same(prefix, XML_PREFIX) {
            self.rendered.push((prefix, namespace));
        }
    }

    /// Ends every element whose subtree is over at this place.
    fn close_until(&mut self, at: usize) {
        while let Some(open) = self.open.pop_if(|open| open.end <= at) {
            self.open_name(b"</", open.tag);
            self.out.push(b'>');
            self.rendered.truncate(open.rendered_before);
            self.in_force.truncate(open.in_force_before);
        }
    }

    fn open_name(&mut self, start: &[u8], tag: &Tag<'_>) {
        self.out.extend_from_slice(start);
        qualified(tag.prefix, tag.local, &mut self.out);
    }
}

fn qualified(prefix: &str, local: &str, out: &mut Vec<u8>) {
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(local.as_bytes());
}

/// Canonical XML 1.0, 2.3: text nodes.
fn escape_text(text: &str, out: &mut Vec<u8>) {
    escape(text, out, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

/// Canonical XML 1.0, 2.3: attribute nodes.
fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    escape(value, out, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

/// Most texts need no escape: all bytes are compared at once, which is much faster than looking for the first one that does.
fn escape(text: &str, out: &mut Vec<u8>, escaped: impl Fn(u8) -> Option<&'static [u8]>) {
    let mut rest = text.as_bytes();
    if !rest.iter().fold(false, |found, byte| found | escaped(*byte).is_some()) {
        return out.extend_from_slice(rest);
    }
    while let Some(at) = rest.iter().position(|byte| escaped(*byte).is_some()) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((first, after)) = special.split_first() else { return };
        out.extend_from_slice(escaped(*first).unwrap_or_default());
        rest = after;
    }
    out.extend_from_slice(rest);
}
