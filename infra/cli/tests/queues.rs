//! `stallholder queues` against a running stack.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

use std::{collections::BTreeSet, process::Output};

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::MessageAttributeValue,
};
use local::{Options, Stack, env_file};
use serde_json::{Value, json};
use tokio::process::Command;

/// In every document; nobody is to be told it.
const HUSH: &str = "hush-hush";
const NO_REASON: &str = "none given: it was brought five times without an end";

/// A stack, and a queue beside its own to redrive to, which no worker works off.
struct World {
    stack: Stack,
    sqs: Client,
    dead_letters: String,
    queue: String,
}

impl World {
    async fn start() -> Self {
        let stack = Stack::start(Options::default()).await.unwrap();
        let variables = env_file::variables(stack.description());
        let value = |wanted: &str| variables.iter().find(|(name, _)| *name == wanted).unwrap().1.to_owned();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(value("AWS_ENDPOINT_URL_SQS"))
            .region(Region::new(value("AWS_REGION")));
        let sqs = Client::from_conf(config.build());
        sqs.create_queue().queue_name("redriven").send().await.unwrap();
        let dead_letters = stack.description().stores.queues.push_dead_letters.clone();
        // Its neighbour; the address that the embedded SQS tells is one at AWS.
        let queue = format!("{}/redriven", dead_letters.rsplit_once('/').unwrap().0);
        Self { stack, sqs, dead_letters, queue }
    }

    /// Puts a dead letter there, and answers with its message id.
    async fn bury(&self, body: &str, reason: Option<&str>) -> String {
        let mut request = self.sqs.send_message().queue_url(&self.dead_letters).message_body(body);
        if let Some(reason) = reason {
            let value = MessageAttributeValue::builder().data_type("String").string_value(reason);
            request = request.message_attributes("Reason", value.build().unwrap());
        }
        request.send().await.unwrap().message_id.unwrap()
    }

    /// As after `set -a; . FILE` with the file of `--env-file`, and redriving to the queue beside the stack's.
    async fn run(&self, arguments: &[&str]) -> Output {
        let output = Command::new(env!("CARGO_BIN_EXE_stallholder"))
            .arg("queues")
            .args(arguments)
            .env_clear()
            .envs(env_file::variables(self.stack.description()))
            .env("PUSH_DEAD_LETTERS_URL", &self.dead_letters)
            .env("PUSH_QUEUE_URL", &self.queue)
            .output()
            .await
            .unwrap();
        for told in [&output.stdout, &output.stderr] {
            assert!(!text(told).contains(HUSH), "a document is told in {}", text(told));
        }
        output
    }

    /// Redrives, and answers with the exit code, the last line and the complaints.
    async fn redrive(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(&[&["redrive"], arguments].concat()).await;
        let last = text(&output.stdout).lines().last().unwrap_or_default().to_owned();
        (output.status.code().unwrap(), last, text(&output.stderr).to_owned())
    }

    /// What `list --json` says of each dead letter.
    async fn listed(&self) -> Vec<Value> {
        let output = self.run(&["list", "--json"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stdout)))
    }

    /// The message ids of the dead letters.
    async fn dead(&self) -> BTreeSet<String> {
        self.listed().await.iter().map(|letter| letter["message_id"].as_str().unwrap().to_owned()).collect()
    }

    /// Takes everything from the queue that is redriven to.
    async fn redriven(&self) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let request = self.sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10);
            let messages = request.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return bodies;
            }
            for message in messages {
                assert!(message.message_attributes.is_none(), "the reason is not that of the new message");
                let request = self.sqs.delete_message().queue_url(&self.queue);
                request.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
                bodies.push(message.body.unwrap());
            }
        }
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn push(marketplace: &str, group: &str, id: &str) -> String {
    json!({
        "push": {"marketplace": marketplace, "group": group},
        "record": {"class_name": "customer", "id": id},
        "is_linked": true,
        "since": "2030-01-15T10:00:00Z",
        "attempts": 40,
    })
    .to_string()
}

fn change(id: &str) -> String {
    json!({"class": "customer", "id": id, "entity": "organizations", "version": 3, "document": {"name": HUSH}})
        .to_string()
}

fn set(ids: &[&String]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).clone()).collect()
}

