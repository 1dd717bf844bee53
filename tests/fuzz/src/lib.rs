//! The path of a SAML response, fed with anything. Beside not panicking, these must hold for whatever our parser accepts:
//!
//! * roxmltree accepts it too and sees the same elements, attributes and text;
//! * bergshamra makes the same canonical form of it, line breaks aside;
//! * the canonical form is its own canonical form;
//! * what is read of an assertion in a response is what roxmltree reads in its canonical bytes alone.
#![expect(clippy::expect_used, reason = "a property that does not hold is a panic")]

mod configuration;

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::uppsala;
use canonical_xml::{Child, Document, Element};
use shared::{
    identity::Identity,
    marketplace::{LegacyCryptography, Marketplace},
    saml::{self, Expectations, UnverifiedResponse},
    testing::acme,
};

pub use configuration::configuration;

/// The vectors' marketplace, allowing all it can be made to allow: the more is accepted the more is looked at.
static MARKETPLACE: LazyLock<Marketplace> = LazyLock::new(|| {
    let mut marketplace = acme();
    marketplace.settings.legacy_cryptography =
        LegacyCryptography { sha1: true, short_rsa_keys: true, historical_names: true };
    marketplace.settings.unsolicited_responses = true;
    marketplace
});

/// Feeds one input to everything.
pub fn everything(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        let _ = accept(&STANDARD.encode(data));
        return;
    };
    let _ = accept(text);
    let _ = accept(&STANDARD.encode(text));
    let Ok(document) = Document::parse(text) else { return };
    agrees_with_roxmltree(text, &document);
    canonical_is_stable(&document);
    agrees_with_bergshamra(text, &document);
    reads_what_is_canonical(&document);
}

fn expectations() -> Expectations<'static> {
    static REQUESTS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["_3c6f0b5e-77a4-4c1b-9a53-0d4d7f2f9e10".to_owned()]);
    Expectations { request_ids: &REQUESTS, now: jiff::Timestamp::constant(1_894_701_630, 0) }
}

fn accept(field: &str) -> Option<Identity> {
    let assertion = saml::accept(field, &MARKETPLACE, &expectations()).ok()?;
    Identity::try_from(&assertion).ok()
}

/// The same elements with the same names, attributes and text, in the same order. roxmltree leaves a carriage return before a
/// reference as it is, where XML 1.0 (2.11) wants a line feed, as libxml2 has it: such a text is left to that one.
fn agrees_with_roxmltree(text: &str, document: &Document<'_>) {
    if text.contains("\r&") {
        return;
    }
    let theirs =
        roxmltree::Document::parse(text.trim_start_matches('\u{FEFF}')).expect("roxmltree refuses what we accept");
    let mut elements = theirs.root_element().descendants().filter(roxmltree::Node::is_element);
    for ours in document.root().descendants() {
        let theirs = elements.next().expect("roxmltree sees fewer elements");
        let namespace = theirs.tag_name().namespace().unwrap_or_default();
        assert!(ours.is(namespace, theirs.tag_name().name()), "an element has another name");
        let our_attributes = ours.attributes().iter().map(|one| (one.namespace(), one.local_name(), one.value()));
        let their_attributes = theirs.attributes().map(|one| (one.namespace(), one.name(), one.value()));
        assert!(our_attributes.eq(their_attributes), "an element has other attributes");
        let their_text: String =
            theirs.children().filter(roxmltree::Node::is_text).filter_map(|text| text.text()).collect();
        assert_eq!(text_of(ours), their_text, "an element has another text");
    }
    assert!(elements.next().is_none(), "roxmltree sees more elements");
}

fn text_of(element: Element<'_>) -> String {
    element.children().filter_map(|child| if let Child::Text(text) = child { Some(text) } else { None }).collect()
}

fn canonical_is_stable(document: &Document<'_>) {
    let canonical = document.root().canonical(None, &[]);
    let text = std::str::from_utf8(&canonical).expect("a canonical form is UTF-8");
    let again = Document::parse(text).expect("a canonical form is a document of the profile");
    assert!(again.root().canonical(None, &[]) == canonical, "a canonical form has another canonical form");
}

