//! The marketplaces of the sample document (protocol.md §12).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header::AUTHORIZATION};

use crate::{
    http::BasicCredentials,
    marketplace::{Directory, Entries, Entry, Manifest, Marketplace, PlatformDocument},
};

const DOCUMENT: &str = include_str!("../../../tests/fixtures/vectors/marketplaces_config.json");

/// What the sample document and this manifest say.
#[must_use]
pub fn entries(manifest: &str) -> Entries {
    let document = PlatformDocument::parse(DOCUMENT.as_bytes()).expect("the sample is a document");
    let mut manifest = Manifest::parse(manifest).expect("a manifest");
    let entry = |(key, platform)| {
        let manifest = manifest.marketplaces.remove(&key);
        (key, Entry { platform: Some(platform), manifest })
    };
    document.entries.into_iter().map(entry).collect()
}

/// The marketplaces of the sample document, dealt with as this manifest says.
#[must_use]
pub fn directory(manifest: &str) -> Directory {
    Directory::of(&entries(manifest))
}

/// `acme-hub` of the sample document, with strict settings.
#[must_use]
pub fn acme() -> Marketplace {
    directory("").find("acme-hub").expect("the sample has it").as_ref().clone()
}

/// Credentials as a caller presents them.
#[must_use]
pub fn basic(id: &str, key: &str) -> BasicCredentials {
    let headers = [(AUTHORIZATION, basic_header(id, key))].into_iter().collect();
    BasicCredentials::of(&headers).expect("an id without a colon")
}

/// The `Authorization` of these credentials.
#[must_use]
pub fn basic_header(id: &str, key: &str) -> HeaderValue {
    let value = format!("Basic {}", STANDARD.encode(format!("{id}:{key}")));
    HeaderValue::from_str(&value).expect("base64 is a header")
}
