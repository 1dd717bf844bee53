//! What the functions may do: what they were seen to do, and no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use local::Action;
use serde_json::json;
use shared::{
    clock::SystemClock,
    store::{PARTITION_KEY, SORT_KEY},
};
use yaml_serde::Value;

use super::{Template, arn_of, list, referred};
use crate::{
    flows::{code_of, send_removal, share_in_every_way},
    harness::{Browser, World},
};

/// Tracing, whose actions know no narrower resource than all (Service Authorization Reference, AWS X-Ray).
const TRACING: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
const LOGGING: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
/// What an event source mapping of a table's stream needs of the function's role.
const STREAM: [&str; 4] =
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];
/// What one of a queue needs.
const QUEUE: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
const SECRETS: &str = "secretsmanager:GetSecretValue";

/// Each action with the resources that it may be taken on; `*` for all.
type Allowed = BTreeMap<String, BTreeSet<String>>;

impl Template {
    /// What the role of a function allows, in all its policies.
    fn allowed(&self, function: &Value) -> Allowed {
        let role = &self.resource(&arn_of(&function["Role"]).unwrap())["Properties"];
        let mut allowed = Allowed::new();
        for statement in statements(role) {
            let resources = list(&statement["Resource"]).iter();
            let resources: Vec<String> =
                resources.map(|resource| referred(resource).unwrap_or_else(|| "*".to_owned())).collect();
            for action in list(&statement["Action"]) {
                allowed.entry(action.as_str().unwrap().to_owned()).or_default().extend(resources.iter().cloned());
            }
        }
        allowed
    }

    /// What a function needs beside its table: its log, its trace, and the secrets that its variables name.
    fn surroundings(&self, function: &Value) -> Allowed {
        let variables = function["Environment"]["Variables"].as_mapping().unwrap().iter();
        let secrets = variables.filter(|(name, _)| name.as_str().unwrap().ends_with("_SECRET_ID"));
        // `!Ref` of a secret is its ARN.
        let secrets = secrets.map(|(_, value)| referred(value).unwrap()).collect();
        let group = format!("{}.Arn", referred(&function["LoggingConfig"]["LogGroup"]).unwrap());
        let on = |action: &str, resource: &str| (action.to_owned(), BTreeSet::from([resource.to_owned()]));
        let mut needed: Allowed = LOGGING.map(|action| on(action, &group)).into();
        needed.extend(TRACING.map(|action| on(action, "*")));
        needed.insert(SECRETS.to_owned(), secrets);
        for queue in self.queues_of(function) {
            for action in QUEUE {
                needed.entry(action.to_owned()).or_default().insert(queue.clone());
            }
        }
        for source in self.streams_of(function) {
            needed.extend(STREAM.map(|action| on(action, &source)));
        }
        needed.retain(|_, resources| !resources.is_empty());
        needed
    }

    /// The streams that feed a function.
    fn streams_of(&self, function: &Value) -> Vec<String> {
        let events = function["Events"].as_mapping().unwrap().values();
        let streams = events.filter(|event| event["Type"] == "DynamoDB");
        streams.map(|event| referred(&event["Properties"]["Stream"]).unwrap()).collect()
    }

    /// The queues that feed a function.
    fn queues_of(&self, function: &Value) -> Vec<String> {
        let events = function["Events"].as_mapping().unwrap().values();
        let queues = events.filter(|event| event["Type"] == "SQS");
        queues.map(|event| referred(&event["Properties"]["Queue"]).unwrap()).collect()
    }

    /// What is wrong with the roles.
    fn role_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut roles = BTreeSet::new();
        for (id, function) in self.of_type("AWS::Serverless::Function") {
            match arn_of(&function["Role"]) {
                Some(role) if roles.insert(role.clone()) => {}
                _ => problems.push(format!("{id} has no role of its own")),
            }
            if function.get("Policies").is_some() {
                problems.push(format!("{id} has policies beside its role"));
            }
        }
        let rules = self.of_type("AWS::Events::Rule").into_iter();
        let targets = rules.flat_map(|(_, rule)| list(&rule["Targets"]));
        let posting: BTreeSet<String> = targets.filter_map(|target| target.get("RoleArn")).filter_map(arn_of).collect();
        for (id, role) in self.of_type("AWS::IAM::Role") {
            if role.get("ManagedPolicyArns").is_some() {
                problems.push(format!("{id} has somebody else's policies"));
            }
            let theirs = if posting.contains(id) { "events" } else { "lambda" };
            if role["AssumeRolePolicyDocument"] != may_assume(theirs) {
                problems.push(format!("{id} can be assumed by others than {theirs}"));
            }
            problems.extend(statements(role).filter_map(|statement| too_wide(id, statement)));
        }
        problems
    }
}

