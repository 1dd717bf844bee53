//! What each function asks of AWS, in the words of IAM: `dynamodb:PutItem`. A test holds it against the template's policies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeSerializationInterceptorContextRef},
    error::BoxError,
    operation::transact_write_items::TransactWriteItemsInput,
    types::TransactWriteItem,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// The actions of each function so far.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<&'static str, BTreeSet<String>>>>);

impl Calls {
    /// Every action that a function was seen to take, by the function's folder.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What notes down the calls of this function's client.
    pub(crate) fn of(&self, function: &'static str) -> impl Intercept + 'static {
        Recorder { function, calls: self.clone() }
    }
}

#[derive(Debug)]
struct Recorder {
    function: &'static str,
    calls: Calls,
}

impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "Recorder"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut calls = self.calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = calls.entry(self.function).or_default();
        match context.input().downcast_ref::<TransactWriteItemsInput>() {
            Some(transaction) => {
                seen.extend(transaction.transact_items().iter().map(|item| format!("dynamodb:{}", part(item))));
            }
            None => seen.extend(config.load::<Metadata>().map(|operation| {
                let service = match operation.service() {
                    "EventBridge" => "events",
                    "SQS" => "sqs",
                    _ => "dynamodb",
                };
                format!("{service}:{}", operation.name())
            })),
        }
        Ok(())
    }
}

/// A transaction needs the permission of each of its parts, and no other.
fn part(item: &TransactWriteItem) -> &'static str {
    match (&item.put, &item.update, &item.delete) {
        (Some(_), _, _) => "PutItem",
        (_, Some(_), _) => "UpdateItem",
        (_, _, Some(_)) => "DeleteItem",
        _ => "ConditionCheckItem",
    }
}
