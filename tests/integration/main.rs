//! The whole stack, driven from outside: as a browser, as an app, as an attacker.

mod harness;

mod app_api;
mod refusals;
mod sign_in;
