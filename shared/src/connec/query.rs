//! Which records to list (protocol.md §7.3).

use jiff::Timestamp;
use serde_json::Value;

/// What of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    filters: Vec<String>,
    order_by: Option<String>,
    top: Option<u32>,
    skip: Option<u32>,
}

/// Some records of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// As Connec! has them.
    pub records: Vec<Value>,
    /// Where the next page starts, if there is one.
    pub next: Option<Query>,
    /// How many there are in all, if it says so.
    pub total: Option<u64>,
}

impl Query {
    /// Only what was changed after this moment.
    #[must_use]
    pub fn updated_after(self, moment: Timestamp) -> Self {
        self.filter("updated_at", "gt", &moment.to_string())
    }

    /// Only those whose field compares like this with a value: `eq`, `ne`, `gt`, `gte`, `lt` or `lte`. All conditions must hold.
    #[must_use]
    pub fn filter(mut self, field: &str, operator: &str, value: &str) -> Self {
        self.filters.push(format!("{field} {operator} '{}'", value.replace('\'', "''")));
        self
    }

    /// In the order of this field, such as `updated_at ASC`.
    #[must_use]
    pub fn order_by(mut self, order: &str) -> Self {
        self.order_by = Some(order.to_owned());
        self
    }

    /// At most this many.
    #[must_use]
    pub fn top(mut self, top: u32) -> Self {
        self.top = Some(top);
        self
    }

    /// Without the first of them.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = Some(skip);
        self
    }

    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let filters = (!self.filters.is_empty()).then(|| self.filters.join(" and "));
        [
            ("$filter", filters),
            ("$orderby", self.order_by.clone()),
            ("$top", self.top.map(|top| top.to_string())),
            ("$skip", self.skip.map(|skip| skip.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// The page that follows, if the answer says that there is one. Of the address that it gives only where to start is taken: nobody but
    /// our configuration says where we go (threats.md W12).
    pub(super) fn following(&self, pagination: &Value, here: usize) -> Option<Self> {
        let next = pagination.get("next")?.as_str()?;
        let (_, query) = next.split_once('?')?;
        let said = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "$skip");
        let skip = said?.1.parse().ok().filter(|skip| *skip > self.skip.unwrap_or_default() && here > 0)?;
        Some(self.clone().skip(skip))
    }
}
