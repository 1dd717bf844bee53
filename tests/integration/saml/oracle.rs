//! Our verifier beside two others: samael's on libxmlsec1, and Debian's `xmlsec1` program. Whatever ours accepts, they accept too,
//! all three signed the same text, and another parser reads the same values in it. They may accept more: their profile is wider.

use std::{fs, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shared::{
    identity::{Assertion, Identity},
    marketplace::{IdpKey, LegacyCryptography},
    saml::{self, Document, Expectations, UnverifiedResponse, engine_samael},
    testing::{IdentityProvider, ResponseDraft},
};

use super::{Expected, LEGACY, acme, messages};

const GENUINE: &str = include_str!("../../fixtures/vectors/saml_response_signed_sha256.xml");
const VECTORS: [&str; 12] = [
    GENUINE,
    include_str!("../../fixtures/vectors/saml_response_signed_sha1.xml"),
    include_str!("../../fixtures/vectors/saml_response_unsigned.xml"),
    include_str!("../../fixtures/vectors/saml_bad_tampered_email.xml"),
    include_str!("../../fixtures/vectors/saml_bad_status.xml"),
    include_str!("../../fixtures/vectors/saml_bad_recipient.xml"),
    include_str!("../../fixtures/vectors/saml_bad_audience.xml"),
    include_str!("../../fixtures/vectors/saml_bad_in_response_to.xml"),
    include_str!("../../fixtures/vectors/saml_bad_wrapped_first.xml"),
    include_str!("../../fixtures/vectors/saml_bad_wrapped_dup_id.xml"),
    include_str!("../../fixtures/vectors/saml_comment_split.xml"),
    include_str!("../../fixtures/vectors/saml_comment_truncation.xml"),
];
/// What is put in the place of a character, or before it.
const INSERTIONS: [&str; 16] = [
    "x",
    "",
    " ",
    "\n",
    "\r\n",
    "<!---->",
    "&amp;",
    "&#65;",
    "&#13;",
    "<x></x>",
    "<x/>",
    "\u{e9}",
    "<![CDATA[]]>",
    "'",
    " xmlns:y='urn:y'",
    "<?x?>",
];
/// What only ours accepts, with the reason why that is right; nothing so far.
const ONLY_OURS: [&str; 0] = [];

/// What ours says was signed.
fn ours(xml: &str, keys: &[IdpKey], legacy: LegacyCryptography) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let signed = UnverifiedResponse::of(&document).ok()?.verify(keys, legacy).ok()?;
    Some(String::from_utf8(signed.canonical()).unwrap())
}

/// What the `xmlsec1` program says was signed.
fn xmlsec1(xml: &str, keys: &[IdpKey]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (message, certificate) = (folder.path().join("message.xml"), folder.path().join("certificate.der"));
    fs::write(&message, xml).unwrap();
    keys.iter().find_map(|key| {
        fs::write(&certificate, key.certificate_der()).unwrap();
        let output = Command::new("xmlsec1")
            .args(["--verify", "--store-references", "--print-debug"])
            // Nothing is taken from KeyInfo but names, so that nothing else in it matters.
            .args(["--enabled-key-data", "key-name"])
            .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--pubkey-cert-der"])
            .args([&certificate, &message])
            .output()
            .unwrap();
        let report = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        let (_, rest) = report.split_once("== PreDigest data - start buffer:\n")?;
        let (signed, _) = rest.rsplit_once("\n== PreDigest data - end buffer")?;
        Some(signed.to_owned())
    })
}

/// Whether ours accepts, after making sure that nobody contradicts it.
fn agreed(xml: &str, base: &str, keys: &[IdpKey], legacy: LegacyCryptography) -> bool {
    let Some(ours) = ours(xml, keys, legacy) else { return false };
    let place = || difference(xml, base);
    if ONLY_OURS.contains(&xml) {
        return true;
    }
    for (engine, theirs) in [("samael", engine_samael::signed_text(xml, keys, legacy)), ("xmlsec1", xmlsec1(xml, keys))]
    {
        let theirs = theirs.unwrap_or_else(|| panic!("only ours, not {engine}, accepts what differs {}", place()));
        assert_eq!(ours, theirs, "{engine} signed another text in what differs {}", place());
    }
    true
}

/// Where a mutation begins: the document itself is too long to be read in a failure.
fn difference(xml: &str, base: &str) -> String {
    let at = xml.chars().zip(base.chars()).take_while(|(one, other)| one == other).count();
    let excerpt: String = xml.chars().skip(at.saturating_sub(20)).take(60).collect();
    format!("at character {at}: …{excerpt}…")
}

/// Every mutation of `base` at every `step`-th place. Tells how many there were, and how many were harmless.
fn mutate(base: &str, step: usize, keys: &[IdpKey], legacy: LegacyCryptography) -> (usize, usize) {
    let (mut tried, mut accepted) = (0, 0);
    for (turn, (at, _)) in base.char_indices().step_by(step).enumerate() {
        let insertion = INSERTIONS[turn % INSERTIONS.len()];
        let (head, tail) = base.split_at(at);
        let mut without_first = tail.chars();
        without_first.next();
        for mutant in [format!("{head}{insertion}{}", without_first.as_str()), format!("{head}{insertion}{tail}")] {
            if mutant == base {
                continue;
            }
            tried += 1;
            accepted += usize::from(agreed(&mutant, base, keys, legacy));
        }
    }
    (tried, accepted)
}

