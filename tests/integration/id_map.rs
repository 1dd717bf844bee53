//! The id map on DynamoDB, embedded and deployed: the contract that the memory store keeps as well, and what it costs.

use shared::testing::id_map::holds;

use crate::harness::World;

#[tokio::test]
async fn the_table_keeps_the_contract() {
    let world = World::start().await;
    holds(&world.id_map()).await;
    world.stop().await;
}
