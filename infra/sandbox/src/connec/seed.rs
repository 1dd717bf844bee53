//! The few records a seeded marketplace starts with, in one group.
//!
//! Both marketplaces use the same ids for different records on purpose, as they do for people and groups.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::draft::Draft;
use super::resource::Resource;
use super::store::{Scope, Store};
use crate::options::MarketplaceSpec;

/// The group that has records.
const GROUP: &str = "cld-7a1c";
/// 2020-02-29T12:30:00Z: when all of it was written.
const WRITTEN: i64 = 1_582_979_400;

const ORGANIZATION: &str = "00000000-0000-4000-8000-0000000000f1";
const PEOPLE: [&str; 2] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"];
const ITEMS: [&str; 2] = ["00000000-0000-4000-8000-0000000001a1", "00000000-0000-4000-8000-0000000001a2"];
const INVOICE: &str = "00000000-0000-4000-8000-0000000002b1";
const LINES: [&str; 2] = ["00000000-0000-4000-8000-00000000a001", "00000000-0000-4000-8000-00000000a002"];

/// What is different on the two marketplaces.
struct Words {
    organization: &'static str,
    people: [[&'static str; 2]; 2],
    items: [&'static str; 2],
    currency: &'static str,
}

const ACME_HUB: Words = Words {
    organization: "DoveTail Pty & Söhne",
    people: [["Ada", "Quill"], ["Bo", "O'Neil <Accounts>"]],
    items: ["Flat white, 1 kg \"House\"", "Oat milk & co"],
    currency: "AUD",
};

const NORTHBANK: Words = Words {
    organization: "Skagen Fisk «Nord» A/S",
    people: [["Åse", "Bjørn"], ["Іван", "Мельник"]],
    items: ["Klipfisk & salt", "Rejer <ferske>"],
    currency: "DKK",
};

/// Empty for a marketplace that is not one of the seeded ones.
pub(super) fn store(spec: &MarketplaceSpec) -> Store {
    let mut store = Store::default();
    let words = match spec.key.as_str() {
        "acme-hub" => ACME_HUB,
        "northbank" => NORTHBANK,
        _ => return store,
    };
    if spec.directory.group(GROUP).is_none() {
        return store;
    }
    for (name, id, fields) in records(&words) {
        put(&mut store, name, id, fields);
    }
    store
}

fn records(words: &Words) -> Vec<(&'static str, &'static str, Value)> {
    let person = |[first_name, last_name]: [&str; 2], code: &str| {
        json!({
            "code": code, "status": "ACTIVE", "first_name": first_name, "last_name": last_name,
            "organization_id": ORGANIZATION, "email": { "address": format!("{}@example.org", code.to_lowercase()) },
            "is_customer": true, "is_supplier": false, "is_lead": false,
        })
    };
    let item = |name: &str, code: &str, price: f64| {
        let price = json!({ "net_amount": price, "currency": words.currency });
        json!({ "code": code, "status": "ACTIVE", "name": name, "sale_price": price })
    };
    let line = |id: &str, item: &str, quantity: u32| json!({ "id": id, "item_id": item, "quantity": quantity });
    let organization = json!({ "code": "OR1", "status": "ACTIVE", "name": words.organization, "is_customer": true });
    let invoice = json!({
        "code": "INV-1", "title": "First invoice", "status": "AUTHORISED", "type": "CUSTOMER",
        "organization_id": ORGANIZATION, "transaction_date": "2020-02-29T00:00:00Z", "due_date": "2020-03-31T00:00:00Z",
        "amount": { "total_amount": 42.5, "currency": words.currency },
        "lines": [line(LINES[0], ITEMS[0], 2), line(LINES[1], ITEMS[1], 1)],
    });
    vec![
        ("organizations", ORGANIZATION, organization),
        ("people", PEOPLE[0], person(words.people[0], "PE1")),
        ("people", PEOPLE[1], person(words.people[1], "PE2")),
        ("items", ITEMS[0], item(words.items[0], "IT1", 18.0)),
        ("items", ITEMS[1], item(words.items[1], "IT2", 6.5)),
        ("invoices", INVOICE, invoice),
    ]
}

/// What the seed says is fit to be written: a test reads it back.
fn put(store: &mut Store, name: &str, id: &str, fields: Value) {
    let Some(resource) = Resource::from_name(name) else { return };
    let Value::Object(fields) = fields else { return };
    if let Ok(draft) = Draft::read(resource, fields) {
        let at = Timestamp::from_second(WRITTEN).unwrap_or_default();
        let _ = store.add(&Scope { group: GROUP, resource }, id.to_owned(), draft, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(store: &Store) -> Vec<(&'static str, usize)> {
        store.shelves(GROUP).map(|(resource, shelf)| (resource.as_str(), shelf.records().len())).collect()
    }

    #[test]
    fn both_marketplaces_have_the_same_ids_with_other_records() {
        let (acme, north) = (store(&MarketplaceSpec::acme_hub()), store(&MarketplaceSpec::northbank()));
        let expected = [("invoices", 1), ("items", 2), ("organizations", 1), ("people", 2)];
        assert_eq!(count(&acme), expected);
        assert_eq!(count(&north), expected);
        let scope = Scope { group: GROUP, resource: Resource::PEOPLE };
        let name = |store: &Store| store.shelf(&scope).unwrap().record(PEOPLE[0]).unwrap().fields["first_name"].clone();
        assert_ne!(name(&acme), name(&north));
    }
}
