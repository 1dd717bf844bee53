//! `infra/template.yaml` held against the code: what is deployed, what it is told, what it may do, and where it is reached.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    sync::Arc,
};

use serde_json::json;
use shared::{
    clock::SystemClock,
    env::{EnvError, Variables},
};
use yaml_serde::Value;

use crate::harness::{Browser, World};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What every function's subscriber reads, outside its settings.
const LOG_LEVEL: &str = "RUST_LOG";
/// The only actions that know no narrower resource than all (Service Authorization Reference, AWS X-Ray).
const WITHOUT_RESOURCE: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];

/// One function in the code: its folder, what reads its variables, the paths it serves.
struct Function {
    folder: &'static str,
    read: fn(&Variables) -> Result<(), EnvError>,
    paths: &'static [&'static str],
}

/// A new function gets a line here; `every_function_is_deployed_and_known_here` says so if it has none.
const FUNCTIONS: [Function; 2] = [
    Function {
        folder: "app-api",
        read: |variables| app_api::Settings::read(variables).map(drop),
        paths: &app_api::PATHS,
    },
    Function { folder: "sso", read: |variables| sso::Settings::read(variables).map(drop), paths: &sso::PATHS },
];

/// The template, as it is written: intrinsic functions stay tagged values.
struct Template(Value);

impl Template {
    fn read() -> Self {
        Self(yaml_serde::from_str(&std::fs::read_to_string(format!("{ROOT}/infra/template.yaml")).unwrap()).unwrap())
    }

    /// The template with one thing changed, for showing that a check notices.
    fn with(mut self, path: &[&str], value: &str) -> Self {
        let place = path.iter().fold(&mut self.0["Resources"], |place, name| &mut place[*name]);
        *place = yaml_serde::from_str(value).unwrap();
        self
    }

    fn resource(&self, id: &str) -> &Value {
        &self.0["Resources"][id]
    }

    /// Logical id and properties of every resource of a type.
    fn of_type(&self, kind: &str) -> Vec<(&str, &Value)> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let found = resources.filter(|(_, resource)| resource["Type"] == kind);
        found.map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"])).collect()
    }

    /// Properties of every function by its folder.
    fn functions(&self) -> BTreeMap<&str, &Value> {
        let functions = self.of_type("AWS::Serverless::Function").into_iter();
        functions
            .map(|(_, properties)| {
                let folder = properties["CodeUri"].as_str().unwrap().strip_prefix("../functions/").unwrap();
                (folder.trim_end_matches('/'), properties)
            })
            .collect()
    }

    /// Every route with the function behind it.
    fn routes(&self) -> BTreeSet<(String, &str)> {
        let routes = self.functions().into_iter().flat_map(|(folder, properties)| {
            let events = properties["Events"].as_mapping().into_iter().flatten();
            let paths = events.filter(|(_, event)| event["Type"] == "HttpApi");
            paths.map(move |(_, event)| (event["Properties"]["Path"].as_str().unwrap().to_owned(), folder))
        });
        routes.collect()
    }

    /// The statements of the role of a function.
    fn statements(&self, function: &Value) -> &[Value] {
        let role = self.resource(&referred(&function["Role"]).unwrap());
        role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_sequence().unwrap()
    }

    /// The actions of one service that a function may take, and on what.
    fn allowed(&self, function: &Value, service: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut allowed = (BTreeSet::new(), BTreeSet::new());
        for statement in self.statements(function) {
            let actions = list(&statement["Action"]).iter().map(|action| action.as_str().unwrap().to_owned());
            let actions: Vec<String> = actions.filter(|action| action.starts_with(service)).collect();
            if !actions.is_empty() {
                allowed.1.extend(list(&statement["Resource"]).iter().map(|resource| referred(resource).unwrap()));
            }
            allowed.0.extend(actions);
        }
        allowed
    }

    /// What is wrong with the roles.
    fn role_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut roles = BTreeSet::new();
        for (id, function) in self.of_type("AWS::Serverless::Function") {
            match referred(&function["Role"]) {
                Some(role) if roles.insert(role.clone()) => {}
                _ => problems.push(format!("{id} has no role of its own")),
            }
            if function.get("Policies").is_some() {
                problems.push(format!("{id} has policies beside its role"));
            }
        }
        for (id, role) in self.of_type("AWS::IAM::Role") {
            if role.get("ManagedPolicyArns").is_some() {
                problems.push(format!("{id} has somebody else's policies"));
            }
            for policy in role["Policies"].as_sequence().unwrap() {
                let statements = policy["PolicyDocument"]["Statement"].as_sequence().unwrap();
                problems.extend(statements.iter().filter_map(|statement| too_wide(id, statement)));
            }
        }
        problems
    }

    /// What is wrong with the queues and with the functions that they feed.
    fn queue_problems(&self) -> Vec<String> {
        let queues: BTreeMap<_, _> = self.of_type("AWS::SQS::Queue").into_iter().collect();
        let target = |queue: &Value| referred(&queue["RedrivePolicy"]["deadLetterTargetArn"]);
        let dead_letters: BTreeSet<String> = queues.values().filter_map(|queue| target(queue)).collect();
        let mut problems = Vec::new();
        for (id, queue) in queues.iter().filter(|(id, _)| !dead_letters.contains(**id)) {
            if target(queue).is_none_or(|target| !queues.contains_key(&*target)) {
                problems.push(format!("{id} has no dead-letter queue"));
            }
        }
        problems.extend(
            queues
                .iter()
                .filter(|(_, queue)| queue["SqsManagedSseEnabled"] != true)
                .map(|(id, _)| format!("{id} is not encrypted")),
        );
        let default = &self.0["Globals"]["Function"]["Timeout"];
        for (folder, function) in self.functions() {
            let timeout = function.get("Timeout").unwrap_or(default).as_u64().unwrap();
            let events = function["Events"].as_mapping().into_iter().flatten();
            for (name, event) in events.filter(|(_, event)| event["Type"] == "SQS") {
                let what = format!("{folder}.{}", name.as_str().unwrap());
                let source = &event["Properties"];
                if !list(&source["FunctionResponseTypes"]).contains(&Value::from("ReportBatchItemFailures")) {
                    problems.push(format!("{what} reports no single failures"));
                }
                let queue = referred(&source["Queue"]).and_then(|queue| queues.get(&*queue).copied());
                if queue.and_then(|queue| queue["VisibilityTimeout"].as_u64()).is_none_or(|hidden| hidden < 6 * timeout)
                {
                    problems.push(format!("{what} may see a message again while it works on it"));
                }
            }
        }
        problems
    }
}

