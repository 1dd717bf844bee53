//! Tables and queues: nothing is lost, and what must be forgotten is.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value;

use super::{Template, arn_of, list, referred};

impl Template {
    /// What is wrong with the queues and with the functions that they feed.
    fn queue_problems(&self) -> Vec<String> {
        let queues: BTreeMap<_, _> = self.of_type("AWS::SQS::Queue").into_iter().collect();
        let target = |queue: &Value| arn_of(&queue["RedrivePolicy"]["deadLetterTargetArn"]);
        let dead_letters: BTreeSet<String> = queues.values().filter_map(|queue| target(queue)).collect();
        let mut problems = Vec::new();
        for (id, queue) in &queues {
            if queue["SqsManagedSseEnabled"] != true {
                problems.push(format!("{id} is not encrypted"));
            }
            if dead_letters.contains(*id) {
                continue;
            }
            let kept = |queue: &Value| queue["MessageRetentionPeriod"].as_u64().unwrap();
            match target(queue).and_then(|target| queues.get(&*target).copied()) {
                None => problems.push(format!("{id} has no dead-letter queue")),
                // A dead letter's time counts from the day it was first sent.
                Some(target) if kept(target) <= kept(queue) => {
                    problems.push(format!("{id} may outlive its dead letters"));
                }
                Some(_) => {}
            }
        }
        problems.extend(self.events("SQS").into_iter().flat_map(|(folder, name, source)| {
            let queue = arn_of(&source["Queue"]).and_then(|queue| queues.get(&*queue).copied());
            self.source_problems(folder, source, queue).map(move |problem| format!("{folder}.{name} {problem}"))
        }));
        problems
    }

    fn source_problems(
        &self,
        folder: &str,
        source: &Value,
        queue: Option<&Value>,
    ) -> impl Iterator<Item = &'static str> {
        let default = &self.0["Globals"]["Function"]["Timeout"];
        let timeout = self.functions()[folder].get("Timeout").unwrap_or(default).as_u64().unwrap();
        let hidden = queue.and_then(|queue| queue["VisibilityTimeout"].as_u64()).unwrap_or_default();
        let reports = list(&source["FunctionResponseTypes"]).contains(&Value::from("ReportBatchItemFailures"));
        let hasty = (hidden < 6 * timeout).then_some("may see a message again while it works on it");
        (!reports).then_some("reports no single failures").into_iter().chain(hasty)
    }
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
    let late = Template::read().with(&["PushQueue", "Properties", "MessageRetentionPeriod"], "1209600");
    assert_eq!(late.queue_problems(), ["PushQueue may outlive its dead letters"]);
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

/// Names, addresses and ARNs: reading a secret takes a permission, not an output.
#[test]
fn no_output_holds_a_secret() {
    let template = Template::read();
    let secrets: Vec<&str> = template.of_type("AWS::SecretsManager::Secret").into_iter().map(|(id, _)| id).collect();
    assert!(!secrets.is_empty());
    let parameters = template.0["Parameters"].as_mapping().unwrap().iter();
    let hidden = parameters.filter(|(_, parameter)| parameter.get("NoEcho").is_some_and(|hidden| *hidden == true));
    let hidden: Vec<&str> = hidden.map(|(name, _)| name.as_str().unwrap()).collect();
    for (name, output) in template.0["Outputs"].as_mapping().unwrap() {
        let value = yaml_serde::to_string(&output["Value"]).unwrap();
        assert!(!value.contains("resolve:"), "{name:?}");
        assert!(!value.contains("SecretString"), "{name:?}");
        for hidden in &hidden {
            assert!(!value.contains(hidden), "{name:?}");
        }
        // A secret's reference is its ARN, and nothing else of it may be named.
        for secret in &secrets {
            assert!(!value.contains(secret) || referred(&output["Value"]).as_deref() == Some(secret), "{name:?}");
        }
    }
}
