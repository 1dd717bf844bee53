//! What one marketplace's Connec! remembers.

use std::sync::{Mutex, MutexGuard};

use super::calls::Calls;
use super::seed;
use super::store::Store;
use crate::app::lock;
use crate::options::MarketplaceSpec;

pub(crate) struct Memory {
    store: Mutex<Store>,
    pub(crate) calls: Calls,
    /// The records as they were at start.
    initial: Store,
}

impl Memory {
    pub(crate) fn new(spec: &MarketplaceSpec) -> Self {
        let initial = seed::store(spec);
        Self { store: Mutex::new(initial.clone()), calls: Calls::default(), initial }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(crate) fn reset(&self) {
        *self.store() = self.initial.clone();
        self.calls.clear();
    }
}
