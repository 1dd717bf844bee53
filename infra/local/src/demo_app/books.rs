//! What the demo company keeps, in memory: customers, invoices, and the groups that it shares them with. It knows nothing of the
//! service; what it makes of a record is what Connec! wants of one.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use shared::random;

use super::{forms::FormError, sharing::Refusal};

/// A group of a marketplace, as the service's API names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Place {
    pub(crate) marketplace: String,
    pub(crate) group: String,
}

/// All of it: one list for the company as a whole.
#[derive(Debug, Default)]
pub(super) struct Books {
    records: Vec<Record>,
    /// Through which somebody has signed in, and of which nobody said yet that they are no more.
    groups: BTreeSet<Place>,
}

/// A customer or an invoice.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// Each save raises it.
    pub(crate) version: u64,
    pub(crate) content: Content,
    /// What the service said of this version, once it has: the places that it goes to, or why it was not taken.
    pub(crate) answer: Option<Result<Vec<Place>, Refusal>>,
}

/// What a person enters.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Customer(Customer),
    Invoice(Invoice),
}

/// Who is billed.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
}

/// What for.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    pub(crate) title: String,
    pub(crate) number: Option<String>,
    pub(crate) customer_id: String,
    pub(crate) due_date: Option<Date>,
    pub(crate) currency: String,
    pub(crate) lines: Vec<Line>,
}

/// One thing of it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) description: String,
    pub(crate) quantity: Number,
    pub(crate) price: Number,
}

impl Books {
    /// Notes a new record, or a new version of the one with this id.
    pub(super) fn save(&mut self, id: Option<&str>, content: Content) -> Result<Record, FormError> {
        if let Content::Invoice(invoice) = &content
            && self.find("customer", &invoice.customer_id).is_none()
        {
            return Err(FormError::Customer);
        }
        let Some(id) = id else {
            // The service may remember the records of an earlier run, so ids do not start over.
            let record = Record { id: random::hex128(), version: 1, content, answer: None };
            self.records.push(record.clone());
            return Ok(record);
        };
        let record = self.find(content.class(), id).ok_or(FormError::Unknown)?;
        record.version += 1;
        record.content = content;
        record.answer = None;
        Ok(record.clone())
    }

    /// Notes what the service said of this version, unless there is a later one by now.
    pub(super) fn note(&mut self, saved: &Record, answer: Result<Vec<Place>, Refusal>) {
        if let Some(record) = self.find(saved.content.class(), &saved.id).filter(|known| known.version == saved.version)
        {
            record.answer = Some(answer);
        }
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.records.clone()
    }

    pub(super) fn groups(&self) -> Vec<Place> {
        self.groups.iter().cloned().collect()
    }

    /// What is saved from now on goes there too.
    pub(super) fn join(&mut self, place: Place) {
        self.groups.insert(place);
    }

    /// It is not served any more.
    pub(super) fn leave(&mut self, place: &Place) {
        self.groups.remove(place);
    }

    fn find(&mut self, class: &str, id: &str) -> Option<&mut Record> {
        self.records.iter_mut().find(|record| record.id == id && record.content.class() == class)
    }
}

impl Content {
    /// Our own name of the kind of record.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Invoice(_) => "invoice",
        }
    }

    /// What it is in Connec!.
    pub(super) fn entity(&self) -> &'static str {
        match self {
            Self::Customer(_) => "organizations",
            Self::Invoice(_) => "invoices",
        }
    }

    /// As Connec! wants it. What is empty stands in it as null: a member that is left out would stay as it is there.
    pub(super) fn document(&self) -> Value {
        match self {
            Self::Customer(Customer { name, email }) => json!({ "name": name, "email": { "address": email } }),
            Self::Invoice(Invoice { title, number, customer_id, due_date, currency, lines }) => json!({
                "title": title,
                "transaction_number": number,
                "organization_id": customer_id,
                "due_date": due_date.map(|date| format!("{date}T00:00:00Z")),
                "lines": lines.iter().map(|line| line.document(currency)).collect::<Vec<_>>(),
            }),
        }
    }

    /// Where in the document our ids of other records stand, and of which class those are.
    pub(super) fn references(&self) -> Value {
        match self {
            Self::Customer(_) => json!({}),
            Self::Invoice(_) => json!({ "organization_id": "customer" }),
        }
    }
}

impl Line {
    fn document(&self, currency: &str) -> Value {
        let Self { description, quantity, price } = self;
        let unit_price = json!({ "total_amount": price, "currency": currency });
        json!({ "description": description, "quantity": quantity, "unit_price": unit_price })
    }
}
