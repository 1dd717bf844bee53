//! The one way to make an outgoing HTTP client: time limits, no redirects, our name.

use std::{sync::OnceLock, time::Duration};

use http::{HeaderMap, header::DATE};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{Client, ClientBuilder, Response};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(20);
/// How long what was sent may be unacknowledged.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// A client for calls to marketplaces and the developer platform. Redirects are not followed: credentials go to the
/// configured host and nowhere else (threats.md W12). No connection is kept: an execution environment is frozen between
/// requests, and what was open then may be gone when it wakes.
///
/// # Errors
/// When the TLS library cannot start.
pub fn new(timeout: Duration) -> Result<Client, reqwest::Error> {
    builder(timeout).pool_max_idle_per_host(0).build()
}

/// The same, for a host that is asked again and again: connections are kept for a short while, and one that nobody acknowledges any more
/// is given up soon, because an execution environment is frozen between invocations.
fn keeping_connections(timeout: Duration) -> Result<Client, reqwest::Error> {
    builder(timeout).pool_idle_timeout(KEPT).pool_max_idle_per_host(8).tcp_user_timeout(UNACKNOWLEDGED).build()
}

fn builder(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("stallholder/", env!("CARGO_PKG_VERSION")))
}

/// A client that is made when it is first needed: many cold starts need none.
#[derive(Debug, Default)]
pub(crate) struct LazyClient {
    client: OnceLock<Client>,
    keeps_connections: bool,
}

impl LazyClient {
    /// One that keeps connections.
    pub(crate) fn keeping_connections() -> Self {
        Self { client: OnceLock::new(), keeps_connections: true }
    }

    /// The client; `timeout` counts when it is made.
    pub(crate) fn get(&self, timeout: Duration) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = if self.keeps_connections { keeping_connections(timeout) } else { new(timeout) }?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// The body of an answer; `None` if it has more than `max_len` bytes.
///
/// # Errors
/// When the connection breaks.
pub async fn body_within(max_len: usize, mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max_len {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// What time it was for whoever sent this answer (`Date`, RFC 9110, 6.6.1), if it says so.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(headers.get(DATE)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_senders_clock_is_read_if_there_is_one() {
        let dated = |value| date(&HeaderMap::from_iter([(DATE, http::HeaderValue::from_static(value))]));
        assert_eq!(dated("Tue, 15 Jan 2030 10:00:30 GMT"), "2030-01-15T10:00:30Z".parse().ok());
        for no_date in ["", "yesterday", "2030-01-15T10:00:30Z"] {
            assert_eq!(dated(no_date), None, "{no_date}");
        }
        assert_eq!(date(&HeaderMap::new()), None);
    }
}
