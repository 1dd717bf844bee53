//! A stack for each test, on free ports, and the people who use it.

mod browser;
mod chromium;
mod world;

pub(crate) use browser::{Answer, Browser, Form, authn_request};
pub(crate) use chromium::Chromium;
pub(crate) use world::World;
