//! The one singular resource: the customer's own company. Each group has one as soon as anybody asks for it.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::refusal::Refusal;
use super::resource::Resource;
use super::store::{Scope, Store, Written};
use crate::directory::Group;
use crate::random;

/// Makes the company from what the marketplace knows of the group, unless it is there.
pub(crate) fn ensure(store: &mut Store, group: &Group) -> Result<Written, Refusal> {
    let scope = Scope { group: &group.uid, resource: Resource::COMPANY };
    let known = store.shelf(&scope).and_then(|shelf| shelf.records().first());
    if let Some(known) = known {
        return Ok(Written { connec_id: known.connec_id.clone(), created: false });
    }
    let draft = Draft::read(Resource::COMPANY, fields(group))?;
    let at = store.tick();
    store.add(&scope, random::uuid(), draft, at)
}

/// Writes to the company, and makes it first if need be.
pub(crate) fn write(store: &mut Store, group: &Group, draft: Draft) -> Result<Written, Refusal> {
    let scope = Scope { group: &group.uid, resource: Resource::COMPANY };
    let company = ensure(store, group)?;
    store.put(&scope, &company.connec_id, draft)
}

fn fields(group: &Group) -> Map<String, Value> {
    let fields = [
        ("name", json!(group.name)),
        ("timezone", json!(group.timezone)),
        ("currency", json!(group.currency)),
        ("email", json!({ "address": group.email })),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}
