//! Taking a change: check whom it is for, store it, tell everybody who waits for it.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;

use super::{Change, PushMessage, PushQueue, QueueError};
use crate::{
    domain::Version,
    store::{Accounts, PutRecordError, StoreError, Target, id_map::IdMap},
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
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue. The change is stored, and was not taken.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Desk {
    /// Takes a change. The same change can be handed in again, and then goes out again to whoever has not got it.
    ///
    /// # Errors
    /// [`SubmitError`]. After [`SubmitError::Store`] and [`SubmitError::Queue`] it is to be handed in again.
    pub async fn submit(&self, change: &Change, now: Timestamp) -> Result<Submitted, SubmitError> {
        let stored = change.stored();
        let served = self.accounts.served(&stored.groups, now).await?;
        if let Some(at) = served.iter().position(|is_served| !is_served) {
            return Err(SubmitError::NotServed { at });
        }
        self.accounts.put_record(stored, now).await.map_err(|error| match error {
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
        let targets: BTreeSet<Target> = linked.iter().chain(&stored.groups).cloned().collect();
        let message = |target: &Target| PushMessage {
            push: target.clone(),
            record: stored.record.clone(),
            is_linked: linked.contains(target),
            since: None,
            attempts: 0,
        };
        let messages: Vec<PushMessage> = targets.iter().map(message).collect();
        self.queue.send(&messages, Duration::ZERO).await?;
        Ok(Submitted { targets: targets.into_iter().collect() })
    }
}
