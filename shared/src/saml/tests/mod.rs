//! One test for each rule, each input broken in exactly one way and, where the rule is about what was signed, really signed.

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    identity::Identity,
    marketplace::{IdpKey, MarketplaceSettings},
    testing::{IdentityProvider, ResponseDraft, acme},
};

const NOW: &str = "2030-01-15T10:00:30Z";
const REQUEST: &str = "_3c6f0b5e-77a4-4c1b-9a53-0d4d7f2f9e10";

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/vectors/", $name))
    };
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn idp() -> &'static IdentityProvider {
    static IDP: OnceLock<IdentityProvider> = OnceLock::new();
    IDP.get_or_init(IdentityProvider::generate)
}

/// The same, with a key that we can sign with.
fn marketplace() -> Marketplace {
    Marketplace { idp_keys: vec![IdpKey::from_pem(idp().certificate_pem(), None).unwrap()], ..acme() }
}

fn draft() -> ResponseDraft {
    draft_for(REQUEST)
}

fn draft_for(request_id: &str) -> ResponseDraft {
    let Marketplace { idp_sso_url, acs_url, .. } = acme();
    ResponseDraft::genuine(&idp_sso_url, &acs_url, request_id, now())
}

fn accept_at(xml: &str, marketplace: &Marketplace, now: Timestamp) -> Result<Assertion, ResponseError> {
    accept(&STANDARD.encode(xml), marketplace, &Expectations { request_ids: &[REQUEST.to_owned()], now })
        .map_err(|refusal| refusal.error)
}

fn outcome(xml: &str) -> Result<Assertion, ResponseError> {
    accept_at(xml, &marketplace(), now())
}

fn refusal(xml: &str) -> ResponseError {
    outcome(xml).expect_err("accepted")
}

/// The same with one thing changed in the marketplace's settings.
fn with_settings(change: impl FnOnce(&mut MarketplaceSettings)) -> Marketplace {
    let mut marketplace = marketplace();
    change(&mut marketplace.settings);
    marketplace
}

fn vector_outcome(xml: &str) -> Result<Identity, ResponseError> {
    accept_at(xml, &acme(), now()).map(|assertion| Identity::try_from(&assertion).unwrap())
}

mod conditions;
mod document;
mod encoding;
mod settings;
mod signature;
mod subject;
mod vectors;
mod wrapping;
