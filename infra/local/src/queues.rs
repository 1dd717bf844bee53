//! The queues: an embedded SQS that the AWS SDK talks to over loopback, as it would to AWS, and what stands in for the mapping between a
//! queue and the function that works it off.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use winterbaume_core::{MockRequest, MockService as _};
use winterbaume_sqs::SqsService;

use crate::{
    Calls,
    stores::REGION,
    template::{self, TemplateError},
};

/// The queue of pushes.
pub(crate) const PUSH: &str = "stallholder-push";
/// Pushes that failed for good.
pub(crate) const PUSH_DEAD_LETTERS: &str = "stallholder-push-dead-letters";
/// Events that could not be published.
pub(crate) const EVENTS_DEAD_LETTERS: &str = "stallholder-events-dead-letters";
/// What the embedded SQS takes for its own address.
const OWN_ADDRESS: &str = "https://sqs.us-east-1.amazonaws.com/";
const ACCOUNT: &str = "000000000000";
/// How often an empty queue is looked at.
const INTERVAL: Duration = Duration::from_millis(20);
/// How long a batch waits for more; on AWS it is the mapping's batching window.
const WINDOW: Duration = Duration::from_millis(80);
/// How many messages the embedded SQS hands out at once, as SQS does.
const AT_ONCE: usize = 10;

/// All queues.
#[derive(Clone)]
pub struct Queues {
    service: Arc<SqsService>,
}

/// What a queue's mapping has of the template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) queue: &'static str,
    pub(crate) batch_size: usize,
    pub(crate) concurrency: usize,
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues").finish_non_exhaustive()
    }
}

impl Queues {
    /// The queues of the template, empty.
    pub(crate) async fn new() -> Result<Self, TemplateError> {
        let queues = Self { service: Arc::new(SqsService::new()) };
        for name in [PUSH_DEAD_LETTERS, EVENTS_DEAD_LETTERS] {
            queues.create(name, &json!({})).await;
        }
        let template::Queue { visibility_timeout, redrive_policy } = template::queue("PushQueue")?;
        let redrive = json!({
            "deadLetterTargetArn": arn(PUSH_DEAD_LETTERS),
            "maxReceiveCount": redrive_policy.max_receive_count,
        });
        let attributes =
            json!({ "VisibilityTimeout": visibility_timeout.to_string(), "RedrivePolicy": redrive.to_string() });
        queues.create(PUSH, &attributes).await;
        Ok(queues)
    }

    async fn create(&self, name: &str, attributes: &Value) {
        self.call("CreateQueue", &json!({ "QueueName": name, "Attributes": attributes })).await;
    }

    /// Puts a message on a queue.
    pub async fn send(&self, queue: &str, body: &str) {
        self.call("SendMessage", &json!({ "QueueUrl": path(queue), "MessageBody": body })).await;
    }

    /// Every message that can be received from a queue now: its body, and its reason if it has one. They stay where they are.
    pub async fn messages(&self, queue: &str) -> Vec<(String, Option<String>)> {
        let (mut messages, mut receipts) = (Vec::new(), Vec::new());
        loop {
            let found = self.receive(queue, Some(60)).await;
            if found.is_empty() {
                break;
            }
            for message in found {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let reason = message.pointer("/MessageAttributes/Reason/StringValue").map(text);
                messages.push((text(&message["Body"]), reason));
                receipts.push(message["ReceiptHandle"].clone());
            }
        }
        for receipt in receipts {
            let visible = json!({ "QueueUrl": path(queue), "ReceiptHandle": receipt, "VisibilityTimeout": 0 });
            self.call("ChangeMessageVisibility", &visible).await;
        }
        messages
    }

