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

/// An action, with the resource that it was taken on, by its logical id in the template.
pub type Action = (String, &'static str);

/// The actions of each function so far.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<&'static str, BTreeMap<Action, u64>>>>);

impl Calls {
    /// Every action that a function was seen to take, by the function's folder.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<&'static str, BTreeSet<Action>> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|(function, actions)| (*function, actions.keys().cloned().collect())).collect()
    }

    /// How often a function took each action so far. Each part of a transaction counts.
    #[must_use]
    pub fn counted(&self, function: &str) -> BTreeMap<Action, u64> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(function).cloned().unwrap_or_default()
    }

    /// What notes down the calls of this function's client, which is for this resource.
    pub(crate) fn of(&self, function: &'static str, resource: &'static str) -> impl Intercept + 'static {
        Recorder { function, resource, calls: self.clone() }
    }
}

#[derive(Debug)]
struct Recorder {
    function: &'static str,
    resource: &'static str,
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
        let actions: Vec<String> = match context.input().downcast_ref::<TransactWriteItemsInput>() {
            Some(transaction) => {
                transaction.transact_items().iter().map(|item| format!("dynamodb:{}", part(item))).collect()
            }
            None => config.load::<Metadata>().map(action).into_iter().collect(),
        };
        let mut calls = self.calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = calls.entry(self.function).or_default();
        for action in actions {
            *seen.entry((action, self.resource)).or_default() += 1;
        }
        Ok(())
    }
}

/// The action as IAM has it. Sending several messages is sending.
fn action(operation: &Metadata) -> String {
    let name = operation.name();
    match operation.service() {
        "EventBridge" => format!("events:{name}"),
        "SQS" => format!("sqs:{}", name.trim_end_matches("Batch")),
        _ => format!("dynamodb:{name}"),
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
