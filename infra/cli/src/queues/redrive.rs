//! `stallholder queues redrive`.

use std::fmt::Write as _;

use aws_sdk_sqs::Client;

use super::{
    Outcome, QueuesError, Source, counted,
    dead_letters::{DeadLetters, Held},
    letter::Letter,
    told,
    which::{Verdict, Which},
};
use crate::printable::printable;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The queue of pushes (the stack's output `PushQueueUrl`)
    #[arg(long, env = "PUSH_QUEUE_URL", value_name = "URL", value_parser = super::queue_url)]
    queue_url: String,
    #[command(flatten)]
    which: Which,
    /// Say which would be redriven, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// A letter is still among the dead letters.
#[derive(Debug, thiserror::Error)]
enum NotRedriven {
    #[error("it could not be put on the queue, and stays ({0}): check --queue-url")]
    Send(String),
    #[error("it is on the queue, but could not be taken from the dead letters ({0}): it may be pushed twice")]
    Delete(String),
}

impl Arguments {
    /// What clap cannot see.
    pub(super) fn check(&self) -> Result<(), QueuesError> {
        if self.queue_url == self.source.dead_letters_url {
            return Err(QueuesError::Usage("--queue-url and --dead-letters-url are the same queue"));
        }
        Ok(())
    }
}

pub(super) async fn run(arguments: &Arguments, client: &Client) -> Result<Outcome, QueuesError> {
    let dead_letters = arguments.source.connect(client);
    let held = dead_letters.hold().await?;
    let verdicts = held.letters.iter().map(|letter| (letter, arguments.which.verdict(letter)));
    let (meant, others): (Vec<_>, Vec<_>) = verdicts.partition(|(_, verdict)| *verdict == Verdict::Meant);
    let unreadable = others.iter().filter(|(_, verdict)| *verdict == Verdict::Unreadable).count();
    let mut stay: Vec<&Letter> = others.iter().map(|(letter, _)| *letter).collect();

    let (mut text, mut complaints, mut redriven) = (String::new(), Vec::new(), 0);
    for &(letter, _) in &meant {
        if !arguments.dry_run
            && let Err(error) = redrive(letter, client, &arguments.queue_url, &dead_letters).await
        {
            complaints.push(format!("{}: {error}", letter.id));
            stay.push(letter);
            continue;
        }
        if arguments.dry_run {
            stay.push(letter);
        }
        redriven += 1;
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}  {}", letter.id, letter.about.line());
    }
    text.push_str(&summary(arguments.dry_run, redriven, &held, unreadable));
    let missing = arguments.which.missing(&held.letters);
    complaints.extend(missing.map(|id| format!("none of the dead letters is {}", printable(id))));
    if meant.is_empty() && complaints.is_empty() {
        complaints.push("no dead letter matched".to_owned());
    }
    complaints.extend(dead_letters.let_go(stay).await.err().iter().map(ToString::to_string));
    Ok(Outcome { text, is_well: complaints.is_empty(), complaints })
}

/// First onto the queue, then away: in between there are two, and never none.
async fn redrive(letter: &Letter, client: &Client, url: &str, dead_letters: &DeadLetters) -> Result<(), NotRedriven> {
    let request = client.send_message().queue_url(url).message_body(letter.anew());
    request.send().await.map_err(|error| NotRedriven::Send(told(&error)))?;
    dead_letters.delete(letter).await.map_err(NotRedriven::Delete)
}

fn summary(is_dry_run: bool, redriven: usize, held: &Held, unreadable: usize) -> String {
    let done = if is_dry_run { "would redrive" } else { "redriven" };
    let mut text = format!("{done} {redriven} of {}", held.letters.len());
    if unreadable > 0 {
        let _ = write!(text, "; {} cannot be read, and only --id redrives such", counted(unreadable));
    }
    if held.is_cut {
        text.push_str("; there may be more than --limit allows");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::letter::tests::letter, *};

    #[test]
    fn the_summary_says_what_was_left_out_and_why() {
        let mut held = Held { letters: vec![letter("m-1", "{", None), letter("m-2", "{", None)], is_cut: false };
        assert_eq!(summary(false, 2, &held, 0), "redriven 2 of 2");
        assert_eq!(
            summary(true, 1, &held, 1),
            "would redrive 1 of 2; 1 dead letter cannot be read, and only --id redrives such"
        );
        held.is_cut = true;
        assert_eq!(summary(false, 2, &held, 0), "redriven 2 of 2; there may be more than --limit allows");
    }
}
