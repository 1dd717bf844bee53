//! One record.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::draft::{Draft, at};
use super::ids::{ExternalId, add_missing};
use super::lines;

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) connec_id: String,
    /// Without Connec!'s own.
    pub(crate) external_ids: Vec<ExternalId>,
    /// How often it was written.
    pub(crate) revision: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// As they were sent. References are resolved when they are read.
    pub(super) fields: Map<String, Value>,
}

impl Record {
    pub(super) fn new(connec_id: String, at: Timestamp) -> Self {
        let (external_ids, fields) = (Vec::new(), Map::new());
        Self { connec_id, external_ids, revision: 0, created_at: at, updated_at: at, fields }
    }

    /// Fields that are not sent stay. `realm` is that of the ids sub-documents get.
    pub(super) fn write(&mut self, draft: Draft, at: Timestamp, realm: &str) {
        for (name, value) in draft.fields {
            let value = if lines::is_list(&name, &value) {
                lines::stored(self.fields.get(&name), &value, draft.replaces_lists, realm)
            } else {
                value
            };
            self.fields.insert(name, value);
        }
        add_missing(&mut self.external_ids, draft.named.external);
        self.revision += 1;
        self.updated_at = at;
    }

    /// Whether one of the draft's alternatives holds: every field of it is there and equal.
    pub(super) fn matches(&self, draft: &Draft) -> bool {
        let equal = |path: &String| {
            let sent = at(&draft.fields, path).filter(|sent| !is_blank(sent));
            sent.is_some() && sent == at(&self.fields, path)
        };
        draft.matching_fields.iter().any(|fields| !fields.is_empty() && fields.iter().all(equal))
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
