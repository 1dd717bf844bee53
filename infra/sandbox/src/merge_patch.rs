//! JSON merge patches (RFC 7396): what a test lays over a marketplace's entry in the configuration document.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A patch for an object: an object, or the null that makes it vanish.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(try_from = "Value")]
pub(crate) struct MergePatch(Value);

#[derive(Debug, thiserror::Error)]
#[error("a merge patch is an object, or null for a marketplace that is not listed")]
pub(crate) struct NotAPatch;

impl MergePatch {
    /// What is left of `target`; `None` when nothing is.
    pub(crate) fn apply(&self, mut target: Value) -> Option<Value> {
        merge(&mut target, &self.0);
        (!target.is_null()).then_some(target)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

impl Default for MergePatch {
    /// The patch that changes nothing.
    fn default() -> Self {
        Self(json!({}))
    }
}

impl TryFrom<Value> for MergePatch {
    type Error = NotAPatch;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        if value.is_object() || value.is_null() { Ok(Self(value)) } else { Err(NotAPatch) }
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    let mut fields = match target.take() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), change);
        }
    }
    *target = Value::Object(fields);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_come_out_as_it_says() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut target, patch, expected) in cases {
            merge(&mut target, &patch);
            assert_eq!(target, expected, "{patch}");
        }
    }

    #[test]
    fn the_default_changes_nothing_and_null_leaves_nothing() {
        let entry = json!({"api": {"id": "app-acme"}});
        assert_eq!(MergePatch::default().apply(entry.clone()), Some(entry.clone()));
        assert_eq!(MergePatch(Value::Null).apply(entry), None);
    }
}