/// Every statement of every policy of a role.
fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    let policies = role["Policies"].as_sequence().unwrap().iter();
    policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().unwrap())
}

fn may_assume(service: &str) -> Value {
    let statement =
        format!("{{ Effect: Allow, Principal: {{ Service: {service}.amazonaws.com }}, Action: 'sts:AssumeRole' }}");
    yaml_serde::from_str(&format!("{{ Version: '2012-10-17', Statement: [{statement}] }}")).unwrap()
}

/// A statement that allows anything, or something on everything, or something else than allowing.
fn too_wide(role: &str, statement: &Value) -> Option<String> {
    let actions: Vec<&str> = list(&statement["Action"]).iter().map(|action| action.as_str().unwrap_or("?")).collect();
    let exact = actions.iter().all(|action| action.contains(':') && !action.contains(['*', '?']));
    let narrow = list(&statement["Resource"]).iter().all(|resource| referred(resource).is_some());
    let known = statement["Resource"] == "*" && actions.iter().all(|action| TRACING.contains(action));
    let plain = statement["Effect"] == "Allow"
        && statement
            .as_mapping()
            .unwrap()
            .keys()
            .all(|key| ["Effect", "Action", "Resource"].contains(&key.as_str().unwrap()));
    (!(exact && plain && (narrow || known)))
        .then(|| format!("{role} says something else than to allow exactly: {actions:?}"))
}

/// What is not as it should be: each function with what it may do beyond its needs, or needs beyond what it may.
fn differences(template: &Template, seen: &BTreeMap<&str, BTreeSet<Action>>) -> Vec<String> {
    let mut differences = Vec::new();
    for (folder, function) in template.functions() {
        let mut needed = template.surroundings(function);
        for (action, resource) in seen.get(folder).into_iter().flatten() {
            needed.entry(action.clone()).or_default().insert(format!("{resource}.Arn"));
        }
        let allowed = template.allowed(function);
        for action in needed.keys().chain(allowed.keys()).collect::<BTreeSet<_>>() {
            if needed.get(action) != allowed.get(action) {
                differences.push(format!("{folder}: {action}"));
            }
        }
    }
    differences
}

