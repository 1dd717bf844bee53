//! A stack for each test, on free ports, and the people who use it.

pub(crate) mod app;
mod browser;
mod chromium;
pub(crate) mod events;
mod marketplaces;
pub(crate) mod sharing;
mod world;

pub(crate) use browser::{Answer, Browser, Form, authn_request};
pub(crate) use chromium::Chromium;
pub(crate) use world::World;
