//! How our ids stand in Connec!'s records (protocol.md §7.5, §9.3).

use serde_json::{Map, Value, json};

use crate::{
    domain::{GroupId, LocalRecord},
    marketplace::Marketplace,
};

/// The longest id that we take for one; a UUID has 36 characters.
const MAX_ID_LEN: usize = 256;
/// The provider of Connec!'s own ids.
const CONNEC: &str = "connec";

/// Whose ids ours are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurIds {
    provider: String,
    realm: String,
}

impl OurIds {
    /// Ours, in this group of this marketplace, as its settings have it.
    #[must_use]
    pub fn of(marketplace: &Marketplace, group: &GroupId) -> Self {
        let ids = &marketplace.settings.connec_ids;
        let app = || marketplace.nid.clone().unwrap_or_else(|| marketplace.app_id.clone());
        Self {
            provider: ids.provider.clone().unwrap_or_else(app),
            realm: ids.realm.clone().unwrap_or_else(|| group.to_string()),
        }
    }

    /// The array that stands for one of our ids.
    #[must_use]
    pub fn array(&self, id: &str) -> Value {
        json!([{ "id": id, "provider": self.provider, "realm": self.realm }])
    }

    /// Our id of a record. Two of our kinds of record may be one kind there, so the id names the kind.
    #[must_use]
    pub fn id_of(record: &LocalRecord) -> String {
        format!("{}:{}", record.class_name, record.id)
    }
}

/// Connec!'s own id in the answer for a record, whether ids come as arrays or as text.
#[must_use]
pub fn connec_id(record: &Value) -> Option<&str> {
    match record.get("id")? {
        Value::String(id) => Some(id.as_str()),
        Value::Array(ids) => ids.iter().find(|id| id["provider"] == CONNEC)?.get("id")?.as_str(),
        _ => None,
    }
    .filter(|id| (1..=MAX_ID_LEN).contains(&id.len()))
}

/// Replaces what stands at `path` (`lines/item_id`) by what `id` makes of it, everywhere that the path leads, through lists too. What is
/// no text or number, or is empty, stays.
pub fn fold(document: &mut Map<String, Value>, path: &str, id: &impl Fn(&str) -> Value) {
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(found) = document.get_mut(name) else { return };
    match rest {
        None => fold_value(found, id),
        Some(rest) => match found {
            Value::Object(inner) => fold(inner, rest, id),
            Value::Array(inner) => {
                inner.iter_mut().filter_map(Value::as_object_mut).for_each(|one| fold(one, rest, id));
            }
            _ => {}
        },
    }
}

fn fold_value(value: &mut Value, id: &impl Fn(&str) -> Value) {
    let folded = match value {
        Value::String(text) if !text.trim().is_empty() => id(text),
        Value::Number(number) => id(&number.to_string()),
        _ => return,
    };
    *value = folded;
}
