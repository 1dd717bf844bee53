//! The parameters of a list, and the page they ask for (protocol §7.3).

use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use super::filter::Filter;
use super::order::Order;
use super::record::Record;
use super::refusal::Refusal;
use super::view::View;

/// How many records a page has unless the client says otherwise.
const USUAL_TOP: usize = 100;

#[derive(Debug)]
pub(super) struct Listing {
    filter: Filter,
    order: Order,
    skip: usize,
    top: usize,
    /// Every other parameter, for the address of the next page.
    rest: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Pagination {
    skip: usize,
    top: usize,
    total: usize,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Listing {
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let (filter, order) = (Filter::default(), Order::default());
        let mut listing = Self { filter, order, skip: 0, top: USUAL_TOP, rest: Vec::new() };
        for (name, value) in parse(query.as_bytes()).into_owned() {
            match name.as_str() {
                "$skip" => listing.skip = number(&name, &value)?,
                "$top" => listing.top = number(&name, &value)?,
                "$filter" => listing.filter = Filter::read(&value)?,
                "$orderby" => listing.order = Order::read(&value)?,
                unknown if unknown.starts_with('$') => {
                    return Err(Refusal::Query(format!("{unknown} is not served here")));
                }
                _ => {}
            }
            if !matches!(name.as_str(), "$skip" | "$top") {
                listing.rest.push((name, value));
            }
        }
        if listing.top == 0 {
            return Err(Refusal::Query("$top must be at least 1".to_owned()));
        }
        Ok(listing)
    }

    /// `url` is the collection's own.
    pub(super) fn page(&self, view: &View<'_>, url: &str) -> Value {
        let all = view.store.records(&view.scope);
        let mut records: Vec<&Record> = all.iter().filter(|record| self.filter.lets_through(view, record)).collect();
        self.order.sort(view, &mut records);
        let page: Vec<Value> =
            records.iter().skip(self.skip).take(self.top).map(|record| view.record(record)).collect();
        let end = self.skip.saturating_add(self.top);
        let next = (end < records.len()).then(|| format!("{url}?{}", self.query_from(end)));
        let pagination = Pagination { skip: self.skip, top: self.top, total: records.len(), next };
        json!({ view.scope.resource.as_str(): page, "pagination": pagination })
    }

    fn query_from(&self, skip: usize) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("$skip", &skip.to_string()).append_pair("$top", &self.top.to_string());
        query.extend_pairs(&self.rest).finish()
    }
}

fn number(name: &str, value: &str) -> Result<usize, Refusal> {
    value.parse().map_err(|_| Refusal::Query(format!("{name} must be a whole number, not {value:?}")))
}