/// An event that can only become a dead letter.
async fn put_unreadable_event(world: &World) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = [(PARTITION_KEY, text("GROUP#x")), (SORT_KEY, text("EVENT#0")), ("type", text("event"))];
    world.put(item.map(|(name, value)| (name.to_owned(), value)).into()).await;
    while world.stack().queues().messages("stallholder-events-dead-letters").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn each_function_may_do_what_it_does_and_no_more() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, "acme-hub", "usr-5k2", "cld-7a1c").await;
    browser.sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    browser.sign_in(&world, "northbank", "usr-5k2", "cld-7a1c").await;
    world.make_rechecks_due().await;
    browser.get(&world.service("/session")).await;
    let exchanged = world.exchange(&code_of(&world, "acme-hub", "usr-5k2", "cld-7a1c").await).await;
    world.make_rechecks_due().await;
    world.session(exchanged.body["token"].as_str().unwrap()).await;
    browser.post(&world.service("/session/logout")).await;
    share_in_every_way(&world).await;
    world.cancel_group("acme-hub", "cld-7a1c", &json!({})).await;
    world.finish_removals().await;
    send_removal(&world, "acme-hub", "/mno-enterprise/acme-hub/account/group/cld-nobody").await;
    put_unreadable_event(&world).await;
    world.refresh_configuration().await;
    browser.get(&world.service("/mno-enterprise/acme-hub/metadata")).await;
    // By then it looks once more, for credentials that might be new.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    browser.get(&world.service("/mno-enterprise/acme-hub/metadata")).await;
    let seen = world.stack().calls().seen();
    world.stop().await;

    assert_eq!(differences(&Template::read(), &seen), [""; 0]);

    // And the check notices.
    let policies = ["AppApiRole", "Properties", "Policies"];
    let with = |statement: &str| {
        let policy =
            |statement: &str| format!("{{ PolicyDocument: {{ Statement: [{{ Effect: Allow, {statement} }}] }} }}");
        let existing =
            yaml_serde::to_string(&Template::read().resource("AppApiRole")["Properties"]["Policies"]).unwrap();
        Template::read().with(&policies, &format!("{existing}\n- {}", policy(statement)))
    };
    for (statement, noticed) in [
        ("Action: 'dynamodb:Scan', Resource: !GetAtt AccountsTable.Arn", "app-api: dynamodb:Scan"),
        ("Action: 'dynamodb:BatchGetItem', Resource: !GetAtt IdMapTable.Arn", "app-api: dynamodb:BatchGetItem"),
        ("Action: 'sqs:SendMessage', Resource: !GetAtt InboxQueue.Arn", "app-api: sqs:SendMessage"),
        ("Action: 'secretsmanager:GetSecretValue', Resource: !Ref Manifest", "app-api: secretsmanager:GetSecretValue"),
    ] {
        assert_eq!(differences(&with(statement), &seen), [noticed]);
    }
    let place = ["SsoRole", "Properties", "Policies"];
    let nothing = Template::read().with(&place, "[]");
    assert!(differences(&nothing, &seen).contains(&"sso: dynamodb:GetItem".to_owned()));
}

#[test]
fn no_role_allows_more_than_exact_actions_on_exact_resources() {
    assert_eq!(Template::read().role_problems(), [""; 0]);
    let policies = ["SsoRole", "Properties", "Policies"];
    let policy = |statement: &str| format!("[{{ PolicyDocument: {{ Statement: [{{ {statement} }}] }} }}]");
    for wide in [
        "Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt AccountsTable.Arn",
        "Effect: Allow, Action: '*', Resource: !GetAtt AccountsTable.Arn",
        "Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*'",
        "Effect: Allow, Action: ['xray:PutTraceSegments', 'dynamodb:GetItem'], Resource: '*'",
        "Effect: Allow, Action: 'dynamodb:GetItem', Resource: 'arn:aws:dynamodb:eu-west-1:123456789012:table/*'",
        "Effect: Allow, Action: 'dynamodb:GetItem', Resource: [!GetAtt AccountsTable.Arn, !Sub 'arn:${AWS::Partition}:dynamodb:*']",
        "Effect: Allow, Action: 'dynamodb:GetItem', NotResource: !GetAtt AccountsTable.Arn",
        "Effect: Deny, Action: 'dynamodb:GetItem', Resource: !GetAtt AccountsTable.Arn",
        "Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt AccountsTable.Arn, Condition: {}",
    ] {
        let problems = Template::read().with(&policies, &policy(wide)).role_problems();
        assert!(
            problems.iter().any(|problem| problem.starts_with("SsoRole says something else")),
            "{wide}: {problems:?}"
        );
    }
    let shared = Template::read().with(&["AppApiFunction", "Properties", "Role"], "!GetAtt SsoRole.Arn");
    assert_eq!(shared.role_problems(), ["AppApiFunction has no role of its own"]);
    let trust = ["SsoRole", "Properties", "AssumeRolePolicyDocument", "Statement"];
    let open = Template::read().with(&trust, "[{ Effect: Allow, Principal: '*', Action: 'sts:AssumeRole' }]");
    assert_eq!(open.role_problems(), ["SsoRole can be assumed by others than lambda"]);
}

#[test]
fn every_log_group_forgets() {
    let template = Template::read();
    let groups = template.of_type("AWS::Logs::LogGroup");
    assert_eq!(groups.len(), template.functions().len() + 1, "one for each function and one for the API");
    for (id, group) in groups {
        assert_eq!(referred(&group["RetentionInDays"]).as_deref(), Some("LogRetentionDays"), "{id}");
    }
}
