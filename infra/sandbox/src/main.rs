//! Runs the sandbox until Ctrl-C or SIGTERM.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use sandbox::{Sandbox, StartError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::{Arguments, UsageError};

#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("port {port} is taken or not allowed ({source}); choose another with --port, or leave it out")]
    Port { port: u16, source: std::io::Error },
    #[error("{}", chain(.0))]
    Start(#[from] StartError),
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), RunError> {
    let port = arguments.port;
    let options = arguments.into_options()?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|source| RunError::Port { port, source })?;
    let shutdown = CancellationToken::new();
    let sandbox = Sandbox::start(listener, options, shutdown.clone()).await?;
    announce(&sandbox);
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    shutdown.cancel();
    sandbox.stopped().await;
    Ok(())
}

/// The credentials are worth printing: they open nothing but this box.
fn announce(sandbox: &Sandbox) {
    let environment = sandbox.environment();
    println!("Launcher       {}/", sandbox.base_url());
    println!("Control API    {}", sandbox.control_url());
    println!("Configuration  {}/api/config/v1/marketplaces", sandbox.base_url());
    println!("  key          {}", environment.key);
    println!("  secret       {}", environment.secret);
    for marketplace in sandbox.marketplaces() {
        println!("{:<14} {}", marketplace.key, marketplace.host);
        println!("  login at     {}", marketplace.initialize_url);
    }
}

/// An error and what caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
