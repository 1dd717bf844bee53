//! A change as the app says it, and what of it cannot be taken.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    connec::{Entity, OurIds, fold},
    domain::{GroupId, LocalRecord, Version},
    marketplace::Marketplace,
    store::{StoredRecord, Target},
};

/// How many records come in one request at most.
pub const MAX_RECORDS: usize = 100;
/// The largest document, in bytes of JSON: what the table can hold, with room for the rest.
pub const MAX_DOCUMENT_LEN: usize = 256 * 1024;
const MAX_DEPTH: usize = 32;
const MAX_GROUPS: usize = 100;
const MAX_REFERENCES: usize = 50;
const MAX_ID_LEN: usize = 256;
const MAX_NAME_LEN: usize = 100;

/// A record of the app's, with what is to be known of it to share it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change(StoredRecord);

/// A change that cannot be taken. It names what is wrong, and repeats nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidChange {
    /// Which member, as a path: `groups/0/marketplace`.
    pub field: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Change {
    /// Reads a change of this record, or of the one that the change itself names.
    ///
    /// # Errors
    /// [`InvalidChange`] names the first member that cannot be taken.
    pub fn read(record: Option<LocalRecord>, value: Value) -> Result<Self, InvalidChange> {
        let Value::Object(mut members) = value else { return Err(invalid("", "is not an object")) };
        let record = match record {
            Some(record) => record,
            None => LocalRecord { class_name: text(&mut members, "class")?, id: text(&mut members, "id")? },
        };
        check_record(&record)?;
        let entity = text(&mut members, "entity")?;
        let entity = Entity::parse(&entity).ok_or_else(|| invalid("entity", "is no entity of Connec!"))?;
        let document = document(members.remove("document"))?;
        let version = version(members.remove("version"), members.remove("updated_at"))?;
        let references = references(members.remove("references"))?;
        let groups = groups(members.remove("groups"))?;
        if let Some(name) = members.keys().next() {
            return Err(invalid(name.chars().take(MAX_NAME_LEN).collect::<String>(), "is no member of a change"));
        }
        let hash = hash(entity, &document, &references);
        let entity = entity.as_str().to_owned();
        Ok(Self(StoredRecord { record, entity, document, version, hash, references, groups }))
    }

    /// The record as it is stored.
    #[must_use]
    pub fn stored(&self) -> &StoredRecord {
        &self.0
    }
}

/// The document as a group of this marketplace gets it: references become our external ids, and the record gets its own. By that a new one
/// is recognised when it comes again, and one that was linked by hand is found by references to it (protocol.md §7.5).
#[must_use]
pub fn outgoing(stored: &StoredRecord, marketplace: &Marketplace, group: &GroupId) -> Map<String, Value> {
    let ids = OurIds::of(marketplace, group);
    // It was an object when it was stored.
    let mut document: Map<String, Value> = serde_json::from_str(&stored.document).unwrap_or_default();
    for (path, class_name) in &stored.references {
        fold(&mut document, path, &|id| {
            ids.array(&OurIds::id_of(&LocalRecord { class_name: class_name.clone(), id: id.to_owned() }))
        });
    }
    if !is_singular(stored) {
        document.insert("id".to_owned(), ids.array(&OurIds::id_of(&stored.record)));
    }
    document
}

/// Whether this can be the app's name of a kind of record.
fn is_class_name(text: &str) -> bool {
    text.len() <= MAX_NAME_LEN
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Whether this can be the app's id of a record: what can stand in a path without being taken for more than one segment.
#[must_use]
pub fn is_record_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_ID_LEN
        && !matches!(text, "." | "..")
        // The last two are no characters, and no queue takes them.
        && !text.chars().any(|one| one.is_control() || matches!(one, '/' | '\\' | '\u{fffe}' | '\u{ffff}'))
}

/// Of a company a group has one, which needs no id to be found.
fn is_singular(stored: &StoredRecord) -> bool {
    Entity::parse(&stored.entity).is_some_and(|entity| entity.is_singular())
}

/// Checks the names that a caller gives a record.
///
/// # Errors
/// [`InvalidChange`] names the one that cannot be taken: `class` or `id`.
pub fn check_record(record: &LocalRecord) -> Result<(), InvalidChange> {
    if !is_class_name(&record.class_name) {
        return Err(invalid("class", "is not a letter and up to 99 letters, digits, _, - and ."));
    }
    if !is_record_id(&record.id) {
        return Err(invalid("id", "is not 1 to 256 bytes without slashes and control characters"));
    }
    Ok(())
}

