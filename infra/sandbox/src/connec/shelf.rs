//! All records of one resource in one group, in the order they were made.

use std::collections::HashMap;

use jiff::Timestamp;

use super::draft::Draft;
use super::ids::{ExternalId, Named};
use super::record::Record;
use super::refusal::Refusal;

#[derive(Clone, Default)]
pub(crate) struct Shelf {
    records: Vec<Record>,
    /// Places in `records`, which nothing ever leaves.
    by_connec_id: HashMap<String, usize>,
    by_external_id: HashMap<ExternalId, usize>,
}

impl Shelf {
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(crate) fn record(&self, connec_id: &str) -> Option<&Record> {
        self.records.get(*self.by_connec_id.get(connec_id)?)
    }

    pub(super) fn by_external_id(&self, id: &ExternalId) -> Option<&Record> {
        self.records.get(*self.by_external_id.get(id)?)
    }

    pub(super) fn place(&self, connec_id: &str) -> Option<usize> {
        self.by_connec_id.get(connec_id).copied()
    }

    /// The one record these ids name. Ids of two records cannot be one record's.
    pub(super) fn named(&self, named: &Named) -> Result<Option<usize>, Refusal> {
        let mut found = match &named.connec {
            Some(id) => Some(self.place(id).ok_or(Refusal::WithId)?),
            None => None,
        };
        for id in &named.external {
            match (found, self.by_external_id.get(id).copied()) {
                (Some(place), Some(other)) if place != other => return Err(taken(id)),
                (_, other) => found = found.or(other),
            }
        }
        Ok(found)
    }

    /// Whether the record at `place` can have all of these ids.
    pub(super) fn check_free(&self, place: usize, ids: &[ExternalId]) -> Result<(), Refusal> {
        let foreign = |id: &&ExternalId| self.by_external_id.get(*id).is_some_and(|other| *other != place);
        ids.iter().find(foreign).map_or(Ok(()), |id| Err(taken(id)))
    }

    /// The oldest record one of the draft's alternatives holds for.
    pub(super) fn matching(&self, draft: &Draft) -> Option<usize> {
        self.records.iter().position(|record| record.matches(draft))
    }

    /// The place of a new, empty record.
    pub(super) fn add(&mut self, connec_id: String, at: Timestamp) -> usize {
        let place = self.records.len();
        self.by_connec_id.insert(connec_id.clone(), place);
        self.records.push(Record::new(connec_id, at));
        place
    }

    /// The id of what was written; `None` for a place that does not exist.
    pub(super) fn write(&mut self, place: usize, draft: Draft, at: Timestamp, realm: &str) -> Option<String> {
        let record = self.records.get_mut(place)?;
        self.by_external_id.extend(draft.named.external.iter().map(|id| (id.clone(), place)));
        record.write(draft, at, realm);
        Some(record.connec_id.clone())
    }
}

fn taken(id: &ExternalId) -> Refusal {
    let ExternalId { id, provider, realm } = id;
    Refusal::Taken(format!("external id {id:?} of provider {provider:?} and realm {realm:?} belongs to another record"))
}
