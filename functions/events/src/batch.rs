//! What the table's stream brings, and what it is told of it: of each record only what is needed here.

use serde::Deserialize;
use serde_dynamo::{AttributeValue, Item};
use shared::event::Event;

/// Some records of the stream, in its order.
#[derive(Debug, Deserialize)]
pub struct Batch {
    /// As DynamoDB names them.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One change of one item.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub event_name: String,
    /// The change.
    pub dynamodb: Changed,
}

/// What was changed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Changed {
    /// Its place in the stream.
    pub sequence_number: String,
    /// The item as it is now.
    pub new_image: Option<Item>,
}

/// What a record is to us.
pub(crate) enum Content {
    /// An event of the outbox.
    Event(Event),
    /// An event that cannot be read, as it is.
    Unreadable(String),
    /// Something else, or a later change of an event's item, which is no news.
    Nothing,
}

impl Record {
    /// New items of type `event` count; the outbox never changes one.
    pub(crate) fn into_content(self) -> Content {
        let Some(image) = self.dynamodb.new_image.filter(|_| self.event_name == "INSERT") else {
            return Content::Nothing;
        };
        if !matches!(image.get("type"), Some(AttributeValue::S(kind)) if kind == "event") {
            return Content::Nothing;
        }
        let event = image.get("event").cloned().map(serde_dynamo::from_attribute_value::<_, Event>);
        match event {
            Some(Ok(event)) => Content::Event(event),
            _ => Content::Unreadable(serde_json::to_string(&image).unwrap_or_default()),
        }
    }
}
