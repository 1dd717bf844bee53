//! The whole stack, driven from outside: as a browser, as an app, as an attacker.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail loudly"
)]

mod harness;

mod configuration;
mod connec_api;
mod embedded;
mod flows;
mod id_map;
mod isolation;
mod manifest;
mod outbox;
mod pushes;
mod races;
mod saml;
mod template;
