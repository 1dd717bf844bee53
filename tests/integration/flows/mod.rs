//! What must hold wherever it runs: the same tests drive the embedded stack and a deployed one (`STALLHOLDER_TARGET`).

mod app_api;
mod chromium;
mod configuration;
mod openid;
mod refusals;
mod session;
mod sign_in;
