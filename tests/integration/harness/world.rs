//! What the tests drive: a stack of its own for each test, or one deployed stack that they take turns with.

use std::{
    collections::HashMap,
    fs::File,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::AttributeValue,
};
use aws_sdk_sqs::types::Message;
use connec_push::Limits;
use jiff::{SignedDuration, Timestamp};
use local::{Description, Options, Stack};
use sandbox::{IdpKeys, KeyPair, MarketplaceSummary};
use serde_json::Value;
use shared::{
    clock::{Clock, SystemClock},
    env::Variables,
    sharing::REASON_ATTRIBUTE,
    store::{Accounts, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, id_map::IdMap},
    testing::{IdentityProvider, ResponseDraft},
    trace::{SIGNED_IN, SignInTrace},
};

use super::Browser;

/// Keys are made once per target folder: making them is what would take longest.
const KEYS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/idp-keys-v1.pem");
/// Names the description of a deployed stack (`tests/deploy/run` writes it). Without it every test gets an embedded one.
const TARGET: &str = "STALLHOLDER_TARGET";

/// The stack under test.
pub(crate) struct World {
    description: Description,
    dynamodb: Client,
    held: Held,
    /// Events of an earlier test may still be on their way.
    began_at: Timestamp,
}

/// What a test keeps as long as it runs.
enum Held {
    Embedded(Box<Stack>),
    /// The lock that makes tests take turns.
    Deployed {
        _turn: File,
        /// What was read from the queue of events so far.
        events: Mutex<Vec<Value>>,
    },
}

impl World {
    /// The stack that the environment names, as good as new.
    pub(crate) async fn start() -> Self {
        match Variables::of_process().optional(TARGET).unwrap() {
            Some(description) => Self::deployed(&description).await,
            None => Self::embedded(Arc::new(SystemClock)).await,
        }
    }

    /// A stack of its own, whose service lives at the time of this clock.
    pub(crate) async fn embedded(clock: Arc<dyn Clock>) -> Self {
        Self::embedded_with(Options { clock, ..Options::default() }).await
    }

    /// A stack of its own, with these options, and with the cached keys if they give none.
    pub(crate) async fn embedded_with(options: Options) -> Self {
        let idp_keys = match options.idp_keys {
            IdpKeys::Generate => tokio::task::spawn_blocking(idp_keys).await.unwrap(),
            given => given,
        };
        // Whatever can be waited for is not waited for long.
        let push_limits = Limits { first_pause: Duration::from_millis(100), ..options.push_limits };
        let stack = Stack::start(Options { idp_keys, push_limits, ..options }).await.unwrap();
        let description = stack.description().clone();
        Self {
            dynamodb: dynamodb(&description),
            description,
            held: Held::Embedded(Box::new(stack)),
            began_at: Timestamp::MIN,
        }
    }

    /// The deployed stack, once it is this test's turn, with an empty table and a sandbox as it was at start.
    async fn deployed(file: &str) -> Self {
        let turn = File::open(file).unwrap();
        let turn = tokio::task::spawn_blocking(move || turn.lock().map(|()| turn)).await.unwrap().unwrap();
        let description: Description = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let held = Held::Deployed { _turn: turn, events: Mutex::default() };
        let world = Self { dynamodb: dynamodb(&description), description, held, began_at: SystemClock.now() };
        let reset = reqwest::Client::builder()
            .build()
            .unwrap()
            .post(format!("{}/reset", world.description.sandbox.control_url));
        assert!(reset.header("content-type", "application/json").send().await.unwrap().status().is_success());
        for item in world.items().await {
            world.delete(&item).await;
        }
        world.forget_links().await;
        for queue in [&world.description.stores.queues.push, &world.description.stores.queues.push_dead_letters] {
            world.take_all(queue).await;
        }
        world
    }

    pub(crate) async fn stop(self) {
        if let Held::Embedded(stack) = self.held {
            stack.stop().await;
        }
    }

    /// The stack, where it runs in this process.
    pub(crate) fn stack(&self) -> &Stack {
        match &self.held {
            Held::Embedded(stack) => stack,
            Held::Deployed { .. } => panic!("this test is about the embedded stack"),
        }
    }

    pub(crate) fn marketplace(&self, key: &str) -> &MarketplaceSummary {
        self.description.marketplaces.iter().find(|marketplace| marketplace.key == key).unwrap()
    }

    pub(crate) fn service(&self, path: &str) -> String {
        format!("{}{path}", self.description.service.base_url)
    }

