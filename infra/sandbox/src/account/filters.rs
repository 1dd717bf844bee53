//! The column filters of a list (protocol §6.5): every parameter narrows it, and an unknown column leaves nothing.

use std::cmp::Ordering;

use serde_json::Value;

use crate::time;

/// Whether this order of column and value is wanted.
type Wanted = fn(Ordering) -> bool;

/// What a column's name may end in, and which order of column and value it asks for. Longer ones first.
const SUFFIXES: [(&str, Wanted); 8] = [
    ("_strictly_before", Ordering::is_lt),
    ("_strictly_after", Ordering::is_gt),
    ("_strictly_greater_than", Ordering::is_gt),
    ("_strictly_lower_than", Ordering::is_lt),
    ("_before", Ordering::is_le),
    ("_after", Ordering::is_ge),
    ("_greater_than", Ordering::is_ge),
    ("_lower_than", Ordering::is_le),
];

/// The parameters of a list.
pub(super) struct Filters(Vec<(String, String)>);

impl Filters {
    pub(super) fn read(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Takes out the values of a parameter that is no column.
    pub(super) fn take(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(known, _)| known == name).map(|(_, value)| value).collect()
    }

    pub(super) fn let_through(&self, record: &Value) -> bool {
        self.0.iter().all(|(name, value)| admits(record, name, value))
    }
}

fn admits(record: &Value, name: &str, value: &str) -> bool {
    if let Some(column) = column(record, name) {
        return compare(column, value).is_some_and(Ordering::is_eq);
    }
    let suffixed = SUFFIXES.iter().find_map(|(suffix, wanted)| Some((name.strip_suffix(suffix)?, wanted)));
    suffixed.is_some_and(|(name, wanted)| {
        column(record, name).and_then(|column| compare(column, value)).is_some_and(wanted)
    })
}

/// `object` is the record's type and no column.
fn column<'a>(record: &'a Value, name: &str) -> Option<&'a Value> {
    record.get(name).filter(|_| name != "object")
}

/// `None` when the two cannot be compared: a null compares with nothing.
fn compare(column: &Value, value: &str) -> Option<Ordering> {
    match column {
        Value::String(text) => match time::read(text) {
            Some(instant_of_column) => Some(instant_of_column.cmp(&time::read(value)?)),
            None => Some(text.as_str().cmp(value)),
        },
        Value::Number(number) => number.as_f64()?.partial_cmp(&value.parse().ok()?),
        Value::Bool(flag) => Some(flag.cmp(&value.parse().ok()?)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lets_through(query: &str) -> bool {
        let record = json!({
            "object": "account_bill",
            "price_cents": 1000,
            "status": "submitted",
            "third_party": false,
            "units": null,
            "created_at": "2030-01-01T00:00:00Z",
        });
        Filters::read(Some(query)).let_through(&record)
    }

    /// Whether a column that is less than the value, equal to it or greater comes through.
    fn verdicts(name: &str, [below, same, above]: [&str; 3]) -> [bool; 3] {
        // The column stays; it is less than a value above it.
        [above, same, below].map(|value| lets_through(&format!("{name}={value}")))
    }

    #[test]
    fn every_case_of_the_vector_means_what_it_says() {
        #[derive(serde::Deserialize)]
        struct Vector {
            cases: Vec<Case>,
        }
        #[derive(serde::Deserialize)]
        struct Case {
            q: String,
            op: Option<String>,
        }
        let vector: Vector =
            serde_json::from_str(include_str!("../../tests/vectors/account_filter_cases.json")).unwrap();
        let mut seen = 0;
        for (name, value, op) in vector.cases.iter().filter_map(|case| {
            let (name, value) = case.q.split_once('=')?;
            Some((name, value, case.op.as_deref()?))
        }) {
            let values = match value {
                "1000" => ["999", value, "1001.5"],
                "submitted" => ["invoiced", value, "zzz"],
                _ => ["2029-12-31T23:59:59Z", value, "2030-01-01T00:00:01Z"],
            };
            let expected = match op {
                ">=" => [false, true, true],
                ">" => [false, false, true],
                "<=" => [true, true, false],
                "<" => [true, false, false],
                _ => [false, true, false],
            };
            assert_eq!(verdicts(name, values), expected, "{name}");
            seen += 1;
        }
        assert_eq!(seen, 9);
        assert!(!lets_through("nope=1"));
    }

    #[test]
    fn instants_are_compared_and_not_their_spelling() {
        for same in ["2030-01-01T00:00:00.000Z", "2030-01-01T01:00:00%2B01:00", "2030-01-01T00:00:00", "2030-01-01"] {
            assert!(lets_through(&format!("created_at={same}")), "{same}");
        }
        assert!(lets_through("created_at_after=2029-12-31"));
    }

    #[test]
    fn all_parameters_must_fit() {
        assert!(lets_through("status=submitted&price_cents=1000&third_party=false"));
        assert!(!lets_through("status=submitted&price_cents=999"));
        assert!(!lets_through("created_at_after=2029-01-01&created_at_after=2031-01-01"));
    }

    #[test]
    fn what_cannot_be_compared_lets_nothing_through() {
        let odd = [
            "created_at_before=x",
            "price_cents_before=x",
            "third_party=x",
            "units=",
            "units_before=1",
            "=",
            "_after=1",
        ];
        for query in odd.into_iter().chain(["object=account_bill", "status[]=submitted", "nope_after=1"]) {
            assert!(!lets_through(query), "{query}");
        }
    }

    #[test]
    fn without_parameters_everything_comes_through() {
        assert!(lets_through(""));
        assert!(Filters::read(None).let_through(&json!({})));
    }

    #[test]
    fn a_parameter_that_is_no_column_can_be_taken_out() {
        let mut filters = Filters::read(Some("group_id=a&status=running&group_id=b"));
        assert_eq!(filters.take("group_id"), ["a", "b"]);
        assert!(filters.let_through(&json!({"status": "running"})));
    }
}