fn document(value: Option<Value>) -> Result<String, InvalidChange> {
    let value = value.ok_or_else(|| invalid("document", "is missing"))?;
    let Some(members) = value.as_object() else { return Err(invalid("document", "is not an object")) };
    if members.contains_key("id") {
        return Err(invalid("document/id", "is for us to write: the id map knows it"));
    }
    if depth(&value) > MAX_DEPTH {
        return Err(invalid("document", "is nested more than 32 deep"));
    }
    let text = value.to_string();
    if text.len() > MAX_DOCUMENT_LEN {
        return Err(invalid("document", "is larger than 256 KiB"));
    }
    Ok(text)
}

/// The parser goes no deeper than 128.
fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn version(number: Option<Value>, updated_at: Option<Value>) -> Result<Version, InvalidChange> {
    match (number, updated_at) {
        (Some(number), None) => {
            let number = number.as_u64().filter(|number| *number <= Version::MAX_NUMBER);
            number.map(Version::Number).ok_or_else(|| invalid("version", "is not a whole number from 0 to 2^53 - 1"))
        }
        (None, Some(at)) => {
            let at = at.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            let at = at.filter(|at| *at >= Timestamp::UNIX_EPOCH);
            at.map(Version::UpdatedAt)
                .ok_or_else(|| invalid("updated_at", "is not a moment with its offset (RFC 3339)"))
        }
        (None, None) => Err(invalid("version", "is missing, and so is updated_at")),
        (Some(_), Some(_)) => Err(invalid("version", "stands beside updated_at; one of them is needed")),
    }
}

fn groups(value: Option<Value>) -> Result<Vec<Target>, InvalidChange> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let Value::Array(items) = value else { return Err(invalid("groups", "is not a list")) };
    if items.len() > MAX_GROUPS {
        return Err(invalid("groups", "has more than 100 entries"));
    }
    let mut groups = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let part = |name: &str| item.get(name).and_then(Value::as_str);
        let marketplace = part("marketplace").and_then(|text| text.parse().ok());
        let marketplace =
            marketplace.ok_or_else(|| invalid(format!("groups/{at}/marketplace"), "is no marketplace key"))?;
        let group = part("group").and_then(|text| text.parse().ok());
        let group = group.ok_or_else(|| invalid(format!("groups/{at}/group"), "is no group id"))?;
        if item.as_object().is_some_and(|members| members.len() > 2) {
            return Err(invalid(format!("groups/{at}"), "has members beside marketplace and group"));
        }
        groups.push(Target { marketplace, group });
    }
    Ok(groups)
}

fn references(value: Option<Value>) -> Result<BTreeMap<String, String>, InvalidChange> {
    let Some(value) = value else { return Ok(BTreeMap::new()) };
    let Value::Object(members) = value else { return Err(invalid("references", "is not an object")) };
    if members.len() > MAX_REFERENCES {
        return Err(invalid("references", "has more than 50 members"));
    }
    let is_path = |path: &str| {
        path.len() <= 200
            && path != "id"
            && path
                .split('/')
                .all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
    };
    let mut references = BTreeMap::new();
    for (path, class_name) in members {
        if !is_path(&path) {
            return Err(invalid("references", "has a path that is not names with slashes between them"));
        }
        let class_name = class_name.as_str().filter(|name| is_class_name(name));
        let class_name = class_name.ok_or_else(|| invalid(format!("references/{path}"), "is no class"))?.to_owned();
        references.insert(path, class_name);
    }
    Ok(references)
}

fn text(members: &mut Map<String, Value>, name: &'static str) -> Result<String, InvalidChange> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(invalid(name, "is no text")),
        None => Err(invalid(name, "is missing")),
    }
}

/// Of everything that is pushed.
fn hash(entity: Entity, document: &str, references: &BTreeMap<String, String>) -> String {
    let mut context = Context::new(&SHA256);
    let references = references.iter().flat_map(|(path, class_name)| [path.as_str(), class_name.as_str()]);
    for part in [entity.as_str(), document].into_iter().chain(references) {
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.finish())
}

fn invalid(field: impl Into<String>, problem: &'static str) -> InvalidChange {
    InvalidChange { field: field.into(), problem }
}
