//! Every row of protocol.md §1.2 and §1.3, and the manifest over them.

use serde_json::{Value, json};

use super::*;

mod directory;
mod document;
mod fields;
mod manifest;

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/vectors/", $name))
    };
}
use vector;

const SHORT_KEY: &str = include_str!("../../../../tests/fixtures/keys/rsa1024_cert.pem");

/// `acme-hub` of the sample document, changed, as the manifest deals with it.
fn entry(manifest: &str, change: impl FnOnce(&mut Value)) -> Entry {
    let mut entry = crate::testing::entries("").remove("acme-hub").unwrap();
    change(entry.platform.as_mut().unwrap());
    entry.manifest = said(manifest);
    entry
}

/// What a manifest says of the one marketplace it is about.
fn said(manifest: &str) -> Option<Value> {
    Some(yaml_serde::from_str(manifest).unwrap()).filter(|said: &Value| !said.is_null())
}

/// What is made of it without a manifest.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Marketplace, MarketplaceError> {
    Marketplace::new("acme-hub", &entry("", change))
}

/// What is made of it with one.
fn with_manifest(manifest: &str) -> Result<Marketplace, MarketplaceError> {
    Marketplace::new("acme-hub", &entry(manifest, |_| ()))
}
