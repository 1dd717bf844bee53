//! A dead letter, and what it is about: which record, for whom; never what the record's document says.

use aws_sdk_sqs::types::{Message as Brought, MessageSystemAttributeName as System};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::{
    domain::{GroupId, MarketplaceKey},
    sharing::{Message, REASON_ATTRIBUTE},
};

use crate::printable::printable;

/// SQS itself moves a message here without a word.
pub(super) const NO_REASON: &str = "none given: it was brought five times without an end";
/// The longest text of others that is told.
const MAX_CHARS: usize = 500;
/// Members of a push that count how long it was tried in vain.
const HISTORY: [&str; 2] = ["since", "attempts"];

/// A dead letter. What is told of it is made harmless here; the body is as it was brought.
pub(super) struct Letter {
    pub(super) id: String,
    /// What it is hidden, shown and deleted by.
    pub(super) receipt: String,
    pub(super) body: String,
    pub(super) sent_at: Option<Timestamp>,
    pub(super) received: Option<u32>,
    pub(super) reason: Option<String>,
    pub(super) about: About,
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum About {
    /// A record is to be pushed to a group.
    Push { marketplace: MarketplaceKey, group: GroupId, class: String, id: String },
    /// A change, as the app put it there itself.
    Change { class: String, id: String, entity: String },
    /// Neither.
    Unreadable { problem: String },
}

impl Letter {
    /// What SQS brought; `None` if it cannot be named or deleted.
    pub(super) fn of(brought: &Brought) -> Option<Self> {
        let system = |name: System| brought.attributes().and_then(|attributes| attributes.get(&name));
        let sent_at = system(System::SentTimestamp).and_then(|text| text.parse().ok());
        let reason = brought.message_attributes().and_then(|attributes| attributes.get(REASON_ATTRIBUTE));
        let body = brought.body().unwrap_or_default();
        Some(Self {
            id: told(brought.message_id()?),
            receipt: brought.receipt_handle()?.to_owned(),
            body: body.to_owned(),
            sent_at: sent_at.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
            received: system(System::ApproximateReceiveCount).and_then(|text| text.parse().ok()),
            reason: reason.and_then(|value| value.string_value()).map(told),
            about: About::of(body),
        })
    }

    /// Why it is here.
    pub(super) fn why(&self) -> &str {
        self.reason.as_deref().unwrap_or(NO_REASON)
    }

    /// Whether the worker could do nothing with it.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self.about, About::Unreadable { .. })
    }

    /// The body as it goes onto the queue again: a push forgets since when and how often it was tried.
    pub(super) fn anew(&self) -> String {
        let is_push = matches!(self.about, About::Push { .. });
        match serde_json::from_str(&self.body) {
            Ok(Value::Object(mut members)) if is_push => {
                members.retain(|name, _| !HISTORY.contains(&name.as_str()));
                Value::Object(members).to_string()
            }
            _ => self.body.clone(),
        }
    }
}

impl About {
    fn of(body: &str) -> Self {
        match Message::read(body) {
            Ok(Message::Push(message)) => Self::Push {
                marketplace: message.push.marketplace,
                group: message.push.group,
                class: told(&message.record.class_name),
                id: told(&message.record.id),
            },
            Ok(Message::Change(change)) => {
                let stored = change.stored();
                Self::Change {
                    class: told(&stored.record.class_name),
                    id: told(&stored.record.id),
                    entity: told(&stored.entity),
                }
            }
            // It names a member and what is wrong with it, and repeats no value.
            Err(invalid) => Self::Unreadable { problem: told(invalid.to_string().trim_start()) },
        }
    }

    /// In one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Push { marketplace, group, class, id } => format!("push of {class}/{id} to {group} at {marketplace}"),
            Self::Change { class, id, entity } => format!("change of {class}/{id} ({entity})"),
            Self::Unreadable { problem } => format!("unreadable: {problem}"),
        }
    }
}

/// Harmless, and not endless.
fn told(text: &str) -> String {
    let mut told = printable(text);
    if let Some((at, _)) = told.char_indices().nth(MAX_CHARS) {
        told.truncate(at);
        told.push('…');
    }
    told
}

