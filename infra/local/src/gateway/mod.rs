//! An HTTP API on loopback: turns requests into API Gateway events (payload format 2.0), hands them to the very
//! `handle` that the Lambda binary runs, by way of the same adapter, and turns its answer back.
//!
//! Like API Gateway it knows its routes, decodes the path, joins repeated headers with a comma, takes cookies out of them, sets
//! the forwarding headers, sends bodies that are not text in base64, and refuses what a Lambda could not take (6 MB).

mod event;
mod router;

pub(crate) use router::router;
