//! Lists of sub-documents, such as the lines of an invoice: each of them has ids of its own.

use serde_json::{Map, Value, json};

use super::ids::{ExternalId, add_missing, entries, is_id};
use crate::random;

/// Whether a field holds sub-documents with ids. Lines always do, other lists when an id was sent.
pub(super) fn is_list(name: &str, value: &Value) -> bool {
    let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
    elements.iter().all(Value::is_object)
        && !elements.is_empty()
        && !is_id(name)
        && (name == "lines" || elements.iter().any(|element| element.get("id").is_some()))
}

/// The list as it is stored after `sent` has come. When every sent element names itself, those that are known are
/// merged and the others added; otherwise, or when told to, what is sent takes the place of what is stored.
pub(super) fn stored(before: Option<&Value>, sent: &Value, replaces: bool, realm: &str) -> Value {
    let before = before.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let sent = sent.as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |element: &Value| !ids(element, realm).is_empty();
    let merges = !replaces && sent.iter().all(named);
    let mut list = if merges { before.to_vec() } else { Vec::new() };
    for element in sent {
        let known = before.iter().position(|stored| is_same(stored, element, realm));
        let merged = element_stored(known.and_then(|known| before.get(known)), element, merges, realm);
        match known.filter(|_| merges).and_then(|known| list.get_mut(known)) {
            Some(place) => *place = merged,
            None => list.push(merged),
        }
    }
    Value::Array(list)
}

fn element_stored(before: Option<&Value>, sent: &Value, merges: bool, realm: &str) -> Value {
    let mut all = before.map(|before| ids(before, realm)).unwrap_or_default();
    add_missing(&mut all, ids(sent, realm));
    if !all.iter().any(ExternalId::is_connec) {
        all.insert(0, ExternalId::connec(&random::uuid(), realm));
    }
    all.sort_by_key(|id| !id.is_connec());
    let kept = before.filter(|_| merges).and_then(Value::as_object);
    let mut fields: Map<String, Value> = kept.cloned().unwrap_or_default();
    fields.extend(sent.as_object().cloned().unwrap_or_default());
    fields.insert("id".to_owned(), json!(all));
    Value::Object(fields)
}

fn is_same(stored: &Value, sent: &Value, realm: &str) -> bool {
    let stored = ids(stored, realm);
    ids(sent, realm).iter().any(|id| stored.contains(id))
}

/// A plain id is Connec!'s own, and so is one of provider `connec`, whatever realm it is said to have.
fn ids(element: &Value, realm: &str) -> Vec<ExternalId> {
    let ids = match element.get("id") {
        Some(Value::String(id)) if !id.is_empty() => return vec![ExternalId::connec(id, realm)],
        Some(ids) => entries(ids).unwrap_or_default(),
        None => Vec::new(),
    };
    let in_realm = |id: ExternalId| if id.is_connec() { ExternalId::connec(&id.id, realm) } else { id };
    ids.into_iter().map(in_realm).collect()
}
