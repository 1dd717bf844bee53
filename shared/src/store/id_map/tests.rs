//! The memory store keeps the contract; the table is held to it where there is one (`tests/integration/id_map.rs`).

use crate::testing::id_map::{MemoryIdMap, holds};

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    holds(&MemoryIdMap::default()).await;
}