    /// Answers a request of an SDK's client.
    pub(crate) async fn answer(&self, headers: HeaderMap, body: Bytes) -> Response {
        let request = MockRequest { method: "POST".to_owned(), uri: OWN_ADDRESS.to_owned(), headers, body };
        let answer = self.service.handle(request).await;
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, answer.body).into_response();
        *response.headers_mut() = answer.headers;
        response
    }

    async fn call(&self, action: &str, body: &Value) -> Value {
        let target = HeaderValue::from_str(&format!("AmazonSQS.{action}"));
        let target = target.ok().map(|target| (HeaderName::from_static("x-amz-target"), target));
        let request = MockRequest {
            method: "POST".to_owned(),
            uri: OWN_ADDRESS.to_owned(),
            headers: target.into_iter().collect(),
            body: body.to_string().into(),
        };
        serde_json::from_slice(&self.service.handle(request).await.body).unwrap_or_default()
    }

    async fn receive(&self, queue: &str, visibility: Option<u32>) -> Vec<Value> {
        let mut request = json!({
            "QueueUrl": path(queue),
            "MaxNumberOfMessages": AT_ONCE,
            "MessageSystemAttributeNames": ["All"],
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        if let Some(visibility) = visibility {
            request["VisibilityTimeout"] = visibility.into();
        }
        match self.call("ReceiveMessage", &request).await["Messages"].take() {
            Value::Array(messages) => messages,
            _ => Vec::new(),
        }
    }

    /// Brings what is on a queue to the function that works it off, until `shutdown`: some batches at once, and what an answer does not
    /// name as failed is taken off.
    pub(crate) fn follow<F>(
        &self,
        source: Source,
        worker: impl Fn(Value) -> F + Clone + Send + Sync + 'static,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) where
        F: Future<Output = Option<Value>> + Send,
    {
        // While one gathers its batch, the others wait.
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        for _ in 0..source.concurrency {
            let (queues, worker, turn) = (self.clone(), worker.clone(), Arc::clone(&turn));
            tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
                loop {
                    let batch = {
                        let _turn = turn.lock().await;
                        queues.gather(source).await
                    };
                    queues.bring(source, &batch, &worker).await;
                }
            }));
        }
    }

    /// Brings one batch, once there is one.
    pub(crate) async fn work_off<F>(&self, source: Source, worker: &impl Fn(Value) -> F)
    where
        F: Future<Output = Option<Value>>,
    {
        let batch = self.gather(source).await;
        self.bring(source, &batch, worker).await;
    }

    async fn bring<F>(&self, source: Source, batch: &[Value], worker: &impl Fn(Value) -> F)
    where
        F: Future<Output = Option<Value>>,
    {
        let records: Vec<Value> = batch.iter().map(|message| record(source.queue, message)).collect();
        let answer = worker(json!({ "Records": records })).await;
        self.take_off(source.queue, batch, answer.as_ref()).await;
    }

    /// A batch: whatever comes within the window, once something has come.
    async fn gather(&self, source: Source) -> Vec<Value> {
        let mut batch = loop {
            let found = self.receive(source.queue, None).await;
            if !found.is_empty() {
                break found;
            }
            tokio::time::sleep(INTERVAL).await;
        };
        let end = tokio::time::Instant::now() + WINDOW;
        while batch.len() + AT_ONCE <= source.batch_size && tokio::time::Instant::now() < end {
            let found = self.receive(source.queue, None).await;
            if found.is_empty() {
                tokio::time::sleep(INTERVAL).await;
            }
            batch.extend(found);
        }
        batch
    }

    /// An answer that names what was not in the batch is no answer, as on AWS.
    async fn take_off(&self, queue: &str, batch: &[Value], answer: Option<&Value>) {
        let Some(failures) = answer.and_then(|answer| answer["batchItemFailures"].as_array()) else { return };
        let failed: Vec<&str> =
            failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap_or_default()).collect();
        let ids: HashSet<&str> = batch.iter().filter_map(|message| message["MessageId"].as_str()).collect();
        if failed.iter().any(|id| !ids.contains(id)) {
            return;
        }
        for message in
            batch.iter().filter(|message| !failed.contains(&message["MessageId"].as_str().unwrap_or_default()))
        {
            let done = json!({ "QueueUrl": path(queue), "ReceiptHandle": message["ReceiptHandle"] });
            self.call("DeleteMessage", &done).await;
        }
    }
}

/// The queue's address below `endpoint`.
pub(crate) fn url(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/{}", path(queue))
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

fn path(queue: &str) -> String {
    format!("{ACCOUNT}/{queue}")
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}")
}

/// A message as Lambda hands it over.
fn record(queue: &str, message: &Value) -> Value {
    json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn(queue),
        "awsRegion": REGION,
    })
}
