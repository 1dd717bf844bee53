//! Traces of attempts to sign in, by their reference.

use jiff::Timestamp;

use super::{
    Accounts, StoreError,
    item::{Item as _, TraceItem},
    keys::Key,
};
use crate::{
    http::Reference,
    trace::{SignInTrace, TRACE_LIFETIME},
};

impl TraceItem {
    pub(super) fn of(trace: &SignInTrace) -> Self {
        Self { expires_at: trace.at + TRACE_LIFETIME, trace: trace.clone() }
    }
}

impl Accounts {
    /// Keeps the trace of an attempt that was refused. One that succeeded keeps its own ([`SignIn`](super::SignIn)).
    ///
    /// # Errors
    /// [`StoreError`]: there is no trace; the log still has the reference.
    pub async fn keep_trace(&self, trace: &SignInTrace) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(TraceItem::of(trace).at(Key::trace(&trace.reference))?))
            .send()
            .await
            .map_err(StoreError::request("PutItem"))?;
        Ok(())
    }

    /// The trace behind a reference, as long as it is kept.
    ///
    /// # Errors
    /// [`StoreError`]: whether there is one is not known.
    pub async fn trace(&self, reference: &Reference, now: Timestamp) -> Result<Option<SignInTrace>, StoreError> {
        let found = self.get::<TraceItem>(Key::trace(reference)).await?;
        Ok(found.filter(|item| now < item.expires_at).map(|item| item.trace))
    }
}