#[tokio::test]
async fn each_dead_letter_is_listed_with_what_it_is_about_and_stays_where_it_is() {
    let world = World::start().await;
    let none = world.run(&["list"]).await;
    assert_eq!((none.status.code(), text(&none.stdout)), (Some(0), "0 dead letters\n"));

    let pushed = world.bury(&push("acme-hub", "cld-1", "17"), Some("answers with status 422")).await;
    let changed = world.bury(&change("18"), None).await;
    let unreadable = world.bury(&json!({"document": HUSH}).to_string(), None).await;
    for look in ["once", "2 times"] {
        let output = world.run(&["list"]).await;
        let shown = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{shown}{}", text(&output.stderr));
        assert!(shown.ends_with("\n\n3 dead letters\n"), "{shown}");
        for said in [
            format!("{pushed}\n  sent         20"),
            format!("  received     {look}\n  reason       answers with status 422\n"),
            "  kind         push\n  marketplace  acme-hub\n  group        cld-1\n  class        customer\n  id           17\n"
                .to_owned(),
            format!("{changed}\n  sent "),
            "  kind         change\n  class        customer\n  id           18\n  entity       organizations\n".to_owned(),
            format!("  reason       {NO_REASON}\n"),
            format!("{unreadable}\n  sent "),
            "  kind         unreadable\n".to_owned(),
        ] {
            assert!(shown.contains(&said), "{said:?} in {shown}");
        }
    }

    let listed = world.listed().await;
    let of = |id: &str| listed.iter().find(|letter| letter["message_id"] == id).unwrap();
    assert_eq!(of(&pushed)["reason"], "answers with status 422");
    assert_eq!((&of(&pushed)["marketplace"], &of(&pushed)["received"]), (&"acme-hub".into(), &3.into()));
    assert_eq!((&of(&changed)["kind"], &of(&changed)["reason"]), (&"change".into(), &Value::Null));
    assert_eq!(of(&unreadable)["kind"], "unreadable");
    world.stack.stop().await;
}

#[tokio::test]
async fn more_than_one_answer_holds_are_listed_once_each_and_no_more_than_the_limit() {
    let world = World::start().await;
    let mut ids = BTreeSet::new();
    for at in 0..23 {
        ids.insert(world.bury(&push("acme-hub", "cld-1", &at.to_string()), None).await);
    }
    assert_eq!(world.dead().await, ids);
    let some = world.run(&["list", "--limit", "12"]).await;
    assert!(text(&some.stdout).ends_with("12 dead letters; there may be more than --limit allows\n"));
    assert_eq!(world.dead().await, ids, "all of them are visible again");
    world.stack.stop().await;
}

#[tokio::test]
async fn what_a_stranger_wrote_cannot_command_the_terminal() {
    let world = World::start().await;
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\u{202e}";
    let spelled = push("acme-hub", "cld-1", hostile);
    world.bury(&spelled, Some("first\n\u{1b}[31msecond")).await;
    world.bury(&format!("\u{1b}[2J{HUSH}"), None).await;
    world.bury(&json!({ "class": "customer", "id": "1", "entity": hostile }).to_string(), None).await;
    for arguments in [&["list"][..], &["list", "--json"], &["redrive", "--all", "--dry-run"]] {
        let output = world.run(arguments).await;
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        let obeyed = |one: char| (one.is_control() && one != '\n') || one == '\u{202e}';
        assert!(!shown.contains(obeyed), "{shown:?}");
        assert!(shown.contains("\u{fffd}[2J"), "{shown:?}");
        assert!(!shown.contains("\n\u{fffd}[31msecond"), "a line of its own: {shown:?}");
    }
    world.stack.stop().await;
}

#[tokio::test]
async fn all_that_can_be_read_is_redriven_and_has_its_patience_anew() {
    let world = World::start().await;
    world.bury(&push("acme-hub", "cld-1", "17"), Some("answers with status 422")).await;
    world.bury(&change("18"), None).await;
    let unreadable = world.bury(HUSH, None).await;

    let (code, last, complaints) = world.redrive(&["--all"]).await;
    assert_eq!((code, complaints.as_str()), (0, ""));
    assert_eq!(last, "redriven 2 of 3; 1 dead letter cannot be read, and only --id redrives such");
    let redriven: BTreeSet<String> = world.redriven().await.into_iter().collect();
    let anew = json!({
        "push": {"marketplace": "acme-hub", "group": "cld-1"},
        "record": {"class_name": "customer", "id": "17"},
        "is_linked": true,
    });
    let bodies: Vec<Value> = redriven.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert!(bodies.len() == 2 && bodies.contains(&anew) && redriven.contains(&change("18")), "{redriven:?}");
    assert_eq!(world.dead().await, set(&[&unreadable]));

    let (code, last, _) = world.redrive(&["--all"]).await;
    assert_eq!(
        (code, last.as_str()),
        (1, "redriven 0 of 1; 1 dead letter cannot be read, and only --id redrives such")
    );
    let (code, last, complaints) = world.redrive(&["--id", &unreadable, "nobodys"]).await;
    assert_eq!((code, last.as_str()), (1, "redriven 1 of 1"), "{complaints}");
    assert_eq!(complaints, "stallholder: none of the dead letters is nobodys\n");
    assert_eq!(world.redriven().await, [HUSH]);
    assert!(world.dead().await.is_empty());
    world.stack.stop().await;
}

