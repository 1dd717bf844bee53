//! Several operations in one request (protocol.md §7.6).

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{ConnecError, Entity, ErrorDocument, connec_id};
use crate::domain::GroupId;

/// How many operations a request has at most.
pub const MAX_OPERATIONS: usize = 50;

/// What is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Read it.
    Get,
    /// Make it, or change the one that has the same external id.
    Post,
    /// Change it.
    Put,
}

/// One operation on one record of one group.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(super) method: Method,
    pub(super) group: GroupId,
    pub(super) entity: Entity,
    pub(super) id: Option<String>,
    pub(super) document: Map<String, Value>,
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationResult {
    /// It was done; this is the record's `connec_id`.
    Done {
        /// Connec!'s own id.
        connec_id: String,
    },
    /// It never will be.
    Refused {
        /// As answered.
        status: u16,
        /// What Connec! says.
        document: ErrorDocument,
    },
    /// It may be done later.
    Delayed {
        /// As answered.
        status: u16,
    },
}

impl Operation {
    /// Makes a record, or changes the one that has the same external id. Of a company there is one, which is changed.
    #[must_use]
    pub fn create(group: &GroupId, entity: Entity, document: Map<String, Value>) -> Self {
        let method = if entity.is_singular() { Method::Put } else { Method::Post };
        Self { method, group: group.clone(), entity, id: None, document }
    }

    /// Changes a record. What the document does not name stays.
    #[must_use]
    pub fn update(group: &GroupId, entity: Entity, connec_id: &str, document: Map<String, Value>) -> Self {
        let id = (!entity.is_singular()).then(|| connec_id.to_owned());
        Self { method: Method::Put, group: group.clone(), entity, id, document }
    }

    /// As Connec! wants it; its API is at this path.
    pub(super) fn json(&self, base_path: &str) -> Value {
        let url = format!("{base_path}{}", self.path());
        json!({ "method": self.method, "url": url, "params": { self.entity.as_str(): self.document } })
    }

    /// Below the API's path. That of a list ends with a slash.
    fn path(&self) -> String {
        let Self { group, entity, id, .. } = self;
        match id {
            Some(id) => format!("/{group}/{entity}/{}", segment(id)),
            None if entity.is_singular() => format!("/{group}/{entity}"),
            None => format!("/{group}/{entity}/"),
        }
    }

    /// What one result says. One that makes no sense says that it is to be asked again, which does no harm.
    pub(super) fn result(&self, result: &Value) -> OperationResult {
        let status = result.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let (status, body) = (status.unwrap_or_default(), result.get("body").unwrap_or(&Value::Null));
        match status {
            200 | 201 => {
                let id = body.get(self.entity.as_str()).and_then(connec_id).or(self.id.as_deref());
                // Done, as it says; but of what, nobody knows.
                let unclear = OperationResult::Delayed { status };
                id.map_or(unclear, |id| OperationResult::Done { connec_id: id.to_owned() })
            }
            // Access can come back: it is not the record's fault.
            401 | 403 | 408 | 425 | 429 => OperationResult::Delayed { status },
            400..=499 => OperationResult::Refused { status, document: ErrorDocument::read(body) },
            _ => OperationResult::Delayed { status },
        }
    }
}

/// What became of each, if the answer says so of every one of them.
pub(super) fn results(operations: &[Operation], body: &Value) -> Result<Vec<OperationResult>, ConnecError> {
    let unclear = || ConnecError::Answer { status: 200 };
    let results = body.get("results").and_then(Value::as_array).ok_or_else(unclear)?;
    if results.len() != operations.len() {
        return Err(unclear());
    }
    Ok(operations.iter().zip(results).map(|(operation, result)| operation.result(result)).collect())
}

/// A segment of a path.
pub(super) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