    pub(crate) fn app_url(&self) -> &str {
        &self.description.app.base_url
    }

    pub(crate) fn start_url(&self) -> &str {
        &self.description.start.base_url
    }

    pub(crate) fn sandbox_url(&self) -> &str {
        &self.description.sandbox.base_url
    }

    pub(crate) fn app_api_key(&self) -> &str {
        &self.description.service.app_api_key
    }

    /// The identity provider of a marketplace, for saying what it would never say.
    pub(crate) fn identity_provider(&self, key: &str) -> IdentityProvider {
        IdentityProvider::from_pem(&self.marketplace(key).idp_private_key_pem)
    }

    /// What that identity provider would answer now.
    pub(crate) fn draft(&self, key: &str, request_id: &str) -> ResponseDraft {
        self.draft_at(key, request_id, SystemClock.now())
    }

    /// What it would have answered then.
    pub(crate) fn draft_at(&self, key: &str, request_id: &str, then: Timestamp) -> ResponseDraft {
        let marketplace = self.marketplace(key);
        ResponseDraft::genuine(&marketplace.idp_sso_url, &marketplace.acs_url, request_id, then)
    }

    /// Starts a sign-in in this browser and tells the id of the request.
    pub(crate) async fn begin(&self, browser: &mut Browser, key: &str) -> String {
        let answer = browser.get(&self.marketplace(key).initialize_url).await;
        super::browser::request_id(answer.location().unwrap())
    }

