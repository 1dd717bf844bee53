//! What CloudWatch makes metrics of: a line of the log in its embedded metric format.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Stallholder";

/// One metric: its name, its unit as CloudWatch spells it, and its value.
pub type Metric = (&'static str, &'static str, i64);

/// The line for these metrics of one function.
#[must_use]
pub fn line(function: &str, now: Timestamp, metrics: &[Metric]) -> Value {
    let mut line = Map::from_iter([("FunctionName".to_owned(), function.into())]);
    line.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), (*value).into())));
    let named: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": named });
    line.insert("_aws".to_owned(), json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] }));
    Value::Object(line)
}
