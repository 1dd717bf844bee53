//! Ids as Connec! writes them: its own, and those that apps gave (protocol §7.5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refusal::Refusal;

/// The provider of Connec!'s own ids.
const CONNEC: &str = "connec";

/// One entry of an id array.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, Hash)]
pub(crate) struct ExternalId {
    pub(crate) id: String,
    /// Who gave it.
    pub(crate) provider: String,
    /// The account there: ids are unique within it.
    pub(crate) realm: String,
}

impl ExternalId {
    pub(super) fn connec(id: &str, realm: &str) -> Self {
        Self { id: id.to_owned(), provider: CONNEC.to_owned(), realm: realm.to_owned() }
    }

    pub(super) fn is_connec(&self) -> bool {
        self.provider == CONNEC
    }

    fn is_complete(&self) -> bool {
        [&self.id, &self.provider, &self.realm].into_iter().all(|part| !part.trim().is_empty())
    }
}

/// What an `id` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Given as a plain string.
    pub(super) plain: Option<String>,
    /// Connec!'s own entry of an array.
    pub(super) connec: Option<String>,
    pub(super) external: Vec<ExternalId>,
}

impl Named {
    pub(super) fn read(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::String(id) if id.is_empty() => Ok(Self::default()),
            Value::String(id) => Ok(Self { plain: Some(id.clone()), ..Self::default() }),
            Value::Array(_) => {
                let complete = |ids: &Vec<ExternalId>| ids.iter().all(ExternalId::is_complete);
                let ids = entries(value).filter(complete).ok_or_else(unusable)?;
                Ok(Self::of(ids))
            }
            _ => Err(unusable()),
        }
    }

    fn of(ids: Vec<ExternalId>) -> Self {
        let (own, external): (Vec<_>, Vec<_>) = ids.into_iter().partition(ExternalId::is_connec);
        Self { plain: None, connec: own.into_iter().next().map(|entry| entry.id), external }
    }
}

fn unusable() -> Refusal {
    Refusal::Body("id must be an array of {id, provider, realm}, each of them a text".to_owned())
}

/// Whether a field holds an id or a reference by its name.
pub(super) fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id")
}

/// The entries of an id array; `None` when it is none.
pub(super) fn entries(value: &Value) -> Option<Vec<ExternalId>> {
    value.as_array()?.iter().map(|entry| ExternalId::deserialize(entry).ok()).collect()
}

/// Adds the ids that are not there yet.
pub(super) fn add_missing(ids: &mut Vec<ExternalId>, more: impl IntoIterator<Item = ExternalId>) {
    for id in more {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}
