//! `stallholder`: what an operator asks a deployment. It reads with the operator's own AWS credentials, and changes nothing, except
//! where dead letters are redriven.

mod doctor;
mod printable;
mod queues;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Ask a Stallholder deployment what happened, and whether all is well
#[derive(Parser)]
#[command(name = "stallholder", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the configuration of all marketplaces, and say what to change where
    Doctor(doctor::Arguments),
    /// List the pushes that failed for good, and put them on their queue again
    Queues(queues::Arguments),
    /// Show what became of an attempt to sign in
    Trace(trace::Arguments),
}

/// Nothing was found, or the table or queue could not be read; or something has to be changed, or was not done.
const FAILED: u8 = 1;
/// As clap has it.
const WRONG_USAGE: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Doctor(arguments) => match doctor::run(&arguments).await {
            Ok(outcome) => {
                println!("{}", outcome.text);
                if outcome.is_well { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
            }
            Err(error @ doctor::DoctorError::Usage(_)) => failed(&error, WRONG_USAGE),
            Err(error) => failed(&error, FAILED),
        },
        Command::Queues(arguments) => match queues::run(&arguments).await {
            Ok(outcome) => {
                println!("{}", outcome.text);
                outcome.complaints.iter().for_each(|complaint| eprintln!("stallholder: {complaint}"));
                if outcome.is_well { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
            }
            Err(error @ queues::QueuesError::Usage(_)) => failed(&error, WRONG_USAGE),
            Err(error) => failed(&error, FAILED),
        },
        Command::Trace(arguments) => match trace::run(&arguments).await {
            Ok(text) => {
                println!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => failed(&error, FAILED),
        },
    }
}

fn failed(error: &dyn std::error::Error, code: u8) -> ExitCode {
    eprintln!("stallholder: {error}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
