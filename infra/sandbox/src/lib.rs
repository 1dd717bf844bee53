//! A marketplace in a box: plays the Maestrano side for local development and tests.
//!
//! It serves the developer platform's configuration, a SAML identity provider, an OpenID provider, session checks,
//! the account API without billing, Connec! and a launcher page for two seeded marketplaces, each under its own path
//! prefix, on loopback only. It tells the app when a group or a member is removed.
//! A control API under `/control` changes people and settings, and makes routes fail on demand.
//! It is written from the protocol alone and shares no code with the service, so that the two sides can disagree.
//! It does not do billing yet, and its Connec! sends no notifications.

mod account;
mod app;
mod basic;
mod config_api;
mod connec;
mod control;
mod directory;
mod escape;
mod events;
mod faults;
mod keys;
mod listener;
mod login;
mod merge_patch;
mod openid;
mod options;
mod pages;
mod random;
mod routes;
mod saml;
mod seed;
mod server;
mod session;
mod state;
mod summary;
mod time;
mod webhooks;

pub use directory::{Dates, Directory, Group, GroupStatus, Membership, Reseller, Role, User};
pub use events::Event;
pub use keys::{KeyError, KeyPair};
pub use options::{EnvironmentCredentials, IdpKeys, MarketplaceSpec, Options, PathStyle};
pub use server::{Sandbox, StartError};
pub use state::SignatureMode;
pub use summary::MarketplaceSummary;
