//! What a run did, and the metrics of it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::metrics::{self, Metric};

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Removals that were listed when it began.
    pub open: u32,
    /// Memberships that it ended.
    pub members_ended: u32,
    /// Removals it is done with.
    pub finished: u32,
    /// The age of the oldest of them, in seconds.
    pub oldest_secs: i64,
    /// Those whose marketplace says, or said when it was asked last, that the group goes on.
    pub disputed: u32,
    /// Those whose marketplace did not say anything, or is none that we know.
    pub unconfirmed: u32,
    /// Those that failed on our side.
    pub failed: u32,
}

/// The line for this report.
#[must_use]
pub fn metrics(report: &Report, function: &str, now: Timestamp) -> Value {
    let metrics: [Metric; 4] = [
        ("OpenRemovals", "Count", i64::from(report.open.saturating_sub(report.finished))),
        ("OldestRemovalAge", "Seconds", report.oldest_secs),
        ("DisputedRemovals", "Count", i64::from(report.disputed)),
        ("FailedRemovals", "Count", i64::from(report.failed)),
    ];
    metrics::line(function, now, &metrics)
}
