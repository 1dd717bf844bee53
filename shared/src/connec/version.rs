//! Which Connec! a marketplace runs (protocol.md §7.8).

use serde_json::Value;

/// Numbers that are compared from the left. One that cannot be read is older than any.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnecVersion(Vec<u32>);

impl ConnecVersion {
    /// From `1.1` or `v1.1`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let numbers = text.trim().trim_start_matches('v').split('.').map(str::parse).collect::<Result<Vec<_>, _>>();
        Self(numbers.unwrap_or_default())
    }

    pub(super) fn read(body: &Value) -> Self {
        body.get("ci_branch").and_then(Value::as_str).map(Self::parse).unwrap_or_default()
    }
}
