//! Reading many items at once.

use aws_sdk_dynamodb::{Client, types::KeysAndAttributes};

use super::{
    StoreError,
    item::Attributes,
    keys::Key,
    transaction::{self, ATTEMPTS},
};

/// How many items one request reads at most.
pub(super) const MAX_KEYS: usize = 100;

/// Whether what was written a moment ago must be seen. Then it costs twice as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consistency {
    Eventual,
    Strong,
}

/// The items with these keys, which are all different and at most [`MAX_KEYS`], in no order. What does not fit into one answer is asked for
/// again.
pub(super) async fn get(
    client: &Client,
    table: &str,
    keys: Vec<Key>,
    consistency: Consistency,
) -> Result<Vec<Attributes>, StoreError> {
    let mut left: Vec<Attributes> = keys.into_iter().map(Key::into_attributes).collect();
    let mut found = Vec::with_capacity(left.len());
    let mut attempt = 1;
    while !left.is_empty() {
        let before = left.len();
        let is_consistent = consistency == Consistency::Strong;
        let asked = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(is_consistent).build();
        let asked = asked.map_err(StoreError::build("KeysAndAttributes"))?;
        let request = client.batch_get_item().request_items(table, asked);
        let mut answer = request.send().await.map_err(StoreError::request("BatchGetItem"))?;
        found.extend(answer.responses.take().and_then(|mut tables| tables.remove(table)).unwrap_or_default());
        let rest = answer.unprocessed_keys.and_then(|mut tables| tables.remove(table));
        left = rest.map(|rest| rest.keys).unwrap_or_default();
        // Large items come a few at a time; only where nothing comes is it worth waiting.
        if left.len() == before {
            if attempt == ATTEMPTS {
                return Err(StoreError::Contended);
            }
            transaction::pause(attempt).await;
            attempt += 1;
        }
    }
    Ok(found)
}
