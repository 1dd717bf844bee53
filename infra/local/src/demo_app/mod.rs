//! A small vendor's app: what a vendor has to write to let people in, and to see them out.

mod app;
mod events;

pub(crate) use app::{DemoApp, Visitor};
