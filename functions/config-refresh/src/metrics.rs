//! The metrics of a refresh.

use jiff::Timestamp;
use serde_json::Value;
use shared::{
    configuration::Report,
    metrics::{self, Metric},
};

/// The line for this report.
#[must_use]
pub fn metrics(report: &Report, function: &str, now: Timestamp) -> Value {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let unusable = [&report.platform, &report.manifest].iter().filter(|source| source.failure.is_some()).count();
    let mut metrics: Vec<Metric> = vec![
        ("UnusableSources", "Count", count(unusable)),
        ("QuarantinedMarketplaces", "Count", count(report.quarantined.len())),
    ];
    metrics.extend(report.age(now).map(|age| ("ConfigurationAge", "Seconds", age.as_secs())));
    metrics::line(function, now, &metrics)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;
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
