//! A small vendor's app: what a vendor has to write to let people in, to see them out, and to share records.

mod app;
mod books;
mod events;
mod forms;
mod records;
mod sharing;

pub(crate) use app::{DemoApp, Visitor};
pub(crate) use books::{Content, Customer, Invoice, Line, Place, Record};
pub(crate) use forms::FormError;
pub(crate) use records::Shared;
pub(crate) use sharing::{Link, Refusal};
