//! The one way to make an outgoing HTTP client: time limits, no redirects, our name.

use std::time::Duration;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client for calls to marketplaces and the developer platform. Redirects are not followed: credentials go to the
/// configured host and nowhere else (threats.md W12). No connection is kept: an execution environment is frozen between
/// requests, and what was open then may be gone when it wakes.
///
/// # Errors
/// When the TLS library cannot start.
pub fn new(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("stallholder/", env!("CARGO_PKG_VERSION")))
        .build()
}
