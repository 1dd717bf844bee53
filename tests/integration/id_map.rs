//! The id map on DynamoDB, embedded and deployed: the contract that the memory store keeps as well, and what it costs.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut},
    },
    error::BoxError,
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
    },
    types::{ConsumedCapacity, ReturnConsumedCapacity},
};
use shared::{
    clock::{Clock as _, SystemClock},
    domain::{LocalRecord, Place, Realm, RemoteRecord},
    store::id_map::IdMap,
    testing::id_map::holds,
};

use crate::harness::World;

#[tokio::test]
async fn the_table_keeps_the_contract() {
    let world = World::start().await;
    holds(&world.id_map()).await;
    world.stop().await;
}

/// Counts requests, and the capacity that the table says they took.
#[derive(Clone, Default)]
struct Meter(Arc<Mutex<(u32, f64)>>);

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

impl Meter {
    /// What was counted since it was read last.
    fn read(&self) -> (u32, f64) {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let total = Some(ReturnConsumedCapacity::Total);
        let input = context.input_mut();
        if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = total;
        } else {
            panic!("a request that nobody counts");
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let taken: Vec<ConsumedCapacity> = if let Some(output) = output.downcast_ref::<TransactWriteItemsOutput>() {
            output.consumed_capacity().to_vec()
        } else if let Some(output) = output.downcast_ref::<BatchGetItemOutput>() {
            output.consumed_capacity().to_vec()
        } else if let Some(output) = output.downcast_ref::<QueryOutput>() {
            output.consumed_capacity().cloned().into_iter().collect()
        } else {
            let output = output.downcast_ref::<GetItemOutput>().unwrap();
            output.consumed_capacity().cloned().into_iter().collect()
        };
        let mut count = self.0.lock().unwrap();
        count.0 += 1;
        count.1 += taken.iter().filter_map(ConsumedCapacity::capacity_units).sum::<f64>();
        Ok(())
    }
}

#[tokio::test]
async fn every_operation_takes_the_requests_and_units_that_performance_md_says() {
    let world = World::embedded(Arc::new(SystemClock)).await;
    let meter = Meter::default();
    let config = world.dynamodb().config().to_builder().interceptor(meter.clone()).build();
    let id_map = IdMap::new(aws_sdk_dynamodb::Client::from_conf(config), world.id_map_table().to_owned());
    let now = SystemClock.now();
    let realm = Realm { provider: "acme-hub".to_owned(), realm: "cld-count".to_owned() };
    let place = Place { realm, entity: "people".to_owned() };
    let pair = |at: usize| {
        let record = LocalRecord { class_name: "customer".to_owned(), id: format!("c-{at}") };
        (record, RemoteRecord { place: place.clone(), rid: format!("00000000-0000-4000-8000-{at:012}") })
    };
    let pairs: Vec<_> = (0..100).map(pair).collect();
    let (record, remote) = &pairs[0];

    let mut counted = vec![];
    id_map.link(record, remote, now).await.unwrap();
    counted.push(("link", meter.read()));
    for (record, remote) in &pairs[1..] {
        id_map.link(record, remote, now).await.unwrap();
    }
    meter.read();
    id_map.links(record, now).await.unwrap();
    counted.push(("all of a record", meter.read()));
    id_map.link_in(record, &place, now).await.unwrap();
    counted.push(("one of a record", meter.read()));
    id_map.record_of(remote, now).await.unwrap();
    counted.push(("one counterpart", meter.read()));
    let remotes: Vec<_> = pairs.iter().map(|(_, remote)| remote.clone()).collect();
    assert!(id_map.records_of(&remotes, now).await.unwrap().iter().all(Option::is_some));
    counted.push(("a hundred counterparts", meter.read()));
    id_map.list(&place.realm, None, None, 100, now).await.unwrap();
    counted.push(("a page of a hundred", meter.read()));
    id_map.unlink(record, &place, now).await.unwrap();
    counted.push(("unlink", meter.read()));
    world.stop().await;

    // A transaction takes two units for each item of up to a kilobyte; a consistent read one for each four, another half of that.
    assert_eq!(
        counted,
        [
            ("link", (1, 4.0)),
            ("all of a record", (1, 1.0)),
            ("one of a record", (1, 1.0)),
            ("one counterpart", (1, 1.0)),
            ("a hundred counterparts", (1, 50.0)),
            ("a page of a hundred", (1, 5.0)),
            ("unlink", (2, 5.0)),
        ]
    );
}
