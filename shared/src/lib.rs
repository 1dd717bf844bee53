//! What every function of Stallholder builds on.
//!
//! Read in this order: [`domain`] (ids, people, groups: plain types), [`marketplace`] (who we talk to),
//! [`saml`] and [`openid`] (how a marketplace tells us who signed in), [`session`] (what we remember of it), [`store`]
//! (where), [`http`] (how we answer). The rest are small tools: [`aws`], [`clock`], [`mod@env`], [`lambda`], [`random`],
//! [`sealed`], [`secret`], [`secrets`], [`telemetry`], [`web_url`].
//!
//! Invariants: [`domain`] names no AWS, HTTP or Lambda type; only [`store`]'s key module spells `PK` and `SK`;
//! nothing but [`clock::SystemClock`] asks for the time; only each function's `Settings` reads variables.
#![warn(missing_docs)]

pub mod account_api;
pub mod application_keys;
pub mod aws;
pub mod batch;
#[cfg(test)]
mod canned_server;
pub mod clock;
pub mod configuration;
pub mod connec;
pub mod domain;
pub mod env;
pub mod event;
pub mod http;
pub mod http_client;
pub mod identity;
pub mod lambda;
pub mod marketplace;
pub mod metrics;
pub mod openid;
pub mod random;
pub mod recheck;
pub mod rotating;
pub mod routes;
pub mod saml;
pub mod sealed;
pub mod secret;
pub mod secrets;
pub mod session;
pub mod session_token;
pub mod sharing;
pub mod store;
pub mod telemetry;
#[cfg(any(test, feature = "test-support"))]
pub mod testing;
pub mod trace;
pub mod web_url;
