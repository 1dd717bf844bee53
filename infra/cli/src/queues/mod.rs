//! `stallholder queues`: the pushes that failed for good, and the way back to their queue.
//!
//! [`dead_letters`] holds them while they are looked at and lets them go; [`letter`] says what one is about, [`which`] which are
//! meant. None of them tells what a record's document says.

mod dead_letters;
mod letter;
mod list;
mod redrive;
mod which;

use std::time::Duration;

use aws_sdk_sqs::{Client, config::timeout::TimeoutConfig};
use clap::Subcommand;
use shared::{aws, telemetry::causes, web_url};

use self::dead_letters::DeadLetters;
use crate::printable::printable;

/// How long SQS may take to answer: longer than a function would wait, because what it hands out is hidden, whether or not the
/// answer arrives.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The same with everything that the SDK tries again.
const TIMEOUT: Duration = Duration::from_secs(30);
/// More than this SQS does not hand out at a time.
const MAX_LIMIT: i64 = 100_000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the dead letters: the pushes and changes that failed for good
    ///
    /// Each is told with its message id, when it was sent, how often it was received (this time is one of them), why it is here, and
    /// what it is about; never what the record's document says. While it runs nobody else sees the dead letters; then they are
    /// visible again. If it is interrupted, that takes some minutes.
    List(list::Arguments),
    /// Put dead letters on the queue of pushes again, and take them from the dead letters
    ///
    /// A push gets its three days of patience anew. A letter is on the queue before it is taken away, so one may be pushed twice if
    /// this is interrupted, which the worker notices, and none is lost. What is not redriven stays, and is visible again when this
    /// ends. A letter that cannot be read is left alone unless --id names it.
    ///
    /// Ends with 0 if all that was asked for was redriven, with 1 if something failed or nothing matched, with 2 for wrong usage.
    Redrive(redrive::Arguments),
}

/// Where the dead letters are.
#[derive(Debug, clap::Args)]
struct Source {
    /// The queue of pushes that failed for good (the stack's output `PushDeadLettersUrl`)
    #[arg(long, env = "PUSH_DEAD_LETTERS_URL", value_name = "URL", value_parser = queue_url)]
    dead_letters_url: String,
    /// How many dead letters are looked at, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=MAX_LIMIT))]
    limit: u32,
}

impl Source {
    fn connect(&self, client: &Client) -> DeadLetters {
        DeadLetters::new(client.clone(), self.dead_letters_url.clone(), self.limit)
    }
}

/// What was found, or done.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    /// What did not go well, one line each.
    pub(crate) complaints: Vec<String>,
    /// Whether all that was asked for is done.
    pub(crate) is_well: bool,
}

/// Nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueuesError {
    #[error("{0}")]
    Usage(&'static str),
    #[error(
        "the dead letters could not be read ({}): check --dead-letters-url, the region and your AWS credentials",
        told(.0.as_ref())
    )]
    Receive(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the queue brought a message without an id, which SQS never does: check --dead-letters-url")]
    Nameless,
    #[error("the dead letters are not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Outcome, QueuesError> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, &client().await).await,
        Command::Redrive(arguments) => {
            arguments.check()?;
            redrive::run(arguments, &client().await).await
        }
    }
}

async fn client() -> Client {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(TIMEOUT).build();
    let config = aws_sdk_sqs::config::Builder::from(&aws::config().await).timeout_config(timeouts).build();
    Client::from_conf(config)
}

/// The address of a queue; where the request goes is for the region and the endpoint to say.
fn queue_url(text: &str) -> Result<String, &'static str> {
    match web_url::parse_local(text) {
        Some(url) if url.query().is_none() && url.fragment().is_none() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("not the URL of a queue"),
    }
}

/// What an error of the SDK says below its first words, which are always the same.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = causes(error);
    printable(&if causes.is_empty() { error.to_string() } else { causes })
}

/// `1 dead letter`, `2 dead letters`.
fn counted(count: usize) -> String {
    format!("{count} dead letter{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_named_by_its_url() {
        for good in [
            "https://sqs.eu-west-1.amazonaws.com/123456789012/stall-PushDeadLetters-1A2b",
            "http://127.0.0.1:4000/000000000000/dead",
        ] {
            assert_eq!(queue_url(good).as_deref(), Ok(good));
        }
        for bad in ["", "dead", "https://user:hush@sqs.example/1/dead", "https://sqs.example/1/dead?x", "\u{1b}[2J"] {
            assert!(queue_url(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_an_error_says_is_made_harmless() {
        #[derive(Debug, thiserror::Error)]
        #[error("service error")]
        struct Outer(#[source] std::io::Error);
        assert_eq!(told(&Outer(std::io::Error::other("no \u{1b}[2Jqueue"))), "no \u{fffd}[2Jqueue");
        assert_eq!(told(&std::io::Error::other("alone")), "alone");
    }
}
