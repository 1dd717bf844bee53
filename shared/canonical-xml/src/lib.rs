//! XML as far as a signed SAML response needs it, and no further: one pass over the text makes a tree, and one pass over an
//! element of that tree makes its exclusive canonical form. What is verified and what is read are the same nodes.
//!
//! The profile is narrower than XML 1.0 on purpose (threats.md D1, S4, S5). Refused are: every document type declaration,
//! processing instructions, encodings other than UTF-8, names beyond ASCII, and namespace names that are no absolute URI.
//! Everything that is accepted means the same to any conforming parser; tests hold it against other ones.
//!
//! ```
//! use canonical_xml::Document;
//!
//! let document = Document::parse("<a:x xmlns:a='urn:a' b='1'><!-- gone --><y/></a:x>")?;
//! let canonical = document.root().canonical(None, &[]);
//! assert_eq!(canonical, br#"<a:x xmlns:a="urn:a" b="1"><y></y></a:x>"#);
//! # Ok::<(), canonical_xml::Error>(())
//! ```

mod canonical;
mod cursor;
mod namespaces;
mod parser;
mod same;
#[cfg(test)]
mod tests;
mod tree;

pub use tree::{Attribute, Child, Children, Document, Element};

/// How deep elements may be nested; a genuine response nests nine deep.
pub const MAX_DEPTH: usize = 24;
/// How many elements a document may have; a genuine response has about 80.
pub const MAX_ELEMENTS: usize = 1_000;
/// How many nodes a document may have: elements, pieces of text, comments.
pub const MAX_NODES: usize = 4_000;
/// How many attributes and namespace declarations one tag may have together; a genuine one has up to eight.
pub const MAX_ATTRIBUTES: usize = 24;
/// How many attributes a document may have; a genuine response has about 70.
pub const MAX_ALL_ATTRIBUTES: usize = 1_000;
/// How many namespace declarations may be in force at one place; in a genuine response there are three.
pub const MAX_NAMESPACES: usize = 32;
/// How long a name may be, in bytes.
pub const MAX_NAME_LEN: usize = 128;

/// Why a text is not a document of this profile.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Not well-formed, or with a name beyond ASCII.
    #[error("not well-formed at byte {at}")]
    NotWellFormed {
        /// Where it stops making sense.
        at: usize,
    },
    /// A document type declaration, harmless or not.
    #[error("there is a document type declaration")]
    DocumentType,
    /// A processing instruction, anywhere.
    #[error("there is a processing instruction")]
    ProcessingInstruction,
    /// The XML declaration names another version than 1.0 or another encoding than UTF-8.
    #[error("the declaration names another version or encoding")]
    Declaration,
    /// A namespace name that is empty, relative or no URI at all: canonicalizers disagree about those.
    #[error("a namespace name is not an absolute URI")]
    Namespace,
    /// More than any genuine document has.
    #[error("too many {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
    },
}