#[cfg(test)]
pub(super) mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    pub(in crate::queues) const PUSH: &str = r#"{"push": {"marketplace": "acme-hub", "group": "cld-1"},
        "record": {"class_name": "customer", "id": "17"}, "is_linked": true,
        "since": "2030-01-15T10:00:00Z", "attempts": 40}"#;
    pub(in crate::queues) const CHANGE: &str = r#"{"class": "customer", "id": "17", "entity": "organizations",
        "version": 3, "document": {"name": "hush-hush"}}"#;

    pub(in crate::queues) fn letter(id: &str, body: &str, reason: Option<&str>) -> Letter {
        let brought = Brought::builder().message_id(id).receipt_handle("r").body(body);
        let brought = brought.attributes(System::SentTimestamp, "1894701630000");
        let mut brought = brought.attributes(System::ApproximateReceiveCount, "6");
        if let Some(reason) = reason {
            let value = MessageAttributeValue::builder().data_type("String").string_value(reason);
            brought = brought.message_attributes(REASON_ATTRIBUTE, value.build().unwrap());
        }
        Letter::of(&brought.build()).unwrap()
    }

    #[test]
    fn a_push_says_which_record_is_for_whom() {
        let letter = letter("m-1", PUSH, Some("answers with status 422"));
        assert_eq!(letter.about.line(), "push of customer/17 to cld-1 at acme-hub");
        assert_eq!((letter.why(), letter.received), ("answers with status 422", Some(6)));
        assert_eq!(letter.sent_at, "2030-01-15T10:00:30Z".parse().ok());
    }

    #[test]
    fn a_push_that_is_sent_anew_forgets_how_long_it_was_tried() {
        let anew: Value = serde_json::from_str(&letter("m-1", PUSH, None).anew()).unwrap();
        let expected = serde_json::json!({
            "push": {"marketplace": "acme-hub", "group": "cld-1"},
            "record": {"class_name": "customer", "id": "17"},
            "is_linked": true,
        });
        assert_eq!(anew, expected);
        assert!(matches!(Message::read(&anew.to_string()), Ok(Message::Push(push)) if push.attempts == 0));
    }

    #[test]
    fn whatever_is_no_push_is_sent_as_it_was() {
        for body in [CHANGE, "{", r#"{"attempts": 3, "push": 1}"#, ""] {
            assert_eq!(letter("m-1", body, None).anew(), body);
        }
    }

    #[test]
    fn a_change_says_which_record_and_not_what_it_holds() {
        let about = letter("m-1", CHANGE, None).about;
        assert_eq!(about.line(), "change of customer/17 (organizations)");
        assert!(!serde_json::to_string(&about).unwrap().contains("hush"));
    }

    #[test]
    fn what_cannot_be_read_says_what_is_wrong_and_repeats_no_value() {
        for (body, problem) in [
            ("hush-hush", "is not JSON"),
            (r#"{"class": "hush-hush"}"#, "id is missing"),
            (r#"{"push": "hush-hush"}"#, "push is no push of ours"),
        ] {
            let letter = letter("m-1", body, None);
            assert!(letter.is_unreadable() && letter.why() == NO_REASON);
            assert_eq!(letter.about.line(), format!("unreadable: {problem}"));
        }
    }

    #[test]
    fn text_of_others_is_harmless_and_has_an_end() {
        let body = PUSH.replace("\"17\"", r#""\u001b[2J\u202e17""#);
        let letter = letter("m\u{9b}1", &body, Some(&format!("\u{1b}]0;x\u{7}{}", "x".repeat(10_000))));
        assert_eq!(letter.about.line(), "push of customer/\u{fffd}[2J\u{fffd}17 to cld-1 at acme-hub");
        assert_eq!((letter.id.as_str(), letter.why().chars().count()), ("m\u{fffd}1", MAX_CHARS + 1));
        assert!(letter.why().starts_with("\u{fffd}]0;x\u{fffd}x") && letter.why().ends_with("x…"));
    }

    #[test]
    fn without_a_receipt_there_is_no_letter() {
        assert!(Letter::of(&Brought::builder().message_id("m-1").build()).is_none());
        assert!(Letter::of(&Brought::builder().receipt_handle("r").build()).is_none());
    }
}
