//! The sandbox over a real listener, one file per topic.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "this whole binary is a test; the lint configuration only knows functions marked as one"
)]

mod access_ends;
mod account;
mod account_membership;
mod app;
mod binary;
mod config;
mod config_faults;
mod configuration_patch;
mod connec;
mod connec_batch;
mod connec_client;
mod connec_company;
mod connec_control;
mod connec_faults;
mod connec_ids;
mod connec_list;
mod connec_pages;
mod connec_writes;
mod control;
mod faults;
mod http;
mod login;
mod openid;
mod openid_discovery;
mod openid_settings;
mod pages;
mod relying_party;
mod removals;
mod response;
mod running;
mod session;
mod signature;
mod start;