    /// Every item of the accounts table, but for the configuration.
    pub(crate) async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        self.all_items().await.into_iter().filter(|item| !is_configuration(item)).collect()
    }

    /// The items of the configuration.
    pub(crate) async fn configuration_items(&self) -> Vec<HashMap<String, AttributeValue>> {
        self.all_items().await.into_iter().filter(is_configuration).collect()
    }

    async fn all_items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let pages = self.dynamodb.scan().table_name(self.table()).consistent_read(true).into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.unwrap()
    }

    pub(crate) async fn put(&self, item: HashMap<String, AttributeValue>) {
        self.dynamodb.put_item().table_name(self.table()).set_item(Some(item)).send().await.unwrap();
    }

    pub(crate) async fn delete(&self, item: &HashMap<String, AttributeValue>) {
        self.dynamodb.delete_item().table_name(self.table()).set_key(Some(key_of(item))).send().await.unwrap();
    }

    /// The accounts table, as functions use it.
    pub(crate) fn accounts(&self) -> Accounts {
        Accounts::new(self.dynamodb.clone(), self.table().to_owned())
    }

    /// Everything published since this world began, in the order in which it came.
    pub(crate) async fn published(&self) -> Vec<Value> {
        let events = match &self.held {
            Held::Embedded(stack) => {
                stack.bus().published().iter().map(|one| serde_json::to_value(one).unwrap()).collect()
            }
            Held::Deployed { events, .. } => {
                let read = self.read_queue(self.description.stores.queues.events.as_ref().unwrap()).await;
                let mut events = events.lock().unwrap();
                events.extend(read);
                events.clone()
            }
        };
        let is_ours =
            |event: &Value| event["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap() >= self.began_at;
        events.into_iter().filter(is_ours).collect()
    }

    /// Takes everything off a queue.
    async fn read_queue(&self, url: &str) -> Vec<Value> {
        self.take_all(url).await.iter().map(|message| serde_json::from_str(message.body().unwrap()).unwrap()).collect()
    }

    /// Takes every message off a queue.
    async fn take_all(&self, url: &str) -> Vec<Message> {
        let sqs = self.sqs();
        let mut taken = Vec::new();
        loop {
            let receive =
                sqs.receive_message().queue_url(url).max_number_of_messages(10).message_attribute_names("All");
            let received = receive.send().await.unwrap().messages.unwrap_or_default();
            if received.is_empty() {
                return taken;
            }
            for message in received {
                let receipt = message.receipt_handle().unwrap();
                sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
                taken.push(message);
            }
        }
    }

    /// Takes what failed for good off its queue: each message with its reason.
    pub(crate) async fn take_push_dead_letters(&self) -> Vec<(String, Option<String>)> {
        let taken = self.take_all(&self.description.stores.queues.push_dead_letters).await;
        let reason = |message: &Message| {
            let attribute = message.message_attributes()?.get(REASON_ATTRIBUTE)?;
            attribute.string_value().map(str::to_owned)
        };
        taken.iter().map(|message| (message.body().unwrap().to_owned(), reason(message))).collect()
    }

    /// Puts a message on the queue of pushes, as an app on AWS can.
    pub(crate) async fn send_to_push_queue(&self, body: &str) {
        let url = &self.description.stores.queues.push;
        self.sqs().send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    /// The id map, as functions use it.
    pub(crate) fn id_map(&self) -> IdMap {
        IdMap::new(self.dynamodb.clone(), self.description.stores.tables.id_map.clone())
    }

    pub(crate) fn id_map_table(&self) -> &str {
        &self.description.stores.tables.id_map
    }

    /// Everything in the id map has expired, and the table has not deleted it yet.
    pub(crate) async fn expire_links(&self) {
        let table = &self.description.stores.tables.id_map;
        let pages = self.dynamodb.scan().table_name(table).into_paginator().items().send();
        for item in pages.collect::<Result<Vec<_>, _>>().await.unwrap() {
            let update = self.dynamodb.update_item().table_name(table).set_key(Some(key_of(&item)));
            let update = update.update_expression("SET #at = :at").expression_attribute_names("#at", TTL_ATTRIBUTE);
            update.expression_attribute_values(":at", AttributeValue::N("1".to_owned())).send().await.unwrap();
        }
    }

    async fn forget_links(&self) {
        let table = &self.description.stores.tables.id_map;
        let pages = self.dynamodb.scan().table_name(table).into_paginator().items().send();
        for item in pages.collect::<Result<Vec<_>, _>>().await.unwrap() {
            self.dynamodb.delete_item().table_name(table).set_key(Some(key_of(&item))).send().await.unwrap();
        }
    }

    /// The table client, for counting.
    pub(crate) fn dynamodb(&self) -> &Client {
        &self.dynamodb
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        let stores = &self.description.stores;
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .credentials_provider(aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&stores.event_bus_endpoint)
            .region(aws_sdk_sqs::config::Region::new(stores.region.clone()));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// Takes removals as far as they go now, and tells what came of it.
    pub(crate) async fn finish_removals(&self) -> Value {
        match &self.held {
            Held::Embedded(stack) => serde_json::to_value(stack.finish_removals().await.unwrap()).unwrap(),
            Held::Deployed { .. } => self.invoke(&self.description.service.removals.as_ref().unwrap().base_url).await,
        }
    }

    /// Lets every removal be due.
    pub(crate) async fn make_removals_due(&self) {
        let past = AttributeValue::S(Timestamp::UNIX_EPOCH.to_string());
        for item in self.items_of("removal").await {
            let due = self.dynamodb.update_item().table_name(self.table()).set_key(Some(key_of(&item)));
            due.update_expression("SET next_at = :past")
                .expression_attribute_values(":past", past.clone())
                .send()
                .await
                .unwrap();
        }
    }

    /// Invokes a deployed function by hand.
    async fn invoke(&self, url: &str) -> Value {
        // The emulator looks for the region here, and at no signature.
        let region = &self.description.stores.region;
        let scope = format!("Credential=test/20300115/{region}/lambda/aws4_request");
        let request = reqwest::Client::builder().build().unwrap().post(url).body("{}");
        let request =
            request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Refreshes the configuration now, and tells what came of it.
    pub(crate) async fn refresh_configuration(&self) -> Value {
        match &self.held {
            Held::Embedded(stack) => serde_json::to_value(stack.refresh_configuration().await.unwrap()).unwrap(),
            Held::Deployed { .. } => {
                let report = self.invoke(&self.description.service.config_refresh.as_ref().unwrap().base_url).await;
                assert!(report["version"].is_u64(), "{report}");
                report
            }
        }
    }

    /// Every item that says something about somebody: all but the traces of refusals.
    pub(crate) async fn records(&self) -> Vec<HashMap<String, AttributeValue>> {
        let is_refusal = |item: &HashMap<String, AttributeValue>| {
            item["type"].as_s().unwrap() == "trace" && item["outcome"].as_s().unwrap() != SIGNED_IN
        };
        self.items().await.into_iter().filter(|item| !is_refusal(item)).collect()
    }

    /// The items of one type.
    pub(crate) async fn items_of(&self, kind: &str) -> Vec<HashMap<String, AttributeValue>> {
        let items = self.items().await.into_iter();
        items.filter(|item| item["type"].as_s().unwrap() == kind).collect()
    }

    /// Lets the items of one type expire that much sooner.
    pub(crate) async fn age(&self, kind: &str, by: SignedDuration) {
        for item in self.items_of(kind).await {
            let aged = self.dynamodb.update_item().table_name(self.table()).set_key(Some(key_of(&item)));
            let aged = aged.update_expression("SET #at = #at - :by").expression_attribute_names("#at", TTL_ATTRIBUTE);
            aged.expression_attribute_values(":by", AttributeValue::N(by.as_secs().to_string())).send().await.unwrap();
        }
    }

    /// Lets the marketplaces be due to be asked about every session.
    pub(crate) async fn make_rechecks_due(&self) {
        let past = AttributeValue::S(Timestamp::UNIX_EPOCH.to_string());
        for item in self.items_of("session").await {
            let due = self.dynamodb.update_item().table_name(self.table()).set_key(Some(key_of(&item)));
            let due =
                due.update_expression("SET recheck_at = :past").expression_attribute_values(":past", past.clone());
            due.send().await.unwrap();
        }
    }

    /// What the attempt behind this reference left for an operator.
    pub(crate) async fn trace(&self, reference: &str) -> SignInTrace {
        self.find_trace(reference).await.expect("there is a trace")
    }

    /// The same, if there is one.
    pub(crate) async fn find_trace(&self, reference: &str) -> Option<SignInTrace> {
        self.accounts().trace(&reference.parse().unwrap(), SystemClock.now()).await.unwrap()
    }

    fn table(&self) -> &str {
        &self.description.stores.tables.accounts
    }

    /// The manifest as it is.
    pub(crate) async fn manifest(&self) -> String {
        let secret = self.secrets_manager().get_secret_value().secret_id(self.manifest_secret()).send().await.unwrap();
        secret.secret_string.unwrap()
    }

    /// Writes another one.
    pub(crate) async fn put_manifest(&self, text: &str) {
        let put = self.secrets_manager().put_secret_value().secret_id(self.manifest_secret()).secret_string(text);
        put.send().await.unwrap();
    }

    fn manifest_secret(&self) -> &str {
        &self.description.service.manifest_secret
    }

    fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let stores = &self.description.stores;
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&stores.secrets_manager_endpoint)
            .region(Region::new(stores.region.clone()));
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// What happened so far, as the start page tells it.
    pub(crate) async fn feed(&self) -> String {
        let page = Browser::new().get(self.start_url()).await.body;
        page.split_once("id=\"feed\"").map(|(_, feed)| feed.to_owned()).unwrap_or(page)
    }
}

/// Any credentials do, embedded or emulated.
fn dynamodb(description: &Description) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(&description.stores.dynamodb_endpoint)
        .region(Region::new(description.stores.region.clone()));
    Client::from_conf(config.build())
}

fn is_configuration(item: &HashMap<String, AttributeValue>) -> bool {
    item["type"].as_s().unwrap().starts_with("configuration")
}

fn key_of(item: &HashMap<String, AttributeValue>) -> HashMap<String, AttributeValue> {
    [PARTITION_KEY, SORT_KEY].map(|name| (name.to_owned(), item[name].clone())).into()
}

/// A different pair for each marketplace, from the cache if it is there. Two processes may both make them: the last one wins.
fn idp_keys() -> IdpKeys {
    let pairs: Vec<String> = match std::fs::read_to_string(KEYS) {
        Ok(cached) => cached.split("\n====\n").map(str::to_owned).collect(),
        Err(_) => make_keys(),
    };
    let [acme_key, acme_certificate, north_key, north_certificate] = &pairs[..] else {
        panic!("{KEYS} is broken; delete it")
    };
    let pair = |key: &String, certificate: &String| KeyPair {
        private_key_pem: key.clone(),
        certificate_pem: certificate.clone(),
    };
    IdpKeys::PerMarketplace(vec![pair(acme_key, acme_certificate), pair(north_key, north_certificate)])
}

fn make_keys() -> Vec<String> {
    let pairs: Vec<String> = ["acme-hub.test", "northbank.test"]
        .iter()
        .flat_map(|name| {
            let pair = KeyPair::generate(2_048, name).unwrap();
            [pair.private_key_pem, pair.certificate_pem]
        })
        .collect();
    let draft = tempfile::NamedTempFile::new_in(Path::new(KEYS).parent().unwrap()).unwrap();
    std::fs::write(draft.path(), pairs.join("\n====\n")).unwrap();
    draft.persist(KEYS).unwrap();
    pairs
}