/// For the whole document and for one element of it, with and without inclusive prefixes; which ones depends on the text.
///
/// uppsala, bergshamra's parser, keeps line breaks and tabs in attributes, where XML 1.0 (3.3.3) wants spaces, as libxml2 and roxmltree
/// have it: what holds any is left to those.
fn agrees_with_bergshamra(text: &str, document: &Document<'_>) {
    if text.contains(['\n', '\r', '\t']) {
        return;
    }
    let theirs = uppsala::parse(text.trim_start_matches('\u{FEFF}')).expect("uppsala refuses what we accept");
    let their_elements: Vec<_> =
        theirs.descendants(theirs.root()).into_iter().filter(|node| theirs.element(*node).is_some()).collect();
    let our_elements: Vec<Element<'_>> = document.root().descendants().collect();
    assert_eq!(our_elements.len(), their_elements.len(), "uppsala sees another number of elements");
    let chosen = text.len() % our_elements.len().max(1);
    for (at, prefixes) in [(0, &[][..]), (chosen, &[][..]), (chosen, &["ds", "samlp", "a", "#default"][..])] {
        let (Some(ours), Some(theirs_at)) = (our_elements.get(at), their_elements.get(at)) else { continue };
        let visible = bergshamra_xml::NodeSet::tree_without_comments(*theirs_at, &theirs);
        let theirs =
            canonicalize_doc(&theirs, C14nMode::Exclusive, Some(&visible), prefixes).expect("it canonicalizes");
        assert!(
            theirs == ours.canonical(None, prefixes),
            "bergshamra makes another canonical form of element {at} with {prefixes:?}"
        );
    }
}

/// As if the signature were good: what we read of the assertion in the response is what another parser reads in its canonical
/// bytes. Tells whether there was anything to compare.
fn reads_what_is_canonical(document: &Document<'_>) -> bool {
    let Ok(response) = UnverifiedResponse::of(document) else { return false };
    let signed = response.as_if_signed();
    let read = signed.read().and_then(|assertion| assertion.check(&MARKETPLACE, &expectations()));
    let Ok(assertion) = read else { return false };
    let canonical = signed.canonical();
    let canonical = std::str::from_utf8(&canonical).expect("a canonical form is UTF-8");
    let theirs = roxmltree::Document::parse(canonical).expect("roxmltree refuses a canonical form");
    let text = |node: roxmltree::Node<'_, '_>| -> String {
        node.children().filter(roxmltree::Node::is_text).filter_map(|text| text.text()).collect()
    };
    let named = |name: &'static str| {
        theirs.descendants().filter(move |node| node.has_tag_name(("urn:oasis:names:tc:SAML:2.0:assertion", name)))
    };
    let attributes: Vec<(String, Vec<String>)> = named("Attribute")
        .map(|attribute| {
            let values = attribute.children().filter(roxmltree::Node::is_element).map(text).collect();
            (attribute.attribute("Name").unwrap_or_default().to_owned(), values)
        })
        .collect();
    assert!(assertion.attributes == attributes, "the canonical bytes have other attributes");
    assert_eq!(Some(assertion.subject), named("NameID").next().map(text), "the canonical bytes have another subject");
    assert_eq!(theirs.root_element().attribute("ID"), Some(&*assertion.id), "the canonical bytes have another id");
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &str) -> Vec<Vec<u8>> {
        let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        entries.map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file")).collect()
    }

    /// Everything that a fuzzer ever found worth keeping.
    #[test]
    fn the_corpus_holds() {
        let corpus = files("corpus");
        assert!(corpus.len() > 100, "the corpus is gone");
        corpus.iter().for_each(|data| everything(data));
    }

    #[test]
    fn the_vectors_hold_and_reach_the_last_property() {
        let vectors = files("../fixtures/vectors");
        vectors.iter().for_each(|data| everything(data));
        let reached = vectors.iter().filter(|data| {
            let document = std::str::from_utf8(data).ok().and_then(|text| Document::parse(text).ok());
            document.is_some_and(|document| reads_what_is_canonical(&document))
        });
        assert!(reached.count() >= 4, "hardly anything was compared");
    }
}
