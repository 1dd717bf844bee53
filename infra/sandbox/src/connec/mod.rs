//! Connec! API v2 (protocol §7): the records of a marketplace's groups, one by one and in batches.
//!
//! Records live in memory. It knows nothing of notifications: nobody is told of a write.

mod answer;
mod batch;
mod calls;
mod company;
mod door;
mod draft;
mod filter;
mod gzip;
mod ids;
mod index;
mod lines;
mod listing;
mod memory;
mod operation;
mod order;
mod record;
mod refusal;
mod report;
mod resource;
mod seed;
mod shelf;
mod single;
mod store;
mod version;
mod view;

pub(crate) use batch::{BatchDamage, LARGEST_BATCH, batch};
pub(crate) use calls::{Recent as RecentCalls, count};
pub(crate) use company::write as write_company;
pub(crate) use draft::{Draft, OWNED};
pub(crate) use gzip::compress;
pub(crate) use ids::ExternalId;
pub(crate) use index::index;
pub(crate) use memory::Memory;
pub(crate) use record::Record;
pub(crate) use refusal::Refusal;
pub(crate) use report::report;
pub(crate) use resource::Resource;
pub(crate) use single::{collection, no_such_method, record};
pub(crate) use store::{Scope, Store, Written};
pub(crate) use version::version;
pub(crate) use view::View;
