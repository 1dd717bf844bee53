//! The way of the events: from the table's stream to the bus, and from there to the app.

use yaml_serde::Value;

use super::{Template, arn_of, list, referred};

/// What keeps the order of a group's events, and what keeps an event that failed.
#[test]
fn the_outbox_is_read_in_order_and_nothing_of_it_is_dropped_silently() {
    let template = Template::read();
    let streams = template.events("DynamoDB");
    let [(folder, _, source)] = &streams[..] else { panic!("not one stream") };
    assert_eq!(*folder, "events");
    assert_eq!(referred(&source["Stream"]).as_deref(), Some("AccountsTable.StreamArn"));
    assert_eq!(source["ParallelizationFactor"], 1, "one batch of a shard at a time");
    assert_eq!(source["StartingPosition"], "TRIM_HORIZON");
    assert!(list(&source["FunctionResponseTypes"]).contains(&Value::from("ReportBatchItemFailures")));
    // The stream itself forgets after a day, and tells nobody.
    assert!(source["MaximumRecordAgeInSeconds"].as_u64().is_some_and(|secs| secs < 24 * 3_600));
    let destination = &source["DestinationConfig"]["OnFailure"]["Destination"];
    assert_eq!(arn_of(destination).as_deref(), Some("EventsDeadLetters"));
    let [filter] = list(&source["FilterCriteria"]["Filters"]) else { panic!("not one filter") };
    let pattern: serde_json::Value = serde_json::from_str(filter["Pattern"].as_str().unwrap()).unwrap();
    let new_events = serde_json::json!({
        "eventName": ["INSERT"], "dynamodb": { "NewImage": { "type": { "S": ["event"] } } },
    });
    assert_eq!(pattern, new_events);
    let table = &template.resource("AccountsTable")["Properties"];
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
}

#[test]
fn every_rule_delivers_the_event_as_it_is_and_keeps_what_it_cannot_deliver() {
    let template = Template::read();
    let rules = template.of_type("AWS::Events::Rule");
    assert_eq!(rules.len(), 2);
    for (id, rule) in rules {
        assert_eq!(referred(&rule["EventBusName"]).as_deref(), Some("EventBus"), "{id}");
        assert!(template.resource(id).get("Condition").is_some(), "{id} is an example, and off by itself");
        for target in list(&rule["Targets"]) {
            assert_eq!(target["InputPath"], "$.detail", "{id}");
            assert_eq!(arn_of(&target["DeadLetterConfig"]["Arn"]).as_deref(), Some("EventsDeadLetters"), "{id}");
        }
    }
    let posted = &list(&template.resource("PostEvents")["Properties"]["Targets"])[0];
    assert_eq!(posted["HttpParameters"]["HeaderParameters"]["webhook-id"], "$.detail.id");
}

/// A queue policy lets the bus in, and of it only our own rules.
#[test]
fn only_our_rules_may_put_events_on_our_queues() {
    let policies = Template::read();
    let policies = policies.of_type("AWS::SQS::QueuePolicy");
    assert_eq!(policies.len(), 2);
    for (id, policy) in policies {
        for statement in list(&policy["PolicyDocument"]["Statement"]) {
            assert_eq!(statement["Principal"]["Service"], "events.amazonaws.com", "{id}");
            assert_eq!(statement["Action"], "sqs:SendMessage", "{id}");
            assert!(arn_of(&statement["Resource"]).is_some(), "{id}");
            let conditions = statement["Condition"].as_mapping().unwrap();
            assert!(conditions.values().all(|condition| condition.get("aws:SourceArn").is_some()), "{id}");
            assert!(!conditions.is_empty(), "{id}");
        }
    }
}

/// An alarm on a metric that nobody writes never speaks.
#[test]
fn every_alarm_on_a_metric_of_ours_is_on_one_that_its_function_writes() {
    let template = Template::read();
    let written = [
        ("ConfigRefreshFunction", &["UnusableSources", "QuarantinedMarketplaces", "ConfigurationAge"][..]),
        ("ConnecPushFunction", &["OldestPushAge"]),
        ("RemovalsFunction", &["OpenRemovals", "OldestRemovalAge", "DisputedRemovals", "FailedRemovals"]),
    ];
    let line = removals::metrics(&removals::Report::default(), "removals", jiff::Timestamp::UNIX_EPOCH);
    for name in written[2].1 {
        assert!(line.get(name).is_some(), "{name}");
    }
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let ours = alarms.into_iter().filter(|(_, alarm)| alarm["Namespace"] == "Stallholder");
    for (id, alarm) in ours {
        let function = referred(&list(&alarm["Dimensions"])[0]["Value"]).unwrap();
        let (_, metrics) = written.iter().find(|(name, _)| *name == function).unwrap();
        assert!(metrics.contains(&alarm["MetricName"].as_str().unwrap()), "{id}");
    }
}