/// What `!Ref X` and `!GetAtt X.Arn` refer to.
fn referred(value: &Value) -> Option<String> {
    let Value::Tagged(tagged) = value else { return None };
    let to = tagged.value.as_str()?;
    match tagged.tag.to_string().as_str() {
        "!Ref" => Some(to.to_owned()),
        "!GetAtt" => to.split('.').next().map(str::to_owned),
        _ => None,
    }
}

/// A list, or the one thing that stands in its place.
fn list(value: &Value) -> &[Value] {
    value.as_sequence().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// A statement that allows anything, or something on everything.
fn too_wide(role: &str, statement: &Value) -> Option<String> {
    let actions: Vec<&str> = list(&statement["Action"]).iter().map(|action| action.as_str().unwrap_or("?")).collect();
    let exact = actions.iter().all(|action| action.contains(':') && !action.contains(['*', '?']));
    let narrow = list(&statement["Resource"]).iter().all(|resource| referred(resource).is_some());
    let known = statement["Resource"] == "*" && actions.iter().all(|action| WITHOUT_RESOURCE.contains(action));
    let positive = ["NotAction", "NotResource"].iter().all(|name| statement.get(*name).is_none());
    (!(exact && positive && (narrow || known))).then(|| format!("{role} allows too much: {actions:?}"))
}

/// Whether API Gateway would send this path to this route.
fn covers(route: &str, path: &str) -> bool {
    match route.split_once("{proxy+}") {
        Some((before, _)) => path.len() > before.len() && path.starts_with(before),
        None => route == path,
    }
}

#[test]
fn every_function_is_deployed_and_known_here() {
    let folders: BTreeSet<String> = std::fs::read_dir(format!("{ROOT}/functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let deployed: BTreeSet<String> = Template::read().functions().keys().map(ToString::to_string).collect();
    let known: BTreeSet<String> = FUNCTIONS.iter().map(|function| function.folder.to_owned()).collect();
    assert_eq!(deployed, folders);
    assert_eq!(known, folders);
}

#[test]
fn every_variable_that_a_function_reads_is_set_and_no_other() {
    let template = Template::read();
    for Function { folder, read, .. } in FUNCTIONS {
        let set = template.functions()[folder]["Environment"]["Variables"].as_mapping().unwrap();
        let set: Vec<&str> = set.keys().map(|name| name.as_str().unwrap()).collect();
        let value = |name: &str| if name == "MNO_DEVPL_HOST" { "https://platform.test" } else { "x" };
        let variables = Variables::from_iter(set.iter().map(|name| (*name, value(name))));
        assert_eq!(read(&variables), Ok(()), "{folder}");
        let mut asked = variables.asked();
        assert!(asked.insert(LOG_LEVEL));
        assert_eq!(asked, BTreeSet::from_iter(set), "{folder}");
    }
}

#[tokio::test]
async fn each_function_may_do_what_it_does_and_no_more() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    browser.sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    browser.get(&world.service("/session")).await;
    browser.post(&world.service("/session/logout")).await;

    let (template, mut seen) = (Template::read(), world.stack().calls().seen());
    for (folder, function) in template.functions() {
        let (mut actions, tables) = template.allowed(function, "dynamodb:");
        // The first connection is opened by a read, which the embedded functions do not need.
        actions.remove("dynamodb:GetItem");
        let mut seen = seen.remove(folder).unwrap_or_default();
        seen.remove("dynamodb:GetItem");
        assert_eq!(actions, seen, "{folder}");
        assert_eq!(tables, BTreeSet::from(["AccountsTable".to_owned()]), "{folder}");
    }
    assert!(seen.is_empty(), "{seen:?}");
    world.stop().await;
}

#[test]
fn each_function_may_read_the_secrets_that_it_is_told_of_and_no_others() {
    let template = Template::read();
    for (folder, function) in template.functions() {
        let variables = function["Environment"]["Variables"].as_mapping().unwrap().iter();
        let told = variables.filter(|(name, _)| name.as_str().unwrap().ends_with("_SECRET_ID"));
        let told: BTreeSet<String> = told.map(|(_, value)| referred(value).unwrap()).collect();
        let (actions, secrets) = template.allowed(function, "secretsmanager:");
        assert_eq!(actions, BTreeSet::from(["secretsmanager:GetSecretValue".to_owned()]), "{folder}");
        assert_eq!(secrets, told, "{folder}");
    }
}

#[test]
fn each_function_logs_to_its_own_group_and_to_no_other() {
    let template = Template::read();
    for (folder, function) in template.functions() {
        let group = referred(&function["LoggingConfig"]["LogGroup"]).unwrap();
        let actions = ["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned);
        assert_eq!(template.allowed(function, "logs:"), (actions.into(), BTreeSet::from([group.clone()])), "{folder}");
        let properties = &template.resource(&group)["Properties"];
        assert_eq!(referred(&properties["RetentionInDays"]).as_deref(), Some("LogRetentionDays"), "{folder}");
    }
}

#[test]
fn no_role_allows_more_than_exact_actions_on_exact_resources() {
    assert_eq!(Template::read().role_problems(), [""; 0]);
    let statement = ["SsoRole", "Properties", "Policies"];
    let policy =
        |statement: &str| format!("[{{ PolicyDocument: {{ Statement: [{{ Effect: Allow, {statement} }}] }} }}]");
    for wide in [
        "Action: 'dynamodb:*', Resource: !GetAtt AccountsTable.Arn",
        "Action: '*', Resource: !GetAtt AccountsTable.Arn",
        "Action: 'dynamodb:GetItem', Resource: '*'",
        "Action: ['xray:PutTraceSegments', 'dynamodb:GetItem'], Resource: '*'",
        "Action: 'dynamodb:GetItem', Resource: 'arn:aws:dynamodb:eu-west-1:123456789012:table/*'",
        "Action: 'dynamodb:GetItem', Resource: [!GetAtt AccountsTable.Arn, !Sub 'arn:${AWS::Partition}:dynamodb:*']",
        "Action: 'dynamodb:GetItem', NotResource: !GetAtt AccountsTable.Arn",
    ] {
        let problems = Template::read().with(&statement, &policy(wide)).role_problems();
        assert!(problems.iter().any(|problem| problem.starts_with("SsoRole allows too much")), "{wide}: {problems:?}");
    }
    let shared = Template::read().with(&["AppApiFunction", "Properties", "Role"], "!GetAtt SsoRole.Arn");
    assert_eq!(shared.role_problems(), ["AppApiFunction has no role of its own"]);
}

#[test]
fn every_queue_keeps_what_fails_and_every_worker_says_what_failed() {
    assert_eq!(Template::read().queue_problems(), [""; 0]);
    let worker = |source: &str| {
        let events = format!("{{ Inbox: {{ Type: SQS, Properties: {{ Queue: !GetAtt InboxQueue.Arn, {source} }} }} }}");
        Template::read().with(&["SsoFunction", "Properties", "Events"], &events)
    };
    let good = worker("FunctionResponseTypes: [ReportBatchItemFailures]");
    assert_eq!(good.queue_problems(), [""; 0]);
    let hasty = good.with(&["InboxQueue", "Properties", "VisibilityTimeout"], "89");
    assert_eq!(hasty.queue_problems(), ["sso.Inbox may see a message again while it works on it"]);
    assert_eq!(worker("BatchSize: 1").queue_problems(), ["sso.Inbox reports no single failures"]);
    let lost = Template::read().with(&["BillQueue", "Properties", "RedrivePolicy"], "{}");
    assert_eq!(
        lost.queue_problems(),
        ["BillDeadLetters has no dead-letter queue", "BillQueue has no dead-letter queue"]
    );
}

#[test]
fn every_table_can_be_restored_and_forgets_what_has_expired() {
    let template = Template::read();
    let tables = template.of_type("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 2);
    for (id, table) in tables {
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true, "{id}");
        assert_eq!(table["TimeToLiveSpecification"]["Enabled"], true, "{id}");
        assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], shared::store::TTL_ATTRIBUTE, "{id}");
        assert_eq!(referred(&table["DeletionProtectionEnabled"]).as_deref(), Some("DeletionProtection"), "{id}");
    }
}

#[test]
fn every_path_served_has_a_route_and_every_route_is_served() {
    let template = Template::read();
    let routes = template.routes();
    for Function { folder, paths, .. } in FUNCTIONS {
        for path in paths {
            // API Gateway takes the most specific route, so another function's may come first.
            let exact = routes.iter().find(|(route, _)| route == path);
            let behind = exact.or_else(|| routes.iter().find(|(route, _)| covers(route, path)));
            assert_eq!(behind.map(|(_, function)| *function), Some(folder), "{path}");
        }
        for (route, _) in routes.iter().filter(|(_, function)| *function == folder) {
            assert!(paths.iter().any(|path| covers(route, path)), "{folder} does not serve {route}");
        }
    }
    for (route, _) in &routes {
        assert!(!route.ends_with('/'), "an HTTP API takes no route like {route}");
    }
}

#[test]
fn cargo_lambda_watch_has_the_same_routes() {
    let mut cargo = Command::new(env!("CARGO"));
    let answer = cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).current_dir(ROOT).output();
    let metadata: serde_json::Value = serde_json::from_slice(&answer.unwrap().stdout).unwrap();
    let watched: BTreeMap<String, String> =
        serde_json::from_value(metadata["metadata"]["lambda"]["watch"]["router"].clone()).unwrap();
    let template = Template::read();
    let deployed =
        template.routes().into_iter().map(|(path, folder)| (path.replace("{proxy+}", "{*proxy}"), folder.to_owned()));
    assert_eq!(watched, deployed.collect());
}

/// The examples for `cargo lambda invoke`.
#[test]
fn every_example_event_is_for_a_route_and_can_be_read() {
    let template = Template::read();
    let routes: BTreeSet<String> = template.routes().into_iter().map(|(path, _)| format!("ANY {path}")).collect();
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(ROOT).join("tests/fixtures/events")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(routes.contains(event["routeKey"].as_str().unwrap()), "{}", path.display());
        assert_eq!(event["version"], json!("2.0"), "{}", path.display());
        let request: lambda_http::Request = shared::lambda::prepare(serde_json::from_str(&text).unwrap()).into();
        assert_eq!(request.uri().path(), event["rawPath"].as_str().unwrap(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 4, "{count}");
}