#[test]
fn all_engines_agree_on_every_vector() {
    let keys = acme().idp_keys;
    let accepted = |legacy| VECTORS.iter().filter(|xml| agreed(xml, xml, &keys, legacy)).count();
    assert_eq!(accepted(LegacyCryptography::default()), 7, "genuine, four with another context, two with comments");
    assert_eq!(accepted(LEGACY), 8, "and the one with SHA-1");
}

#[test]
fn all_engines_agree_on_third_parties_messages_and_their_mutations() {
    let (mut documents, mut accepted) = (0, 0);
    for message in messages() {
        let Some(xml) = message.xml else { continue };
        let agreed = agreed(&xml, &xml, &message.keys, LEGACY);
        if message.expected != Expected::Refused {
            assert!(agreed, "{}", message.name);
            documents += 1;
            accepted += mutate(&xml, 311, &message.keys, LEGACY).1;
        }
    }
    assert!(
        documents == 0 || (documents == 14 && accepted > 0),
        "{documents} documents, {accepted} harmless mutations"
    );
}

#[test]
fn all_engines_agree_on_a_thousand_mutations() {
    let (tried, accepted) = mutate(GENUINE, 13, &acme().idp_keys, LegacyCryptography::default());
    assert!(tried > 1_000, "{tried} mutations");
    assert!(accepted > 0, "no mutation was harmless: the comparison compared nothing");
}

#[test]
fn another_parser_reads_the_same_values_in_what_was_signed() {
    let acme = acme();
    let expected = Expectations {
        request_ids: &["_3c6f0b5e-77a4-4c1b-9a53-0d4d7f2f9e10".to_owned()],
        now: "2030-01-15T10:00:30Z".parse().unwrap(),
    };
    for xml in [GENUINE, VECTORS[10], VECTORS[11]] {
        let assertion = saml::accept(&STANDARD.encode(xml), &acme, &expected).unwrap();
        let signed = engine_samael::signed_text(xml, &acme.idp_keys, LegacyCryptography::default()).unwrap();
        assert_eq!(read_by_another(&signed), (assertion.subject.clone(), assertion.attributes.clone()));
    }
    let assertion: Assertion = saml::accept(&STANDARD.encode(GENUINE), &acme, &expected).unwrap();
    assert_eq!(Identity::try_from(&assertion).unwrap().user.email, "ines.okoro@example.org");
}

type Values = (String, Vec<(String, Vec<String>)>);

/// Subject and attributes as roxmltree reads them.
fn read_by_another(signed: &str) -> Values {
    let document = roxmltree::Document::parse(signed).unwrap();
    let text = |node: roxmltree::Node<'_, '_>| {
        node.descendants().filter(roxmltree::Node::is_text).filter_map(|text| text.text().map(str::to_owned)).collect()
    };
    let all = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name_of(name)));
    let attributes = all("Attribute").map(|attribute| {
        let values = attribute.children().filter(roxmltree::Node::is_element).map(text).collect();
        (attribute.attribute("Name").unwrap().to_owned(), values)
    });
    (text(all("NameID").next().unwrap()), attributes.collect())
}

fn name_of(local: &'static str) -> roxmltree::ExpandedName<'static, 'static> {
    ("urn:oasis:names:tc:SAML:2.0:assertion", local).into()
}

#[test]
fn our_profile_refuses_what_the_library_alone_would_let_pass() {
    let keys = acme().idp_keys;
    let with_dtd = format!("<!DOCTYPE Response>{GENUINE}");
    assert!(
        engine_samael::signed_text(&with_dtd, &keys, LegacyCryptography::default()).is_some(),
        "the library has become stricter: say so in decisions.md"
    );
    assert!(Document::parse(&with_dtd).is_err());
}

#[test]
fn all_engines_agree_on_namespaces_white_space_and_escapes() {
    let idp = IdentityProvider::generate();
    let keys = [IdpKey::from_pem(idp.certificate_pem(), None).unwrap()];
    let strict = LegacyCryptography::default();
    let draft = ResponseDraft::genuine(
        "https://hub.test/api/v1/auth/saml",
        "https://app.test/consume",
        "_r",
        jiff::Timestamp::UNIX_EPOCH,
    );
    let signed = draft.sign(&idp);
    assert!(agreed(&signed, &signed, &keys, strict));
    for (from, to) in [
        ("<samlp:Response ", "<samlp:Response xmlns:unused=\"urn:unused\" "),
        ("</Subject>", "</Subject><!-- a comment -->"),
        ("Sons", "<![CDATA[Sons]]>"),
        ("Harbour", "&#72;arbour"),
        ("Caf\u{e9}", "Caf&#xE9;"),
        ("<Assertion xmlns", "<Assertion\n  xmlns"),
        ("></ds:Transform>", "/>"),
    ] {
        assert!(signed.contains(from), "{from}");
        assert!(agreed(&signed.replacen(from, to, 1), &signed, &keys, strict), "{to} changes nothing that is signed");
    }
    for (from, to) in [("<Subject>", "<Subject>\n"), ("usr-5k2", "usr-5k2&#13;"), ("Sons", "Sons ")] {
        assert!(!agreed(&signed.replacen(from, to, 1), &signed, &keys, strict), "{to} changes what is signed");
    }
}
