//! What an app sends to have written: fields, ids and options, taken apart.

use serde_json::{Map, Value};

use super::ids::Named;
use super::refusal::Refusal;
use super::resource::Resource;

/// What Connec! itself writes. Senders may repeat it; it is not taken over.
pub(crate) const OWNED: [&str; 5] = ["created_at", "updated_at", "group_id", "channel_id", "resource_type"];

#[derive(Debug)]
pub(crate) struct Draft {
    pub(super) named: Named,
    pub(super) fields: Map<String, Value>,
    /// Alternatives of fields that must all be equal.
    pub(super) matching_fields: Vec<Vec<String>>,
    /// Whether lists of sub-documents are replaced and not merged.
    pub(super) replaces_lists: bool,
}

impl Draft {
    /// Of a body that has the fields under the resource's name.
    pub(super) fn unwrap(resource: Resource, body: &Value) -> Result<Self, Refusal> {
        let fields = body.get(resource.as_str()).and_then(Value::as_object);
        let expected =
            || Refusal::Body(format!("the body must be an object with an object under {:?}", resource.as_str()));
        Self::read(resource, fields.ok_or_else(expected)?.clone())
    }

    pub(crate) fn read(resource: Resource, mut fields: Map<String, Value>) -> Result<Self, Refusal> {
        let named = Named::read(&fields.remove("id").unwrap_or_default())?;
        let options = fields.remove("opts").unwrap_or_default();
        fields.retain(|name, _| !OWNED.contains(&name.as_str()));
        check(resource, &fields)?;
        Ok(Self {
            named,
            fields,
            matching_fields: matching_fields(options.get("matching_fields"))?,
            replaces_lists: options.get("sparse") == Some(&Value::Bool(false)),
        })
    }
}

/// The one rule of a record that was ever seen.
fn check(resource: Resource, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let last_name = fields.get("last_name").and_then(Value::as_str);
    if resource == Resource::PEOPLE && last_name.is_some_and(|name| name.trim().is_empty()) {
        return Err(Refusal::Rule("Last name can't be blank"));
    }
    Ok(())
}

fn matching_fields(value: Option<&Value>) -> Result<Vec<Vec<String>>, Refusal> {
    let names = |alternative: &Value| -> Option<Vec<String>> {
        alternative.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let alternatives = match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(alternatives)) => alternatives.iter().map(names).collect(),
        Some(_) => None,
    };
    alternatives.ok_or_else(|| Refusal::Body("opts.matching_fields must be a list of lists of field names".to_owned()))
}

/// Finds a value by the names on the way to it, joined by `/` or `.`.
pub(super) fn at<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut names = path.split(['/', '.']);
    let first = fields.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}
