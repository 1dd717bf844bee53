//! What the queue brings, and what it is told of it: of each message only what is needed here.

use jiff::Timestamp;
use serde::Deserialize;

/// Some messages of the queue.
#[derive(Debug, Deserialize)]
pub struct Batch {
    /// As SQS names them.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One message.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its name on the queue.
    pub message_id: String,
    /// What it says.
    pub body: String,
    /// What the queue says of it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What the queue says of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attributes {
    /// When it was sent, in milliseconds since 1970.
    #[serde(default)]
    pub sent_timestamp: Option<String>,
}

impl Record {
    /// When it was sent, if the queue says so.
    pub(crate) fn sent_at(&self) -> Option<Timestamp> {
        let millis = self.attributes.sent_timestamp.as_ref()?.parse().ok()?;
        Timestamp::from_millisecond(millis).ok()
    }
}
