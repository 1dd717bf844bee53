#![doc = include_str!("../README.md")]

mod bus;
mod calls;
mod delivery;
mod demo_app;
mod describe;
pub mod env_file;
mod feed;
mod functions;
mod gateway;
mod options;
mod pages;
mod queues;
mod secrets;
mod stack;
mod standard_webhooks;
mod stores;
mod stream;
mod template;

pub use bus::Bus;
pub use calls::{Action, Calls};
pub use describe::Description;
pub use feed::{Entry, Feed, FeedLayer};
pub use options::{DEFAULT_MANIFEST, Options, Ports};
pub use queues::Queues;
pub use stack::{Stack, StartError};
pub use template::TemplateError;
