//! Our verifier beside libxmlsec1: whatever ours accepts, the other accepts too, and both signed the same text.

use shared::{
    marketplace::{Directory, IdpKey},
    saml::{Expectations, Identity, UnverifiedResponse, engine_samael},
    testing::{IdentityProvider, ResponseDraft},
};

const CONFIGURATION: &str = include_str!("../fixtures/vectors/marketplaces_config.json");
const GENUINE: &str = include_str!("../fixtures/vectors/saml_response_signed_sha256.xml");
const VECTORS: [&str; 12] = [
    GENUINE,
    include_str!("../fixtures/vectors/saml_response_signed_sha1.xml"),
    include_str!("../fixtures/vectors/saml_response_unsigned.xml"),
    include_str!("../fixtures/vectors/saml_bad_tampered_email.xml"),
    include_str!("../fixtures/vectors/saml_bad_status.xml"),
    include_str!("../fixtures/vectors/saml_bad_recipient.xml"),
    include_str!("../fixtures/vectors/saml_bad_audience.xml"),
    include_str!("../fixtures/vectors/saml_bad_in_response_to.xml"),
    include_str!("../fixtures/vectors/saml_bad_wrapped_first.xml"),
    include_str!("../fixtures/vectors/saml_bad_wrapped_dup_id.xml"),
    include_str!("../fixtures/vectors/saml_comment_split.xml"),
    include_str!("../fixtures/vectors/saml_comment_truncation.xml"),
];
/// What is put in the place of a character, or before it.
const INSERTIONS: [&str; 7] = ["x", "", " ", "<!---->", "&amp;", "<x></x>", "\u{e9}"];

/// Whether ours accepts, after making sure that the other engine does not contradict it.
fn agreed(xml: &str, keys: &[IdpKey]) -> bool {
    let Ok(response) = UnverifiedResponse::parse(xml) else { return false };
    let Ok(ours) = response.verify(keys) else { return false };
    let theirs = response.verify_with_samael(keys);
    let theirs = theirs.unwrap_or_else(|_| panic!("only ours accepts what differs {}", difference(xml)));
    assert_eq!(
        ours.canonical(),
        theirs.canonical(),
        "the engines read different texts of what differs {}",
        difference(xml)
    );
    true
}

/// Where a mutation begins: the document itself is too long to be read in a failure.
fn difference(xml: &str) -> String {
    let at = xml.chars().zip(GENUINE.chars()).take_while(|(one, other)| one == other).count();
    let excerpt: String = xml.chars().skip(at.saturating_sub(20)).take(60).collect();
    format!("at character {at}: …{excerpt}…")
}

fn vector_keys() -> Vec<IdpKey> {
    let directory = Directory::from_json(CONFIGURATION.as_bytes()).unwrap();
    directory.find("acme-hub").unwrap().idp_keys.clone()
}

#[test]
fn both_engines_agree_on_every_vector() {
    let keys = vector_keys();
    let accepted = VECTORS.iter().filter(|xml| agreed(xml, &keys)).count();
    assert_eq!(accepted, 7, "genuine, four with another context, two with comments");
}

#[test]
fn the_second_engine_takes_the_same_person_through_all_stages() {
    let directory = Directory::from_json(CONFIGURATION.as_bytes()).unwrap();
    let acme = directory.find("acme-hub").unwrap();
    let expected = Expectations {
        request_ids: &["_3c6f0b5e-77a4-4c1b-9a53-0d4d7f2f9e10".to_owned()],
        now: "2030-01-15T10:00:30Z".parse().unwrap(),
    };
    let signed = UnverifiedResponse::parse(GENUINE).unwrap().verify_with_samael(&acme.idp_keys).unwrap();
    let assertion = signed.read().unwrap().check(acme, &expected).unwrap();
    assert_eq!(Identity::try_from(&assertion).unwrap().user.email, "ines.okoro@example.org");
}

#[test]
fn our_profile_refuses_what_the_library_alone_would_let_pass() {
    let keys = vector_keys();
    let with_dtd = format!("<!DOCTYPE Response>{GENUINE}");
    assert!(
        engine_samael::signed_text(&with_dtd, &keys).is_some(),
        "the library has become stricter: say so in decisions.md"
    );
    assert!(UnverifiedResponse::parse(&with_dtd).is_err());
}

#[test]
fn both_engines_agree_on_a_thousand_mutations() {
    let keys = vector_keys();
    let places: Vec<usize> = GENUINE.char_indices().map(|(at, _)| at).step_by(13).collect();
    let mut accepted = 0;
    for (turn, at) in places.iter().enumerate() {
        let insertion = INSERTIONS[turn % INSERTIONS.len()];
        let (head, tail) = GENUINE.split_at(*at);
        let mut without_first = tail.chars();
        without_first.next();
        accepted += usize::from(agreed(&format!("{head}{insertion}{}", without_first.as_str()), &keys));
        accepted += usize::from(agreed(&format!("{head}{insertion}{tail}"), &keys));
    }
    assert!(places.len() > 500, "{} places", places.len());
    assert!(accepted > 0, "no mutation was harmless: the comparison compared nothing");
}

#[test]
fn both_engines_agree_on_namespaces_white_space_and_escapes() {
    let idp = IdentityProvider::generate();
    let keys = [IdpKey::from_pem(idp.certificate_pem(), None).unwrap()];
    let draft = ResponseDraft::genuine(
        "https://hub.test/api/v1/auth/saml",
        "https://app.test/consume",
        "_r",
        jiff::Timestamp::UNIX_EPOCH,
    );
    let signed = draft.sign(&idp);
    assert!(agreed(&signed, &keys));
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
        assert!(agreed(&signed.replacen(from, to, 1), &keys), "{to} changes nothing that is signed");
    }
    for (from, to) in [("<Subject>", "<Subject>\n"), ("usr-5k2", "usr-5k2&#13;"), ("Sons", "Sons ")] {
        assert!(!agreed(&signed.replacen(from, to, 1), &keys), "{to} changes what is signed");
    }
}
