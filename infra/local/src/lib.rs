#![doc = include_str!("../README.md")]

mod demo_app;
mod describe;
mod feed;
mod gateway;
mod options;
mod pages;
mod secrets;
mod stack;
mod stores;

pub use describe::Description;
pub use feed::{Entry, Feed, FeedLayer};
pub use options::{Options, Ports};
pub use stack::{Stack, StartError};