#[tokio::test]
async fn what_is_meant_is_redriven_and_the_rest_stays() {
    let world = World::start().await;
    let first = world.bury(&push("acme-hub", "cld-1", "1"), Some("answers with status 422")).await;
    let second = world.bury(&push("acme-hub", "cld-2", "2"), Some("answers with status 503")).await;
    let third = world.bury(&push("northbank", "cld-2", "3"), Some("answers with status 503")).await;
    let fourth = world.bury(&change("4"), None).await;
    let fifth = world.bury(&push("northbank", "cld-2", "5"), None).await;

    for nothing in [
        &["--marketplace", "acme-hub", "--group", "cld-3"][..],
        &["--marketplace", "elsewhere"],
        &["--reason", "status 500"],
        &["--id", "nobodys"],
    ] {
        let (code, last, complaints) = world.redrive(nothing).await;
        assert_eq!((code, last.as_str()), (1, "redriven 0 of 5"), "{nothing:?}");
        assert!(complaints.starts_with("stallholder: no"), "{complaints}");
    }
    assert!(world.redriven().await.is_empty());

    let steps: [(&[&str], &str, &[&String]); 5] = [
        (&["--marketplace", "acme-hub", "--group", "cld-2"], "redriven 1 of 5", &[&first, &third, &fourth, &fifth]),
        (&["--reason", "status 503"], "redriven 1 of 4", &[&first, &fourth, &fifth]),
        (&["--marketplace", "acme-hub"], "redriven 1 of 3", &[&fourth, &fifth]),
        (&["--reason", "none given"], "redriven 2 of 2", &[]),
        (&["--id", &second], "redriven 0 of 0", &[]),
    ];
    for (arguments, said, left) in steps {
        let (code, last, complaints) = world.redrive(arguments).await;
        assert_eq!((code, last.as_str()), (i32::from(said.contains(" 0 ")), said), "{arguments:?}: {complaints}");
        assert_eq!(world.dead().await, set(left), "{arguments:?}");
    }
    assert_eq!(world.redriven().await.len(), 5);
    world.stack.stop().await;
}

#[tokio::test]
async fn several_ids_are_redriven_at_once() {
    let world = World::start().await;
    let first = world.bury(&push("acme-hub", "cld-1", "1"), None).await;
    let second = world.bury(HUSH, None).await;
    let third = world.bury(&change("3"), None).await;
    let (code, last, complaints) = world.redrive(&["--id", &first, &second]).await;
    assert_eq!((code, last.as_str(), complaints.as_str()), (0, "redriven 2 of 3", ""));
    assert_eq!((world.redriven().await.len(), world.dead().await), (2, set(&[&third])));
    world.stack.stop().await;
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let world = World::start().await;
    let pushed = world.bury(&push("acme-hub", "cld-1", "17"), Some("answers with status 422")).await;
    let changed = world.bury(&change("18"), None).await;
    let output = world.run(&["redrive", "--marketplace", "acme-hub", "--dry-run"]).await;
    let expected = format!("{pushed}  push of customer/17 to cld-1 at acme-hub\nwould redrive 1 of 2\n");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), expected.as_str()));
    assert!(world.redriven().await.is_empty());
    assert_eq!(world.dead().await, set(&[&pushed, &changed]));
    world.stack.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_where_the_queue_does_not_exist() {
    let world = World::start().await;
    let first = world.bury(&push("acme-hub", "cld-1", "1"), None).await;
    let second = world.bury(&change("2"), None).await;
    let nowhere = world.queue.replace("redriven", "nowhere");
    let (code, last, complaints) = world.redrive(&["--all", "--queue-url", &nowhere]).await;
    assert_eq!((code, last.as_str()), (1, "redriven 0 of 2"), "{complaints}");
    for id in [&first, &second] {
        assert!(
            complaints.contains(&format!("stallholder: {id}: it could not be put on the queue, and stays (")),
            "{complaints}"
        );
    }
    assert!(complaints.contains("check --queue-url"), "{complaints}");
    assert_eq!(world.dead().await, set(&[&first, &second]));
    world.stack.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_so_is_wrong_usage() {
    let world = World::start().await;
    let nowhere = world.dead_letters.replace("push-dead-letters", "nowhere");
    for arguments in [&["list"][..], &["redrive", "--all"]] {
        let output = world.run(&[arguments, &["--dead-letters-url", &nowhere]].concat()).await;
        assert_eq!(output.status.code(), Some(1));
        let told = text(&output.stderr);
        assert!(told.contains("could not be read (") && told.contains("check --dead-letters-url"), "{told}");
    }
    for wrong in [
        &["list", "--dead-letters-url", "dead"][..],
        &["list", "--limit", "0"],
        &["list", "--all"],
        &["redrive"],
        &["redrive", "--dry-run"],
        &["redrive", "--all", "--reason", "422"],
        &["redrive", "--all", "--id", "m-1"],
        &["redrive", "--marketplace", "acme-hub", "--reason", "422"],
        &["redrive", "--group", "cld-1"],
        &["redrive", "--all", "--group", "cld-1"],
        &["redrive", "--marketplace", "Not a key"],
        &["redrive", "--reason", ""],
        &["redrive", "--id"],
        &["redrive", "--all", "--queue-url", &world.dead_letters],
        &["redrive", "--all", "--queue-url", "queue"],
        &[],
    ] {
        let output = world.run(wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", text(&output.stderr));
    }
    for help in ["list", "redrive"] {
        let output = world.run(&[help, "--help"]).await;
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("--dead-letters-url <URL>"), "{}", text(&output.stdout));
    }
    world.stack.stop().await;
}
