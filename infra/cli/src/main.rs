//! `stallholder`: what an operator asks a deployment. It reads the tables with the operator's own AWS credentials.

mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Ask a Stallholder deployment what happened
#[derive(Parser)]
#[command(name = "stallholder", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what became of an attempt to sign in
    Trace(trace::Arguments),
}

/// Nothing was found, or the table could not be read.
const FAILED: u8 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Trace(arguments) => trace::run(&arguments).await,
    };
    match outcome {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("stallholder: {error}");
            ExitCode::from(FAILED)
        }
    }
}
