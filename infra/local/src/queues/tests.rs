//! The queues as a function meets them: through an SDK's client, and through a mapping.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_sqs::{
    Client,
    types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use winterbaume_sqs::types::Message;

use super::{EVENTS_DEAD_LETTERS, PUSH, PUSH_DEAD_LETTERS, Queues, Source, client, mapping::dealt_with, url};
use crate::{
    Bus, Calls,
    template::{self, RedrivePolicy},
};

/// How long anything may take that should happen.
const PATIENCE: Duration = Duration::from_secs(20);
/// A second, for what is counted by a clock of whole milliseconds.
const ALMOST_A_SECOND: Duration = Duration::from_millis(990);

/// Queues of their own, with an endpoint.
struct World {
    queues: Queues,
    endpoint: String,
    sqs: Client,
    calls: Calls,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl World {
    /// A second of visibility timeout, and two attempts.
    async fn start() -> Self {
        Self::with(&template::Queue { visibility_timeout: 1, redrive_policy: RedrivePolicy { max_receive_count: 2 } })
            .await
    }

    async fn with(push: &template::Queue) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let queues = Queues::new(&endpoint, push).unwrap();
        let router = Bus::default().router(&queues);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let calls = Calls::default();
        let sqs = client(&endpoint, &calls, "connec-push", "PushQueue");
        Self { queues, endpoint, sqs, calls, tasks: TaskTracker::new(), shutdown: CancellationToken::new() }
    }

    fn push(&self) -> String {
        url(&self.endpoint, PUSH)
    }

    async fn send(&self, body: &str) {
        self.sqs.send_message().queue_url(self.push()).message_body(body).send().await.unwrap();
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        self.queues.messages(queue).await.into_iter().map(|(body, _)| body).collect()
    }

    async fn receive(&self) -> Vec<aws_sdk_sqs::types::Message> {
        let receive = self.sqs.receive_message().queue_url(self.push()).max_number_of_messages(10);
        receive
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap()
            .messages
            .unwrap_or_default()
    }

    /// Has a worker record what it is brought and answer with what `fails` picks by its body.
    fn follow(&self, batch_size: usize, fails: fn(&str) -> bool) -> mpsc::UnboundedReceiver<Vec<Value>> {
        let (brought, batches) = mpsc::unbounded_channel();
        let worker = move |event: Value| {
            let records = event["Records"].as_array().unwrap().clone();
            let failed = records.iter().filter(|record| fails(record["body"].as_str().unwrap()));
            let failed: Vec<Value> = failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
            brought.send(records).unwrap();
            async move { Some(json!({ "batchItemFailures": failed })) }
        };
        let mapping = Source { queue: PUSH, concurrency: 2, batch_size };
        self.queues.follow(mapping, worker, &self.tasks, &self.shutdown);
        batches
    }

