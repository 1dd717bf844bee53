//! Records as they are answered: with ids as arrays, or as plain strings (protocol §7.5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::draft::at;
use super::ids::{ExternalId, add_missing, entries, is_id};
use super::record::Record;
use super::resource::Resource;
use super::store::{Scope, Store, channel_id};
use crate::time;

#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) store: &'a Store,
    pub(crate) scope: Scope<'a>,
    /// Whether ids are arrays.
    pub(crate) external_ids: bool,
}

/// What a path leads to.
pub(super) enum Found {
    Instant(Timestamp),
    Json(Value),
}

impl View<'_> {
    pub(crate) fn record(&self, record: &Record) -> Value {
        let mut fields = self.object(&record.fields);
        let realm = self.scope.realm();
        fields.insert("id".to_owned(), self.own_id(record));
        fields.insert("created_at".to_owned(), json!(time::milliseconds(record.created_at)));
        fields.insert("updated_at".to_owned(), json!(time::milliseconds(record.updated_at)));
        fields.insert("group_id".to_owned(), json!(self.scope.group));
        fields.insert("channel_id".to_owned(), json!(realm));
        fields.insert("resource_type".to_owned(), json!(self.scope.resource.as_str()));
        Value::Object(fields)
    }

    /// One value of a record with plain ids; null when there is none.
    pub(super) fn find(&self, record: &Record, path: &str) -> Found {
        let plain = Self { external_ids: false, ..*self };
        Found::Json(match path {
            "created_at" => return Found::Instant(record.created_at),
            "updated_at" => return Found::Instant(record.updated_at),
            "id" => json!(record.connec_id),
            "group_id" => json!(self.scope.group),
            "channel_id" => json!(self.scope.realm()),
            "resource_type" => json!(self.scope.resource.as_str()),
            _ => {
                let name = path.rsplit(['/', '.']).next().unwrap_or(path);
                at(&record.fields, path).map_or(Value::Null, |value| plain.value(name, value))
            }
        })
    }

    fn own_id(&self, record: &Record) -> Value {
        if self.external_ids { json!(self.all_ids(record)) } else { json!(record.connec_id) }
    }

    fn all_ids(&self, record: &Record) -> Vec<ExternalId> {
        let own = ExternalId::connec(&record.connec_id, &self.scope.realm());
        [own].into_iter().chain(record.external_ids.iter().cloned()).collect()
    }

    fn object(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        fields.iter().map(|(name, value)| (name.clone(), self.value(name, value))).collect()
    }

    fn value(&self, name: &str, value: &Value) -> Value {
        if is_id(name) {
            return self.reference(name, value);
        }
        match value {
            Value::Object(fields) => Value::Object(self.object(fields)),
            // An element has no name, so that a list of texts stays one.
            Value::Array(elements) => elements.iter().map(|element| self.value("", element)).collect(),
            scalar => scalar.clone(),
        }
    }

    /// Anything that is neither a text nor an id array is answered as it was sent.
    fn reference(&self, name: &str, value: &Value) -> Value {
        let realm = channel_id(self.scope.group);
        let sent = match value {
            Value::String(id) if !id.is_empty() => vec![ExternalId::connec(id, &realm)],
            Value::Array(_) => match entries(value) {
                Some(ids) => ids,
                None => return value.clone(),
            },
            other => return other.clone(),
        };
        let target = if name == "id" { None } else { self.target(name, &sent) };
        let mut ids = target.map(|record| self.all_ids(record)).unwrap_or_default();
        add_missing(&mut ids, sent);
        if self.external_ids {
            return json!(ids);
        }
        ids.into_iter().find(ExternalId::is_connec).map_or(Value::Null, |own| json!(own.id))
    }

    /// The record a reference leads to. A name that says nothing may mean any resource, if only one has the id.
    fn target(&self, name: &str, ids: &[ExternalId]) -> Option<&Record> {
        let own = ids.iter().find(|id| id.is_connec());
        if let Some(own) = own {
            return self.store.shelves(self.scope.group).find_map(|(_, shelf)| shelf.record(&own.id));
        }
        let meant = Resource::meant_by(name);
        let shelves =
            self.store.shelves(self.scope.group).filter(|(resource, _)| meant.is_none_or(|meant| meant == *resource));
        let mut found = shelves.filter_map(|(_, shelf)| ids.iter().find_map(|id| shelf.by_external_id(id)));
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }
}
