//! What CloudWatch makes metrics of: one line in its embedded metric format.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::configuration::Report;

const NAMESPACE: &str = "Stallholder";

/// The line for this report.
#[must_use]
pub fn metrics(report: &Report, function: &str, now: Timestamp) -> Value {
    let sources = [&report.platform, &report.manifest];
    let unusable = sources.iter().filter(|source| source.failure.is_some()).count();
    let mut line = json!({
        "FunctionName": function,
        "UnusableSources": unusable,
        "QuarantinedMarketplaces": report.quarantined.len(),
    });
    let mut metrics = vec![
        json!({ "Name": "UnusableSources", "Unit": "Count" }),
        json!({ "Name": "QuarantinedMarketplaces", "Unit": "Count" }),
    ];
    if let (Some(age), Some(line)) = (report.age(now), line.as_object_mut()) {
        line.insert("ConfigurationAge".to_owned(), age.as_secs().into());
        metrics.push(json!({ "Name": "ConfigurationAge", "Unit": "Seconds" }));
    }
    if let Some(line) = line.as_object_mut() {
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics });
        let metadata = json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] });
        line.insert("_aws".to_owned(), metadata);
    }
    line
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use shared::configuration::{Quarantined, SourceReport};

    use super::*;

    fn report(platform: SourceReport) -> Report {
        let quarantined = Quarantined {
            marketplace: "northbank".to_owned(),
            reason: "api.key is missing".to_owned(),
            served_as_of_before_since: None,
        };
        Report {
            version: 3,
            changed: false,
            marketplaces: Vec::new(),
            removed: Vec::new(),
            quarantined: vec![quarantined],
            platform,
            manifest: SourceReport {
                last_good: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60)),
                failure: None,
            },
        }
    }

    #[test]
    fn the_age_is_that_of_the_source_that_is_furthest_behind() {
        let down = SourceReport { last_good: Some(Timestamp::UNIX_EPOCH), failure: Some("down".to_owned()) };
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100);
        let line = metrics(&report(down), "config-refresh", now);
        assert_eq!(
            line,
            json!({
                "FunctionName": "config-refresh", "ConfigurationAge": 100, "UnusableSources": 1, "QuarantinedMarketplaces": 1,
                "_aws": { "Timestamp": 100_000, "CloudWatchMetrics": [{
                    "Namespace": "Stallholder", "Dimensions": [["FunctionName"]], "Metrics": [
                        { "Name": "UnusableSources", "Unit": "Count" },
                        { "Name": "QuarantinedMarketplaces", "Unit": "Count" },
                        { "Name": "ConfigurationAge", "Unit": "Seconds" },
                    ],
                }] },
            })
        );
    }

    #[test]
    fn a_source_that_never_could_be_used_has_no_age_and_is_counted() {
        let never = SourceReport { last_good: None, failure: Some("down".to_owned()) };
        let line = metrics(&report(never), "config-refresh", Timestamp::UNIX_EPOCH);
        assert!(line.get("ConfigurationAge").is_none() && line["UnusableSources"] == 1);
    }
}
