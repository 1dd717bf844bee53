//! What stands in for the rule on the bus that delivers to the vendor's endpoint: shows each event on the start page and posts it to
//! the demo app, signed by the Standard Webhooks rules.

use std::time::Duration;

use shared::{
    clock::{Clock as _, SystemClock},
    event::Event,
    http_client,
};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Feed,
    bus::Bus,
    standard_webhooks::{ID, SIGNATURE, SigningSecret, TIMESTAMP},
};

/// How long the app may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often an event is tried.
const ATTEMPTS: u32 = 3;
/// The pause after the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// Where events go, and how they are signed.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) secret: SigningSecret,
}

/// Delivers what is put on the bus from now on, one after the other, until `shutdown`.
pub(crate) fn start(
    bus: &Bus,
    endpoint: Endpoint,
    feed: Feed,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<(), reqwest::Error> {
    let (mut events, client) = (bus.subscribe(), http_client::new(TIMEOUT)?);
    tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    let Event { r#type, marketplace, group, sequence, .. } = &event;
                    feed.push("event", format!("{type} · {marketplace} · {group} · number {sequence}"));
                    deliver(&client, &endpoint, &event, &feed).await;
                }
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "events were not delivered"),
                Err(RecvError::Closed) => break,
            }
        }
    }));
    Ok(())
}

async fn deliver(client: &reqwest::Client, endpoint: &Endpoint, event: &Event, feed: &Feed) {
    let Ok(body) = serde_json::to_string(event) else { return };
    for attempt in 1..=ATTEMPTS {
        let now = SystemClock.now();
        let request = client
            .post(&endpoint.url)
            .header("content-type", "application/json")
            .header(ID, &event.id)
            .header(TIMESTAMP, now.as_second())
            .header(SIGNATURE, endpoint.secret.sign(&event.id, now, &body))
            .body(body.clone());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => return,
            _ => tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await,
        }
    }
    feed.push("event", format!("{} could not be delivered to the app", event.r#type));
}
