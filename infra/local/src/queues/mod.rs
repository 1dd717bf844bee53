//! The queues: an embedded SQS that the AWS SDK talks to over loopback, as it would to AWS, and what stands in for the mapping between a
//! queue and the function that works it off.
//!
//! Standard queues only: batches, delays, visibility timeouts, redrive and long polling are as on AWS; size limits, retention and
//! binary message attributes are not kept.

mod mapping;
mod store;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, sync::Arc};

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use winterbaume_core::{MockRequest, MockResponse, MockService as _};
use winterbaume_sqs::{SqsService, state::SqsError};

pub(crate) use self::mapping::Source;
use self::store::Store;
use crate::{Calls, stores::REGION, template};

/// The queue of pushes.
pub(crate) const PUSH: &str = "stallholder-push";
/// Pushes that failed for good.
pub(crate) const PUSH_DEAD_LETTERS: &str = "stallholder-push-dead-letters";
/// Events that could not be published.
pub(crate) const EVENTS_DEAD_LETTERS: &str = "stallholder-events-dead-letters";
/// The account that the queues are in.
const ACCOUNT: &str = "000000000000";

/// All queues.
#[derive(Clone)]
pub struct Queues {
    store: Arc<Store>,
    service: Arc<SqsService>,
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues").finish_non_exhaustive()
    }
}

impl Queues {
    /// The queues of the template below `endpoint`, empty.
    pub(crate) fn new(endpoint: &str, push: &template::Queue) -> Result<Self, SqsError> {
        let store = Arc::new(Store::new(endpoint));
        let redrive = json!({
            "deadLetterTargetArn": arn(PUSH_DEAD_LETTERS),
            "maxReceiveCount": push.redrive_policy.max_receive_count,
        });
        let as_deployed = HashMap::from([
            ("VisibilityTimeout".to_owned(), push.visibility_timeout.to_string()),
            ("RedrivePolicy".to_owned(), redrive.to_string()),
        ]);
        store.create(PUSH, &as_deployed, None)?;
        for dead_letters in [PUSH_DEAD_LETTERS, EVENTS_DEAD_LETTERS] {
            store.create(dead_letters, &HashMap::new(), None)?;
        }
        let service = Arc::new(SqsService::with_backend(Arc::clone(&store) as _));
        Ok(Self { store, service })
    }

    /// Every message that a queue holds, whether it can be received now or not: its body, and its reason if it has one. Looking
    /// receives nothing.
    pub async fn messages(&self, queue: &str) -> Vec<(String, Option<String>)> {
        self.store.messages(queue)
    }

    /// Answers a request of an SDK's client.
    pub(crate) async fn answer(&self, headers: HeaderMap, body: Bytes) -> Response {
        // Which queue is meant is in the body; the store asks neither for host nor for account.
        let request = MockRequest { method: "POST".to_owned(), uri: "/".to_owned(), headers, body };
        let MockResponse { status, headers, body } = self.service.handle(request).await;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, headers, body).into_response()
    }
}

/// The queue's address below `endpoint`.
pub(crate) fn url(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/{ACCOUNT}/{queue}")
}

/// A client for a function, which wants no credentials.
pub(crate) fn client(
    endpoint: &str,
    calls: &Calls,
    function: &'static str,
    queue: &'static str,
) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
        .interceptor(calls.of(function, queue))
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}
