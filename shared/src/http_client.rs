//! The one way to make an outgoing HTTP client: time limits, no redirects, our name.

use std::{sync::OnceLock, time::Duration};

use reqwest::{Client, Response};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client for calls to marketplaces and the developer platform. Redirects are not followed: credentials go to the
/// configured host and nowhere else (threats.md W12). No connection is kept: an execution environment is frozen between
/// requests, and what was open then may be gone when it wakes.
///
/// # Errors
/// When the TLS library cannot start.
pub fn new(timeout: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("stallholder/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// A client that is made when it is first needed: many cold starts need none.
#[derive(Debug, Default)]
pub(crate) struct LazyClient(OnceLock<Client>);

impl LazyClient {
    /// The client; `timeout` counts when it is made.
    pub(crate) fn get(&self, timeout: Duration) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let client = new(timeout)?;
        Ok(self.0.get_or_init(|| client))
    }
}

/// The body of an answer; `None` if it has more than `max_len` bytes.
pub(crate) async fn body_within(max_len: usize, mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max_len {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
