//! Our reading of SAML beside other people's: their messages, and their verifiers.

mod fixtures;
#[cfg(feature = "engine-samael")]
mod oracle;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shared::{
    env::Variables,
    marketplace::{IdpKey, LegacyCryptography},
    testing::acme,
};

/// Names the folder of the third-party messages. They are not in the repository.
const FIXTURES: &str = "STALLHOLDER_SAML_FIXTURES";
const LEGACY: LegacyCryptography = LegacyCryptography { sha1: true, short_rsa_keys: true, historical_names: false };

/// A third party's message, and what is expected of it.
struct Message {
    name: String,
    /// As it would be posted.
    field: String,
    /// What it is, if that is XML.
    xml: Option<String>,
    /// What its origin trusts.
    keys: Vec<IdpKey>,
    expected: Expected,
    frozen_at: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Accepted,
    AcceptedWithLegacyCryptography,
    Refused,
}

/// Every third-party message; none, said aloud, if nobody says where they are.
fn messages() -> Vec<Message> {
    let Some(folder) = Variables::of_process().optional(FIXTURES).unwrap() else {
        eprintln!("NOT RUN: the third parties' SAML messages, because {FIXTURES} does not name their folder");
        return Vec::new();
    };
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"));
    let table: Vec<serde_json::Value> = serde_json::from_slice(&read("expected.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let certificates: Vec<&str> = manifest["fixtures"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fixture| fixture["kind"] == "cert")
        .map(|fixture| fixture["file"].as_str().unwrap())
        .collect();
    let message = |row: &serde_json::Value| {
        let name = row["file"].as_str().unwrap().to_owned();
        let (origin, _) = name.split_once('/').unwrap();
        let wire = read(&name);
        let field = match row["wire"].as_str().unwrap() {
            "xml" => STANDARD.encode(&wire),
            _ => String::from_utf8(wire.clone()).unwrap(),
        };
        let compact: String = field.split_whitespace().collect();
        let xml = STANDARD.decode(compact).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let beside = certificates.iter().filter(|file| file.starts_with(origin)).filter_map(|file| key_of(&read(file)));
        // Some origins pin the fingerprint of the certificate in the message (TABLE.md), some a bare public key.
        let pinned = ["maestrano-ruby", "ruby-saml", "samael"].contains(&origin);
        let public_keys: Vec<Vec<u8>> = certificates
            .iter()
            .filter(|file| file.starts_with(origin))
            .filter_map(|file| public_key(&read(file)))
            .collect();
        let embedded = xml.iter().flat_map(|xml| embedded_keys(xml)).filter(|key| {
            let certificate = key.certificate_der();
            pinned || public_keys.iter().any(|known| certificate.windows(known.len()).any(|part| part == known))
        });
        let keys = beside.chain(embedded).collect();
        let expected = match row["maestrano"].as_str().unwrap() {
            "accept" => Expected::Accepted,
            "accept only with legacy SHA-1" => Expected::AcceptedWithLegacyCryptography,
            "reject" => Expected::Refused,
            other => panic!("{name}: {other}?"),
        };
        let frozen_at = row["frozen"].as_str().filter(|at| *at != "-").map(str::to_owned);
        Message { name, field, xml, keys, expected, frozen_at }
    };
    table.iter().map(message).collect()
}

/// A certificate in PEM, in DER, or in bare base64; public keys alone are none.
fn key_of(file: &[u8]) -> Option<IdpKey> {
    let text = std::str::from_utf8(file).unwrap_or_default();
    let base64: String = if text.contains("-----BEGIN") {
        text.split("-----").nth(2).unwrap_or_default().split_whitespace().collect()
    } else if text.is_empty() {
        STANDARD.encode(file)
    } else {
        text.split_whitespace().collect()
    };
    from_base64(&base64)
}

/// The bytes of a public key that stands alone.
fn public_key(file: &[u8]) -> Option<Vec<u8>> {
    let (_, rest) = std::str::from_utf8(file).ok()?.split_once("-----BEGIN RSA PUBLIC KEY-----")?;
    let (base64, _) = rest.split_once("-----END")?;
    STANDARD.decode(base64.split_whitespace().collect::<String>()).ok()
}

fn from_base64(certificate: &str) -> Option<IdpKey> {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----");
    IdpKey::from_pem(&pem, None).ok()
}

fn embedded_keys(xml: &str) -> Vec<IdpKey> {
    let Ok(document) = roxmltree::Document::parse(xml) else { return Vec::new() };
    let certificates = document.descendants().filter(|node| node.tag_name().name() == "X509Certificate");
    let base64 = certificates.filter_map(|node| Some(node.text()?.split_whitespace().collect::<String>()));
    base64
        .filter_map(|base64| {
            // One of the origins encodes the whole PEM file.
            let inner = STANDARD.decode(&base64).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            inner.map_or_else(|| from_base64(&base64), |pem| key_of(pem.as_bytes()))
        })
        .collect()
}
