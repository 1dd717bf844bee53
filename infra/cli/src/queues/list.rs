//! `stallholder queues list`.

use std::fmt::Write as _;

use aws_sdk_sqs::Client;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Outcome, QueuesError, Source, counted,
    dead_letters::Held,
    letter::{About, Letter},
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// One letter in JSON.
#[derive(Serialize)]
struct Listed<'l> {
    message_id: &'l str,
    sent_at: Option<Timestamp>,
    received: Option<u32>,
    /// Null if SQS itself moved it here.
    reason: Option<&'l str>,
    #[serde(flatten)]
    about: &'l About,
}

pub(super) async fn run(arguments: &Arguments, client: &Client) -> Result<Outcome, QueuesError> {
    let dead_letters = arguments.source.connect(client);
    let held = dead_letters.hold().await?;
    let let_go = dead_letters.let_go(&held.letters).await;
    let text = if arguments.json { json(&held)? } else { readable(&held) };
    let complaints: Vec<String> = let_go.err().iter().map(ToString::to_string).collect();
    Ok(Outcome { text, is_well: complaints.is_empty(), complaints })
}

fn json(held: &Held) -> Result<String, serde_json::Error> {
    let listed = held.letters.iter().map(|letter| Listed {
        message_id: &letter.id,
        sent_at: letter.sent_at,
        received: letter.received,
        reason: letter.reason.as_deref(),
        about: &letter.about,
    });
    serde_json::to_string_pretty(&listed.collect::<Vec<_>>())
}

/// A block for each, and how many there are.
fn readable(held: &Held) -> String {
    let mut text: String = held.letters.iter().map(|letter| block(letter) + "\n").collect();
    text.push_str(&counted(held.letters.len()));
    if held.is_cut {
        text.push_str("; there may be more than --limit allows");
    }
    text
}

/// One line for each thing that is known.
fn block(letter: &Letter) -> String {
    let sent_at = letter.sent_at.map(|at| at.to_string());
    let received = letter.received.map(|times| if times == 1 { "once".to_owned() } else { format!("{times} times") });
    let mut lines = vec![("sent", sent_at.as_deref()), ("received", received.as_deref())];
    lines.push(("reason", Some(letter.why())));
    match &letter.about {
        About::Push { marketplace, group, class, id } => {
            lines.extend([("kind", Some("push")), ("marketplace", Some(marketplace.as_str()))]);
            lines.extend(
                [("group", group.as_str()), ("class", class), ("id", id)].map(|(name, text)| (name, Some(text))),
            );
        }
        About::Change { class, id, entity } => {
            lines.extend([
                ("kind", Some("change")),
                ("class", Some(class)),
                ("id", Some(id)),
                ("entity", Some(entity)),
            ]);
        }
        About::Unreadable { problem } => lines.extend([("kind", Some("unreadable")), ("problem", Some(problem))]),
    }
    let mut text = format!("{}\n", letter.id);
    for (name, value) in lines.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  {name:<12} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::letter::tests::{CHANGE, PUSH, letter},
        *,
    };

    fn held() -> Held {
        let letters = vec![
            letter("m-1", PUSH, Some("answers with status 422")),
            letter("m-2", CHANGE, None),
            letter("m-3", "hush-hush", None),
        ];
        Held { letters, is_cut: false }
    }

    #[test]
    fn there_is_a_block_for_each_and_the_count_comes_last() {
        let text = readable(&held());
        let push = "m-1\n  sent         2030-01-15T10:00:30Z\n  received     6 times\n  reason       answers with status 422\n  \
                    kind         push\n  marketplace  acme-hub\n  group        cld-1\n  class        customer\n  id           17\n\n";
        assert!(text.starts_with(push), "{text}");
        assert!(
            text.contains("  kind         change\n  class        customer\n  id           17\n  entity       organ"),
            "{text}"
        );
        assert!(text.contains("  reason       none given: it was brought five times without an end\n"), "{text}");
        assert!(text.contains("  kind         unreadable\n  problem      is not JSON\n"), "{text}");
        assert!(text.ends_with("\n\n3 dead letters") && !text.contains("hush"), "{text}");
    }

    #[test]
    fn that_there_may_be_more_is_said() {
        let cut = Held { letters: vec![letter("m-1", PUSH, None)], is_cut: true };
        assert!(readable(&cut).ends_with("\n1 dead letter; there may be more than --limit allows"));
        assert_eq!(readable(&Held::default()), "0 dead letters");
    }

    #[test]
    fn json_has_the_same_in_one_array() {
        let listed: Value = serde_json::from_str(&json(&held()).unwrap()).unwrap();
        let push = json!({
            "message_id": "m-1", "sent_at": "2030-01-15T10:00:30Z", "received": 6, "reason": "answers with status 422",
            "kind": "push", "marketplace": "acme-hub", "group": "cld-1", "class": "customer", "id": "17",
        });
        assert_eq!(listed[0], push);
        assert_eq!((&listed[1]["reason"], &listed[1]["entity"]), (&Value::Null, &"organizations".into()));
        assert_eq!((&listed[2]["kind"], &listed[2]["problem"]), (&"unreadable".into(), &"is not JSON".into()));
        assert!(!listed.to_string().contains("hush"));
        assert_eq!(json(&Held::default()).unwrap(), "[]");
    }
}
