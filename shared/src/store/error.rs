//! What can go wrong with a table itself.

use aws_sdk_dynamodb::error::{BuildError, SdkError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A request to a table failed, or an item in it is not what we wrote. The source says more and is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer, or an answer that is an error.
    #[error("{operation} on a table failed")]
    Request {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the SDK says.
        #[source]
        source: Source,
    },
    /// Something of several items was replaced each time it was read.
    #[error("the configuration is being replaced faster than it can be read")]
    Torn,
    /// Others were writing the same items all the time.
    #[error("too many are writing the same items at once")]
    Contended,
    /// An item that we cannot read.
    #[error("an item of type {item} cannot be read")]
    Corrupt {
        /// What it should be.
        item: &'static str,
        /// What is wrong with it.
        #[source]
        source: Source,
    },
}

impl StoreError {
    pub(super) fn request<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| Self::Request { operation, source: error.into() }
    }

    /// What became of a write that has a condition: whether it was done, if the condition not holding is no error.
    pub(super) fn unless_refused<T, E, R>(
        outcome: Result<T, SdkError<E, R>>,
        operation: &'static str,
        is_refused: fn(&E) -> bool,
    ) -> Result<bool, Self>
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(is_refused) => Ok(false),
            Err(error) => Err(Self::request(operation)(error)),
        }
    }

    pub(super) fn build(operation: &'static str) -> impl FnOnce(BuildError) -> Self {
        move |error| Self::Request { operation, source: error.into() }
    }

    pub(super) fn corrupt(item: &'static str) -> impl FnOnce(serde_dynamo::Error) -> Self {
        move |error| Self::Corrupt { item, source: error.into() }
    }
}
