//! The path of a SAML response, fed with anything. Beside not panicking, these must hold for whatever our parser accepts:
//!
//! * roxmltree accepts it too and sees the same elements, attributes and text;
//! * bergshamra makes the same canonical form of it, line breaks aside;
//! * the canonical form is its own canonical form;
//! * what is read from a signed element is what would be read from its canonical bytes alone.
#![expect(clippy::expect_used, reason = "a property that does not hold is a panic")]

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::uppsala;
use canonical_xml::{Child, Document, Element};
use shared::{
    identity::Identity,
    marketplace::{AllSettings, Directory, Marketplace},
    saml::{self, Expectations, UnverifiedResponse},
};

const CONFIGURATION: &[u8] = include_bytes!("../../fixtures/vectors/marketplaces_config.json");

/// The vectors' marketplace, allowing all it can be made to allow: the more is accepted the more is looked at.
static MARKETPLACE: LazyLock<Marketplace> = LazyLock::new(|| {
    let directory =
        Directory::from_json(CONFIGURATION, &AllSettings::default()).expect("the vector is a configuration");
    let mut marketplace = directory.find("acme-hub").expect("the vector has it").as_ref().clone();
    marketplace.settings.legacy_cryptography.sha1 = true;
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
    let canonical = canonical_is_stable(&document);
    agrees_with_bergshamra(text, &canonical);
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

fn canonical_is_stable(document: &Document<'_>) -> Vec<u8> {
    let canonical = document.root().canonical(None, &[]);
    let text = std::str::from_utf8(&canonical).expect("a canonical form is UTF-8");
    let again = Document::parse(text).expect("a canonical form is a document of the profile");
    assert!(again.root().canonical(None, &[]) == canonical, "a canonical form has another canonical form");
    canonical
}

/// uppsala, bergshamra's parser, keeps line breaks and tabs in attributes, where XML 1.0 (3.3.3) wants spaces, as libxml2 and roxmltree
/// have it: what holds any is left to those.
fn agrees_with_bergshamra(text: &str, canonical: &[u8]) {
    if text.contains(['\n', '\r', '\t']) {
        return;
    }
    let theirs = uppsala::parse(text.trim_start_matches('\u{FEFF}')).expect("uppsala refuses what we accept");
    let root = theirs.document_element().expect("a document has a root");
    let visible = bergshamra_xml::NodeSet::tree_without_comments(root, &theirs);
    let theirs = canonicalize_doc::<&str>(&theirs, C14nMode::Exclusive, Some(&visible), &[]).expect("it canonicalizes");
    assert!(theirs == canonical, "bergshamra makes another canonical form");
}

/// As if the signature were good: the assertion as we read it in the response, and alone, from its canonical bytes.
fn reads_what_is_canonical(document: &Document<'_>) {
    let Ok(response) = UnverifiedResponse::of(document) else { return };
    let signed = response.as_if_signed();
    let canonical = signed.canonical();
    let canonical = std::str::from_utf8(&canonical).expect("a canonical form is UTF-8");
    // Reading passes over a signature after the issuer, which the canonical bytes have not.
    let placeholder = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>";
    let Some((head, tail)) = canonical.split_once("Issuer>") else { return };
    let alone = format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{head}Issuer>{placeholder}{tail}</samlp:Response>"
    );
    let read = |signed: &saml::SignedAssertion<'_>| {
        let assertion = signed.read()?.check(&MARKETPLACE, &expectations())?;
        Ok::<_, saml::ResponseError>((assertion.id, assertion.subject, assertion.request_id, assertion.attributes))
    };
    let (in_response, Ok(alone)) = (read(&signed), Document::parse(&alone)) else { return };
    let Ok(alone) = UnverifiedResponse::of(&alone) else { return };
    assert!(in_response == read(&alone.as_if_signed()), "the canonical bytes say something else than the document");
}

#[cfg(test)]
mod tests {
    /// Everything that a fuzzer ever found worth keeping, and the vectors.
    #[test]
    fn the_corpus_holds() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
        let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/vectors");
        let mut fed = 0;
        for folder in [folder, vectors] {
            for entry in std::fs::read_dir(folder).expect("the folder is there") {
                super::everything(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
                fed += 1;
            }
        }
        assert!(fed > 20, "the corpus is gone");
    }
}
