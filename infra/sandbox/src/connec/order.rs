//! `$orderby`: fields, each with `ASC` or `DESC`.

use std::cmp::Ordering;

use serde_json::Value;

use super::filter::is_path;
use super::record::Record;
use super::refusal::Refusal;
use super::view::{Found, View};
use crate::time;

#[derive(Debug, Default)]
pub(super) struct Order(Vec<Field>);

#[derive(Debug)]
struct Field {
    path: String,
    descending: bool,
}

impl Order {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let refused = |field: &str| Refusal::Query(format!("$orderby: {field:?} is not a field with ASC or DESC"));
        let fields = text.split(',').map(|field| Field::read(field).ok_or_else(|| refused(field.trim())));
        fields.collect::<Result<_, _>>().map(Self)
    }

    /// Records that are equal by all fields stay in the order they were made.
    pub(super) fn sort(&self, view: &View<'_>, records: &mut [&Record]) {
        let keys =
            |record: &&Record| -> Vec<Found> { self.0.iter().map(|field| view.find(record, &field.path)).collect() };
        if self.0.is_empty() {
            return;
        }
        let mut keyed: Vec<_> = records.iter().map(|record| (keys(record), *record)).collect();
        keyed.sort_by(|(one, _), (other, _)| self.compare(one, other));
        records.iter_mut().zip(keyed).for_each(|(place, (_, record))| *place = record);
    }

    fn compare(&self, one: &[Found], other: &[Found]) -> Ordering {
        let orders = self.0.iter().zip(one.iter().zip(other)).map(|(field, (one, other))| {
            let order = compare(one, other);
            if field.descending { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

impl Field {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let path = words.next().filter(|path| is_path(path))?.to_owned();
        let descending = match words.next().map(str::to_ascii_uppercase).as_deref() {
            None | Some("ASC") => false,
            Some("DESC") => true,
            Some(_) => return None,
        };
        words.next().is_none().then_some(Self { path, descending })
    }
}

/// Nulls come first, then flags, numbers, texts and the rest.
fn compare(one: &Found, other: &Found) -> Ordering {
    match (one, other) {
        (Found::Instant(one), Found::Instant(other)) => one.cmp(other),
        (Found::Json(one), Found::Json(other)) => compare_json(one, other),
        (Found::Instant(_), Found::Json(_)) => Ordering::Greater,
        (Found::Json(_), Found::Instant(_)) => Ordering::Less,
    }
}

fn compare_json(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap_or_default(), other.as_f64().unwrap_or_default());
            one.total_cmp(&other)
        }
        (Value::String(one), Value::String(other)) => match (time::read(one), time::read(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.cmp(other),
        },
        _ => rank(one).cmp(&rank(other)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    }
}
