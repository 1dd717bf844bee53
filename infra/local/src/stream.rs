//! What stands in for the event source mapping between the table's stream and the `events` function: reads the stream, brings it batch
//! by batch, and goes on only behind what was dealt with.

use std::{sync::Arc, time::Duration};

use dynoxide::{
    Database, DynoxideError,
    actions::{
        describe_stream::DescribeStreamRequest, get_records::GetRecordsRequest,
        get_shard_iterator::GetShardIteratorRequest, list_streams::ListStreamsRequest,
    },
};
use serde_json::{Value, json};
use shared::batch::PartialBatchResponse;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::stores::ACCOUNTS_TABLE;

/// How often the stream is looked at; Lambda does so four times a second.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long to wait when it cannot be read.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many records a batch has at most, as the template has it.
const BATCH: usize = 100;

/// Where the next batch starts.
enum From {
    /// With the oldest record there is.
    Start,
    /// With this one.
    At(String),
    /// With what follows.
    Next(String),
}

/// Brings the table's stream to the function until `shutdown`.
pub(crate) fn follow(database: Database, events: Arc<events::App>, tasks: &TaskTracker, shutdown: &CancellationToken) {
    tasks.spawn(shutdown.clone().run_until_cancelled_owned(async move {
        let mut from = From::Start;
        loop {
            match next(&database, from, &events).await {
                Ok(next) => from = next,
                Err(error) => {
                    tracing::error!(%error, "the table's stream cannot be read");
                    from = From::Start;
                    tokio::time::sleep(PATIENCE).await;
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }));
}

/// Brings one batch.
async fn next(database: &Database, from: From, events: &events::App) -> Result<From, DynoxideError> {
    let iterator = match from {
        From::Next(iterator) => iterator,
        From::Start => iterator(database, None)?,
        From::At(sequence_number) => iterator(database, Some(sequence_number))?,
    };
    let found = database.get_records(GetRecordsRequest { shard_iterator: iterator.clone(), limit: Some(BATCH) })?;
    let following = From::Next(found.next_shard_iterator.unwrap_or_else(|| iterator.clone()));
    let records = serde_json::to_value(found.records).unwrap_or_default();
    if records == json!([]) {
        return Ok(following);
    }
    match bring(events, json!({ "Records": records })).await {
        Some(PartialBatchResponse { batch_item_failures }) => {
            let failed = batch_item_failures.into_iter().next();
            Ok(failed.map_or(following, |failure| From::At(failure.item_identifier)))
        }
        None => Ok(From::Next(iterator)),
    }
}

/// What the function answers, if it does.
async fn bring(app: &events::App, batch: Value) -> Option<PartialBatchResponse> {
    let batch = serde_json::from_value(batch).inspect_err(|error| tracing::error!(%error, "not a batch")).ok()?;
    events::handle(app, batch).await.inspect_err(|error| tracing::error!(%error, "events")).ok()
}

fn iterator(database: &Database, at: Option<String>) -> Result<String, DynoxideError> {
    let missing = || DynoxideError::ResourceNotFoundException("stream".to_owned());
    let list = ListStreamsRequest { table_name: Some(ACCOUNTS_TABLE.to_owned()), ..Default::default() };
    let stream = database.list_streams(list)?.streams.into_iter().next().ok_or_else(missing)?;
    let describe = DescribeStreamRequest { stream_arn: stream.stream_arn.clone(), ..Default::default() };
    let description = database.describe_stream(describe)?.stream_description;
    let shard = description.shards.into_iter().next().ok_or_else(missing)?;
    let request = GetShardIteratorRequest {
        stream_arn: stream.stream_arn,
        shard_id: shard.shard_id,
        shard_iterator_type: if at.is_some() { "AT_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" }.to_owned(),
        sequence_number: at,
    };
    database.get_shard_iterator(request)?.shard_iterator.ok_or_else(missing)
}