    /// Waits until a queue holds just this.
    async fn holds(&self, queue: &str, bodies: &[&str]) {
        let start = Instant::now();
        while self.bodies(queue).await != bodies {
            assert!(start.elapsed() < PATIENCE, "{queue}: {:?}", self.bodies(queue).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The next batch.
async fn next(batches: &mut mpsc::UnboundedReceiver<Vec<Value>>) -> Vec<Value> {
    tokio::time::timeout(PATIENCE, batches.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_queues_are_as_the_template_has_them() {
    let push = template::queue("PushQueue").unwrap();
    let world = World::with(&push).await;
    let get = world.sqs.get_queue_attributes().queue_url(world.push()).attribute_names(QueueAttributeName::All);
    let found = get.send().await.unwrap().attributes.unwrap();
    assert_eq!(found[&QueueAttributeName::VisibilityTimeout], push.visibility_timeout.to_string());
    let redrive: Value = serde_json::from_str(&found[&QueueAttributeName::RedrivePolicy]).unwrap();
    assert_eq!(redrive["maxReceiveCount"], push.redrive_policy.max_receive_count);
    assert_eq!(redrive["deadLetterTargetArn"], "arn:aws:sqs:eu-west-1:000000000000:stallholder-push-dead-letters");
    assert_eq!(found[&QueueAttributeName::QueueArn], "arn:aws:sqs:eu-west-1:000000000000:stallholder-push");
}

#[tokio::test]
async fn a_queue_is_found_by_its_name_wherever_its_url_leads() {
    let world = World::start().await;
    for queue in [PUSH, PUSH_DEAD_LETTERS, EVENTS_DEAD_LETTERS] {
        let found = world.sqs.get_queue_url().queue_name(queue).send().await.unwrap();
        assert_eq!(found.queue_url().unwrap(), format!("{}/000000000000/{queue}", world.endpoint));
    }
    let elsewhere = format!("https://sqs.us-east-1.amazonaws.com/123456789012/{PUSH}");
    world.sqs.send_message().queue_url(elsewhere).message_body("found").send().await.unwrap();
    assert_eq!(world.bodies(PUSH).await, ["found"]);
    let seen = world.calls.seen();
    let actions: Vec<_> = seen["connec-push"].iter().map(|(action, resource)| (&**action, *resource)).collect();
    assert_eq!(actions, [("sqs:GetQueueUrl", "PushQueue"), ("sqs:SendMessage", "PushQueue")]);
}

#[tokio::test]
async fn a_page_from_elsewhere_is_refused() {
    let world = World::start().await;
    let post = reqwest::Client::builder().build().unwrap().post(&world.endpoint).header("host", "attacker.test:80");
    let post = post.header("x-amz-target", "AmazonSQS.ListQueues").body("{}");
    assert_eq!(post.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn looking_at_a_queue_receives_nothing() {
    let world = World::start().await;
    world.send("seen").await;
    assert_eq!([world.bodies(PUSH).await, world.bodies(PUSH).await], [["seen"], ["seen"]]);
    let received = world.receive().await;
    let counted = &received[0].attributes.as_ref().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount];
    assert_eq!(counted, "1");
    assert_eq!(world.bodies(PUSH).await, ["seen"], "although it cannot be received now");
    assert!(world.receive().await.is_empty());
}

#[tokio::test]
async fn a_batch_arrives_as_lambda_brings_it_and_is_deleted() {
    let world = World::start().await;
    let kind = MessageAttributeValue::builder().data_type("String").string_value("invoices").build().unwrap();
    let send = world.sqs.send_message().queue_url(world.push()).message_body("one").message_attributes("kind", kind);
    let sent = send.send().await.unwrap();
    let batch = next(&mut world.follow(10, |_| false)).await;
    world.holds(PUSH, &[]).await;

    let [record] = &*batch else { panic!("{batch:?}") };
    let expected = json!({
        "messageId": sent.message_id,
        "receiptHandle": record["receiptHandle"],
        "body": "one",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": record["attributes"]["SentTimestamp"],
            "SenderId": record["attributes"]["SenderId"],
            "ApproximateFirstReceiveTimestamp": record["attributes"]["ApproximateFirstReceiveTimestamp"],
        },
        "messageAttributes": {
            "kind": { "stringValue": "invoices", "stringListValues": [], "binaryListValues": [], "dataType": "String" },
        },
        "md5OfBody": "f97c5d29941bfb1b2fdab0874906ab82",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:stallholder-push",
        "awsRegion": "eu-west-1",
    });
    assert_eq!(record, &expected);
    assert!(record["receiptHandle"].as_str().is_some_and(|handle| !handle.is_empty()));
    for time in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
        assert!(record["attributes"][time].as_str().unwrap().parse::<i64>().unwrap() > 1_700_000_000_000, "{time}");
    }
}

#[tokio::test]
async fn what_fails_comes_again_and_ends_among_the_dead_letters() {
    let world = World::start().await;
    for body in ["good", "bad", "good too"] {
        world.send(body).await;
    }
    let start = Instant::now();
    let mut batches = world.follow(10, |body| body == "bad");
    let body_and_count = |record: &Value| {
        let count = record["attributes"]["ApproximateReceiveCount"].as_str().unwrap().to_owned();
        (record["body"].as_str().unwrap().to_owned(), count)
    };
    let first: BTreeMap<_, _> = next(&mut batches).await.iter().map(body_and_count).collect();
    assert_eq!(first, ["bad", "good", "good too"].map(|body| (body.to_owned(), "1".to_owned())).into());
    world.holds(PUSH, &["bad"]).await;
    let second: Vec<_> = next(&mut batches).await.iter().map(body_and_count).collect();
    assert_eq!(second, [("bad".to_owned(), "2".to_owned())]);
    assert!(start.elapsed() >= ALMOST_A_SECOND, "before its visibility timeout was over");
    world.holds(PUSH_DEAD_LETTERS, &["bad"]).await;
    assert!(world.bodies(PUSH).await.is_empty());
    assert!(batches.try_recv().is_err(), "more often than it may be received");
}

#[tokio::test]
async fn a_worker_that_panics_has_failed_and_the_next_batch_comes() {
    let world = World::start().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let worker = move |_| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            assert_ne!(call, 0, "the first invocation panics, as it should");
            Some(json!({}))
        }
    };
    world.queues.follow(Source { queue: PUSH, concurrency: 1, batch_size: 1 }, worker, &world.tasks, &world.shutdown);
    world.send("twice").await;
    world.holds(PUSH, &[]).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert!(world.bodies(PUSH_DEAD_LETTERS).await.is_empty());
}

#[tokio::test]
async fn a_delayed_message_waits() {
    let world = World::start().await;
    let mut batches = world.follow(1, |_| false);
    let start = Instant::now();
    let later = world.sqs.send_message().queue_url(world.push()).message_body("later").delay_seconds(1);
    later.send().await.unwrap();
    world.send("now").await;
    assert_eq!(next(&mut batches).await[0]["body"], "now");
    assert_eq!(next(&mut batches).await[0]["body"], "later");
    assert!(start.elapsed() >= ALMOST_A_SECOND);
}

#[tokio::test]
async fn ten_messages_sent_at_once_come_at_once() {
    let world = World::start().await;
    let bodies = (0..10).map(|number| number.to_string()).collect::<Vec<_>>();
    let entries = bodies.iter().map(|body| SendMessageBatchRequestEntry::builder().id(body).message_body(body));
    let entries = entries.map(|entry| entry.build().unwrap()).collect();
    let send = world.sqs.send_message_batch().queue_url(world.push()).set_entries(Some(entries));
    let sent = send.send().await.unwrap();
    assert_eq!((sent.successful().len(), sent.failed().len()), (10, 0));
    let batch = next(&mut world.follow(10, |_| false)).await;
    assert_eq!(batch.iter().map(|record| record["body"].as_str().unwrap()).collect::<Vec<_>>(), bodies);
    world.holds(PUSH, &[]).await;
}

#[tokio::test]
async fn there_are_no_more_invocations_at_once_than_may_be() {
    let world = World::start().await;
    for number in 0..6 {
        world.send(&number.to_string()).await;
    }
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&most);
    let worker = move |_| {
        let (running, seen) = (Arc::clone(&running), Arc::clone(&seen));
        async move {
            seen.lock().unwrap().push(running.fetch_add(1, Ordering::SeqCst) + 1);
            tokio::time::sleep(Duration::from_millis(50)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Some(json!({ "batchItemFailures": [] }))
        }
    };
    world.queues.follow(Source { queue: PUSH, concurrency: 2, batch_size: 1 }, worker, &world.tasks, &world.shutdown);
    world.holds(PUSH, &[]).await;
    let seen = most.lock().unwrap();
    assert_eq!((seen.len(), seen.iter().max()), (6, Some(&2)), "{seen:?}");
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way_and_brings_no_more() {
    let world = World::start().await;
    let (started, mut start) = mpsc::unbounded_channel();
    let worker = move |_| {
        started.send(()).unwrap();
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some(json!({}))
        }
    };
    world.queues.follow(Source { queue: PUSH, concurrency: 1, batch_size: 1 }, worker, &world.tasks, &world.shutdown);
    world.send("under way").await;
    start.recv().await.unwrap();
    world.send("too late").await;
    world.shutdown.cancel();
    world.tasks.close();
    tokio::time::timeout(PATIENCE, world.tasks.wait()).await.unwrap();
    assert_eq!(world.bodies(PUSH).await, ["too late"]);
}

#[tokio::test]
async fn a_dead_letter_is_told_with_its_reason() {
    let world = World::start().await;
    let reason = MessageAttributeValue::builder().data_type("String").string_value("cannot be read").build().unwrap();
    let send = world.sqs.send_message().queue_url(url(&world.endpoint, PUSH_DEAD_LETTERS)).message_body("?");
    send.message_attributes("Reason", reason).send().await.unwrap();
    let told = world.queues.messages(PUSH_DEAD_LETTERS).await;
    assert_eq!(told, [("?".to_owned(), Some("cannot be read".to_owned()))]);
}

/// Two messages, `a` and `b`.
fn batch() -> [Message; 2] {
    ["a", "b"].map(|id| Message {
        message_id: id.to_owned(),
        body: String::new(),
        body_md5: String::new(),
        receipt_handle: None,
        all_receipt_handles: Vec::new(),
        sender_id: String::new(),
        sent_timestamp: 0,
        approximate_first_receive_timestamp: None,
        approximate_receive_count: 1,
        visible_at: 0,
        message_attributes: [].into(),
    })
}

#[test]
fn an_answer_is_taken_as_lambda_takes_it() {
    for (answer, expected) in [
        (json!({ "batchItemFailures": [{ "itemIdentifier": "a" }] }), &["b"][..]),
        (json!({ "batchItemFailures": [{ "itemIdentifier": "a" }, { "itemIdentifier": "b" }] }), &[]),
        (json!({ "batchItemFailures": [] }), &["a", "b"]),
        (json!({ "batchItemFailures": null }), &["a", "b"]),
        (json!({}), &["a", "b"]),
        (json!(null), &["a", "b"]),
        (json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }), &[]),
        (json!({ "batchItemFailures": [{ "itemIdentifier": null }] }), &[]),
        (json!({ "batchItemFailures": [{ "itemIdentifier": "a" }, { "itemIdentifier": "nobody's" }] }), &[]),
        (json!({ "batchItemFailures": [{ "messageId": "a" }] }), &[]),
        (json!("done"), &[]),
    ] {
        let batch = batch();
        let dealt_with: Vec<_> =
            dealt_with(Some(answer.clone()), &batch).iter().map(|message| &*message.message_id).collect();
        assert_eq!(dealt_with, expected, "{answer}");
    }
    assert!(dealt_with(None, &batch()).is_empty());
}
