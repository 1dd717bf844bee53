//! `infra/template.yaml`, read: the deployed API's routes and the tables' shapes are taken from it, so that the stack on one
//! machine cannot differ from the one on AWS.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use yaml_serde::Value;

/// The template that is deployed.
const TEMPLATE: &str = include_str!("../../template.yaml");

/// A route of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The function behind it, by its folder.
    pub(crate) function: String,
    /// As API Gateway writes it: `/a/{b}`, `/a/{rest+}`.
    pub(crate) path: String,
}

/// A table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Table {
    pub(crate) attribute_definitions: Vec<Attribute>,
    pub(crate) key_schema: Vec<Key>,
    pub(crate) time_to_live_specification: TimeToLive,
    pub(crate) stream_specification: Option<Stream>,
}

/// What a table tells of its changes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Stream {
    pub(crate) stream_view_type: String,
}

/// An attribute that is part of a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) attribute_name: String,
    pub(crate) attribute_type: String,
}

/// A key's part.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Key {
    pub(crate) attribute_name: String,
    pub(crate) key_type: String,
}

/// A queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Queue {
    pub(crate) visibility_timeout: u32,
    pub(crate) redrive_policy: RedrivePolicy,
}

/// When a message is given up.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedrivePolicy {
    pub(crate) max_receive_count: u32,
}

/// What expires.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TimeToLive {
    pub(crate) attribute_name: String,
}

/// The template does not hold what the stack needs from it.
#[derive(Debug, thiserror::Error)]
#[error("infra/template.yaml has no usable {0}")]
pub struct TemplateError(pub(crate) &'static str);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Function {
    code_uri: String,
    events: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HttpApiEvent {
    method: String,
    path: String,
}

/// Every route of the API with its function. All of them take any method: the function answers 405 itself.
pub(crate) fn routes() -> Result<Vec<Route>, TemplateError> {
    let mut routes = Vec::new();
    for resource in resources()?.into_values().filter(|resource| resource.r#type == "AWS::Serverless::Function") {
        let Function { code_uri, events } = read(resource.properties, "function")?;
        let function = code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        for event in events.into_values().filter(|event| event.r#type == "HttpApi") {
            let HttpApiEvent { method, path } = read(event.properties, "route")?;
            if method != "ANY" {
                return Err(TemplateError("route that takes any method"));
            }
            routes.push(Route { function: function.to_owned(), path });
        }
    }
    Ok(routes)
}

/// The table with this logical id.
pub(crate) fn table(logical_id: &'static str) -> Result<Table, TemplateError> {
    let table = resources()?.remove(logical_id).ok_or(TemplateError(logical_id))?;
    read(table.properties, logical_id)
}

/// The queue with this logical id.
pub(crate) fn queue(logical_id: &'static str) -> Result<Queue, TemplateError> {
    let queue = resources()?.remove(logical_id).ok_or(TemplateError(logical_id))?;
    read(queue.properties, logical_id)
}

fn resources() -> Result<BTreeMap<String, Resource>, TemplateError> {
    let template: Template = yaml_serde::from_str(TEMPLATE).map_err(|_| TemplateError("resources"))?;
    Ok(template.resources)
}

fn read<T: DeserializeOwned>(value: Value, what: &'static str) -> Result<T, TemplateError> {
    yaml_serde::from_value(value).map_err(|_| TemplateError(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_a_function() {
        let routes = routes().unwrap();
        let token = Route { function: "app-api".to_owned(), path: "/app/v1/session/token".to_owned() };
        assert!(routes.contains(&token), "{routes:?}");
        assert!(
            routes
                .iter()
                .all(|route| ["account-webhooks", "app-api", "metadata", "sso"].contains(&route.function.as_str())),
            "{routes:?}"
        );
    }

    #[test]
    fn the_tables_have_the_keys_and_the_expiry_that_the_store_uses() {
        for logical_id in ["AccountsTable", "IdMapTable"] {
            let table = table(logical_id).unwrap();
            let keys: Vec<_> = table.key_schema.iter().map(|key| (&*key.attribute_name, &*key.key_type)).collect();
            assert_eq!(keys, [(shared::store::PARTITION_KEY, "HASH"), (shared::store::SORT_KEY, "RANGE")]);
            assert_eq!(table.time_to_live_specification.attribute_name, shared::store::TTL_ATTRIBUTE);
        }
    }

    #[test]
    fn a_table_that_is_not_there_is_named() {
        assert_eq!(table("NoTable").unwrap_err().to_string(), "infra/template.yaml has no usable NoTable");
    }
}
