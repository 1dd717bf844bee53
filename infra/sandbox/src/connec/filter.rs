//! `$filter`: comparisons joined by `and`, as far as clients were seen to use them (protocol §7.3).

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::record::Record;
use super::refusal::Refusal;
use super::view::{Found, View};
use crate::time;

#[derive(Debug, Default)]
pub(super) struct Filter(Vec<Comparison>);

#[derive(Debug)]
struct Comparison {
    path: String,
    operator: Operator,
    literal: Value,
    /// What the literal means if it is a date.
    instant: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// What was in quotes.
    Text(String),
}

impl Filter {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = |trouble: String| Refusal::Query(format!("$filter: {trouble}"));
        let mut tokens = tokens(text).map_err(refused)?.into_iter();
        let mut comparisons = Vec::new();
        let Some(mut first) = tokens.next() else { return Ok(Self::default()) };
        loop {
            comparisons.push(Comparison::read(first, &mut tokens).map_err(refused)?);
            match tokens.next() {
                None => return Ok(Self(comparisons)),
                Some(Token::Word(word)) if word == "and" => {}
                Some(other) => return Err(refused(format!("expected \"and\", found {}", other.shown()))),
            }
            first = tokens.next().ok_or_else(|| refused("nothing follows \"and\"".to_owned()))?;
        }
    }

    pub(super) fn lets_through(&self, view: &View<'_>, record: &Record) -> bool {
        self.0.iter().all(|comparison| comparison.holds(&view.find(record, &comparison.path)))
    }
}

impl Comparison {
    fn read(first: Token, rest: &mut impl Iterator<Item = Token>) -> Result<Self, String> {
        let path = match first {
            Token::Word(word) if is_path(&word) => word,
            other => return Err(format!("expected a field, found {}", other.shown())),
        };
        let operator = match rest.next() {
            Some(Token::Word(word)) => Operator::read(&word).ok_or_else(|| format!("unknown operator {word:?}"))?,
            Some(other) => return Err(format!("expected an operator, found {}", other.shown())),
            None => return Err(format!("nothing follows {path:?}")),
        };
        let literal = literal(rest.next().ok_or_else(|| format!("{path:?} is compared with nothing"))?)?;
        let instant = literal.as_str().and_then(time::read);
        Ok(Self { path, operator, literal, instant })
    }

    fn holds(&self, found: &Found) -> bool {
        let order = self.order(found);
        match self.operator {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
        }
    }

    /// `None` when the two cannot be compared. Nulls are equal and nothing else.
    fn order(&self, found: &Found) -> Option<Ordering> {
        let value = match found {
            Found::Instant(instant) => return Some(instant.cmp(&self.instant?)),
            Found::Json(value) => value,
        };
        match (value, &self.literal) {
            (Value::Null, Value::Null) => Some(Ordering::Equal),
            (Value::Bool(value), Value::Bool(literal)) => Some(value.cmp(literal)),
            (Value::Number(value), Value::Number(literal)) => value.as_f64()?.partial_cmp(&literal.as_f64()?),
            (Value::String(value), Value::String(literal)) => match (time::read(value), self.instant) {
                (Some(value), Some(instant)) => Some(value.cmp(&instant)),
                _ => Some(value.cmp(literal)),
            },
            _ => None,
        }
    }
}

impl Operator {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            _ => return None,
        })
    }
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("{word:?}"),
            Self::Text(text) => format!("'{text}'"),
        }
    }
}

/// Letters, digits and `_`, in steps joined by `.` or `/`.
pub(super) fn is_path(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text.split(['.', '/']).all(is_name)
}

fn literal(token: Token) -> Result<Value, String> {
    let word = match token {
        Token::Text(text) => return Ok(Value::String(text)),
        Token::Word(word) => word,
    };
    let value = serde_json::from_str(&word).ok().filter(|value: &Value| !value.is_array() && !value.is_object());
    value.ok_or_else(|| format!("{word:?} is no value: write texts and dates in single quotes"))
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted_text(quoted)?,
            None => word(rest),
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn word(text: &str) -> (Token, &str) {
    let end = text.find(|character: char| character.is_whitespace() || character == '\'').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (Token::Word(word.to_owned()), rest)
}

/// Up to the closing quote; two of them stand for one that belongs to the text.
fn quoted_text(mut rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    loop {
        let (part, after) =
            rest.split_once('\'').ok_or_else(|| format!("the quote before {rest:?} is never closed"))?;
        text.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Ok((Token::Text(text), after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(filter: &str) -> bool {
        let record = json!({ "name": "O'Neil & Co", "due": "2030-01-15", "total": 12.5, "paid": false, "note": null });
        let filter = Filter::read(filter).unwrap();
        filter.0.iter().all(|comparison| comparison.holds(&Found::Json(record[&comparison.path].clone())))
    }

    #[test]
    fn every_operator_compares_texts_numbers_and_dates() {
        check("name", ["'A'", "'O''Neil & Co'", "'P'"]);
        check("total", ["12", "12.50", "13e0"]);
        check("due", ["'2030-01-14T23:59:59Z'", "'2030-01-15T00:00:00+00:00'", "'2030-01-15T00:00:00.001Z'"]);
    }

    /// Every operator against a literal below the field's value, the same, and above it.
    fn check(field: &str, literals: [&str; 3]) {
        let cases = [
            ("eq", [false, true, false]),
            ("ne", [true, false, true]),
            ("gt", [true, false, false]),
            ("gte", [true, true, false]),
            ("lt", [false, false, true]),
            ("lte", [false, true, true]),
        ];
        for (operator, expected) in cases {
            let held = literals.map(|literal| holds(&format!("{field} {operator} {literal}")));
            assert_eq!(held, expected, "{field} {operator}");
        }
    }

    #[test]
    fn a_null_equals_null_only_and_has_no_order() {
        for (filter, expected) in [
            ("note eq null", true),
            ("none eq null", true),
            ("name eq null", false),
            ("name ne null", true),
            ("note ne 'x'", true),
            ("note gt 'a'", false),
            ("note lt 'a'", false),
            ("total gt '1'", false),
            ("paid eq false", true),
            ("paid ne true", true),
        ] {
            assert_eq!(holds(filter), expected, "{filter}");
        }
    }

    #[test]
    fn all_comparisons_must_hold() {
        assert!(holds("  paid eq false and total gt 1 and name ne 'and'"));
        assert!(!holds("paid eq false and total gt 100"));
        assert!(holds(""));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let cases = [
            ("updated_at", "nothing follows \"updated_at\""),
            ("updated_at gt", "compared with nothing"),
            ("updated_at gt 2030-01-15T00:00:00Z", "single quotes"),
            ("name like 'x'", "unknown operator \"like\""),
            ("name eq 'x", "never closed"),
            ("name eq 'x' or name eq 'y'", "expected \"and\", found \"or\""),
            ("name eq 'x' and", "nothing follows \"and\""),
            ("'x' eq name", "expected a field, found 'x'"),
            ("(name eq 'x')", "expected a field"),
            ("name 'eq' 'x'", "expected an operator"),
            ("name eq [1]", "single quotes"),
        ];
        for (filter, expected) in cases {
            let refusal = Filter::read(filter).unwrap_err();
            assert!(refusal.detail().starts_with("$filter: ") && refusal.detail().contains(expected), "{refusal:?}");
        }
    }
}
