//! Sending a removal to the app until it takes it, as a hub does.

use std::time::Duration;

use axum::http::{StatusCode, header};
use reqwest::{Client, RequestBuilder};

use super::removal::Removal;
use crate::app::App;
use crate::state::Marketplace;

/// How long the app may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before each further attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
const ATTEMPTS: usize = PAUSES.len() + 1;

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// What the app answered at last; `None` if it did not.
    pub(crate) status: Option<StatusCode>,
    pub(crate) attempts: usize,
}

impl Delivery {
    pub(crate) fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| status.is_success())
    }
}

/// A client that goes straight to the app and nowhere else: what it sends are credentials.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    client_with(PATIENCE)
}

fn client_with(patience: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(patience)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("sandbox/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Tells the app `times` times at once.
pub(crate) async fn deliver(
    app: &App,
    client: &Client,
    marketplace: &Marketplace,
    removal: &Removal,
    times: usize,
) -> Vec<Delivery> {
    let url = format!("{}{}", app.app_host(marketplace), removal.path(marketplace));
    let request = || {
        client
            .delete(&url)
            .header(header::ACCEPT, "application/json")
            .basic_auth(&marketplace.api_id, Some(&marketplace.api_key))
    };
    let report = |attempt, outcome| {
        app.events.record(Some(&marketplace.key), removal.event_kind(), told(removal, attempt, outcome));
    };
    futures::future::join_all((0..times).map(|_| persist(request, report))).await
}

/// What the app answered, or why it did not.
type Outcome = Result<StatusCode, &'static str>;

fn told(removal: &Removal, attempt: usize, outcome: Outcome) -> String {
    let removal = removal.told();
    let attempt = if attempt > 1 { format!(" (attempt {attempt} of {ATTEMPTS})") } else { String::new() };
    match outcome {
        Ok(status) => format!("The marketplace told the app that {removal}: {}{attempt}.", status.as_u16()),
        Err(reason) => format!("The marketplace could not tell the app that {removal}: {reason}{attempt}."),
    }
}

/// Tries until the app takes it or there have been enough attempts.
async fn persist(request: impl Fn() -> RequestBuilder, report: impl Fn(usize, Outcome)) -> Delivery {
    let mut pauses = PAUSES.into_iter();
    let mut attempts = 1;
    loop {
        let outcome = request().send().await.map(|response| response.status()).map_err(|error| reason(&error));
        report(attempts, outcome);
        let delivery = Delivery { status: outcome.ok(), attempts };
        match pauses.next().filter(|_| !delivery.is_accepted()) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return delivery,
        }
        attempts += 1;
    }
}

fn reason(error: &reqwest::Error) -> &'static str {
    match error {
        slow if slow.is_timeout() => "no answer in time",
        unreachable if unreachable.is_connect() => "no connection",
        _ => "no answer",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::TcpListener;

    use super::*;

    async fn sent_to(url: &str) -> (Delivery, Vec<(usize, Outcome)>) {
        let client = client_with(Duration::from_millis(100)).unwrap();
        let told = Mutex::new(Vec::new());
        let report = |attempt, outcome| told.lock().unwrap().push((attempt, outcome));
        let delivery = persist(|| client.delete(url), report).await;
        (delivery, told.into_inner().unwrap())
    }

    fn three_times(reason: &'static str) -> Vec<(usize, Outcome)> {
        (1..=3).map(|attempt| (attempt, Err(reason))).collect()
    }

    #[tokio::test]
    async fn an_app_that_accepts_connections_and_says_nothing_is_given_up_after_three_attempts() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (delivery, told) = sent_to(&url).await;
        assert_eq!(delivery, Delivery { status: None, attempts: 3 });
        assert_eq!(told, three_times("no answer in time"));
    }

    #[tokio::test]
    async fn an_app_that_is_not_there_is_given_up_after_three_attempts() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let (delivery, told) = sent_to(&url).await;
        assert_eq!(delivery, Delivery { status: None, attempts: 3 });
        assert_eq!(told, three_times("no connection"));
    }
}
