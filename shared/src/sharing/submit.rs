//! Taking a change: check whom it is for, store it, tell everybody who waits for it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{Change, PushMessage, PushQueue, QueueError};
use crate::{
    domain::Version,
    store::{Accounts, PutRecordError, StoreError, StoredRecord, Target, id_map::IdMap},
};

/// Where changes are handed in.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Groups, and records on their way.
    pub accounts: Accounts,
    /// Links.
    pub id_map: IdMap,
    /// The queue of pushes.
    pub queue: PushQueue,
}

/// A change that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Whom it goes to.
    pub targets: Vec<Target>,
}

/// A change that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// One of its groups is not served.
    #[error("a group is not served")]
    NotServed {
        /// Its place among the change's groups.
        at: usize,
    },
    /// A later version is there, or another content under the same version.
    #[error("the version is not later than the stored one")]
    Stale {
        /// That one.
        stored: Version,
    },
    /// A table. The change may be stored, and was not taken.
    #[error("a table failed")]
    Store(#[source] Arc<StoreError>),
    /// The queue. The change is stored, and was not taken.
    #[error("the queue of pushes failed")]
    Queue(#[source] Arc<QueueError>),
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// How many changes are stored at once.
const AT_ONCE: usize = 16;

impl Desk {
    /// Takes some changes, and tells of each what became of it. The same change can be handed in again, and then goes out again to whoever
    /// has not got it. Versions of one record are taken in their order.
    ///
    /// After [`SubmitError::Store`] and [`SubmitError::Queue`] a change is to be handed in again.
    pub async fn submit(&self, changes: &[&Change], now: Timestamp) -> Vec<Result<Submitted, SubmitError>> {
        let groups: Vec<Target> = changes.iter().flat_map(|change| change.stored().groups.clone()).collect();
        let served = match self.accounts.served(&groups, now).await {
            Ok(served) => groups.into_iter().zip(served).collect::<HashMap<_, _>>(),
            Err(error) => {
                let error = Arc::new(error);
                return changes.iter().map(|_| Err(SubmitError::Store(Arc::clone(&error)))).collect();
            }
        };
        let mut seen = HashSet::new();
        let at_once = if changes.iter().all(|change| seen.insert(&change.stored().record)) { AT_ONCE } else { 1 };
        let records: Vec<StoredRecord> = changes.iter().map(|change| change.stored().clone()).collect();
        let stored = stream::iter(records).map(|record| self.store(record, &served, now));
        let stored: Vec<Result<Vec<PushMessage>, SubmitError>> = stored.buffered(at_once).collect().await;
        let messages: Vec<PushMessage> = stored.iter().flatten().flatten().cloned().collect();
        let sent = self.queue.send(&messages, Duration::ZERO).await.map_err(Arc::new);
        let submitted = stored.into_iter().map(|messages| {
            let targets = messages?.into_iter().map(|message| message.push).collect();
            sent.clone().map_err(SubmitError::Queue)?;
            Ok(Submitted { targets })
        });
        submitted.collect()
    }

    /// Stores one change, and says what is to be sent.
    async fn store(
        &self,
        stored: StoredRecord,
        served: &HashMap<Target, bool>,
        now: Timestamp,
    ) -> Result<Vec<PushMessage>, SubmitError> {
        if let Some(at) = stored.groups.iter().position(|group| served.get(group) != Some(&true)) {
            return Err(SubmitError::NotServed { at });
        }
        self.accounts.put_record(&stored, now).await.map_err(|error| match error {
            PutRecordError::Stale { stored } => SubmitError::Stale { stored },
            PutRecordError::Store(error) => error.into(),
        })?;
        let links = self.id_map.links(&stored.record, now).await?;
        let linked: BTreeSet<Target> = links
            .iter()
            .filter(|link| link.rid.is_some() && link.tombstoned_at.is_none() && link.place.entity == stored.entity)
            .filter_map(|link| {
                let marketplace = link.place.realm.provider.parse().ok()?;
                Some(Target { marketplace, group: link.place.realm.realm.parse().ok()? })
            })
            .collect();
        let targets: BTreeSet<&Target> = linked.iter().chain(&stored.groups).collect();
        let message = |target: &Target| PushMessage {
            push: target.clone(),
            record: stored.record.clone(),
            is_linked: linked.contains(target),
            since: None,
            attempts: 0,
        };
        Ok(targets.into_iter().map(message).collect())
    }
}
