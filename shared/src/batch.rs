//! What a worker answers to the event source that brought it a batch: which of it is to be brought again.

use serde::Serialize;

/// A partial batch response. Of a queue the messages it names come again, of a stream everything from the first of them on.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartialBatchResponse {
    /// What failed; if nothing did, all of it is done with.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// An item of a batch that failed.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// The message's id, or the record's place in the stream.
    pub item_identifier: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_spelled_as_lambda_reads_it() {
        let failure = BatchItemFailure { item_identifier: "1".to_owned() };
        let response = PartialBatchResponse { batch_item_failures: vec![failure] };
        let spelled = serde_json::to_string(&response).unwrap();
        assert_eq!(spelled, r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#);
    }
}
