//! `cargo run -p local`: starts the stack, says where it is, and ends it on Ctrl-C.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use local::{DEFAULT_MANIFEST, FeedLayer, Options, Ports, Stack, env_file};
use sandbox::{IdpKeys, KeyPair};
use shared::clock::SystemClock;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Runs marketplaces, Stallholder and a vendor's app on this machine, for development and tests.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Port of the start page (default: a free one; so are all others)
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Port of the service
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    service_port: u16,
    /// Port of the demo app
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    app_port: u16,
    /// Port of the sandbox
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    sandbox_port: u16,
    /// Port of the embedded DynamoDB
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    dynamodb_port: u16,
    /// Port of the embedded Secrets Manager
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    secrets_port: u16,
    /// Port of the embedded event bus and queues
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    bus_port: u16,
    /// Where the service is, if it runs elsewhere: `http://localhost:9000` for `cargo lambda watch` (default: in this process)
    #[arg(long, value_name = "URL", conflicts_with = "service_port")]
    service_url: Option<String>,
    /// Write the variables of functions that run elsewhere to this file (`cargo lambda watch --env-file`)
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Keep the tables in this folder (default: in memory)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Send people who have signed in to this address of your own app (default: the demo app)
    #[arg(long, value_name = "URL")]
    post_login_url: Option<String>,
    /// The manifest, JSON or YAML (docs/settings.md); the sandbox's marketplaces need `local: true`, which the default says
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Write where everything is, and this run's test keys, to this file once everything listens
    #[arg(long, value_name = "FILE")]
    describe: Option<PathBuf>,
    /// Private key (PEM) the marketplaces sign with; give it once for all, or once for each
    #[arg(long, value_name = "FILE", requires = "idp_cert")]
    idp_key: Vec<PathBuf>,
    /// Certificate (PEM) of that key
    #[arg(long, value_name = "FILE", requires = "idp_key")]
    idp_cert: Vec<PathBuf>,
}

/// The exit status for a stack that could not be started as asked.
const CANNOT_START: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("local: {reason}");
            ExitCode::from(CANNOT_START)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let options = Options {
        ports: Ports {
            start: arguments.port,
            service: arguments.service_port,
            app: arguments.app_port,
            sandbox: arguments.sandbox_port,
            dynamodb: arguments.dynamodb_port,
            secrets_manager: arguments.secrets_port,
            event_bus: arguments.bus_port,
        },
        service_url: arguments.service_url,
        data: arguments.data,
        idp_keys: idp_keys(&arguments.idp_key, &arguments.idp_cert)?,
        post_login_url: arguments.post_login_url,
        manifest: manifest(arguments.manifest)?,
        clock: Arc::new(SystemClock),
        ..Options::default()
    };
    let stack = Stack::start(options).await.map_err(|error| describe(&error))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_ansi(is_terminal).with_writer(std::io::stderr).with_filter(filter))
        .with(FeedLayer(stack.feed().clone()))
        .init();

    // Whoever reads that all is there may ask for the end at once.
    let stopped = stop_signal().map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    if let Some(file) = &arguments.env_file {
        let written = env_file::write(stack.description(), file);
        written.map_err(|error| format!("cannot write --env-file {}: {error}; choose another file", file.display()))?;
    }
    if let Some(file) = &arguments.describe {
        let written = stack.description().write(file);
        written.map_err(|error| format!("cannot write --describe {}: {error}; choose another file", file.display()))?;
    }
    announce(&stack);
    stopped.await;
    println!("\nStopping.");
    stack.stop().await;
    Ok(())
}

fn announce(stack: &Stack) {
    let description = stack.description();
    println!("Stallholder runs on this machine.\n");
    println!("  start here    {}", description.start.base_url);
    println!("  marketplaces  {}", description.sandbox.base_url);
    println!("  service       {}", description.service.base_url);
    println!("  demo app      {}", description.app.base_url);
    println!("  tables        {}", description.stores.dynamodb_endpoint);
    println!("\nYour own app can call the service with the API key {}", description.service.app_api_key);
    println!("(it is good for this run only). Ctrl-C stops all of it.");
}

fn manifest(file: Option<PathBuf>) -> Result<String, String> {
    let Some(file) = file else { return Ok(DEFAULT_MANIFEST.to_owned()) };
    std::fs::read_to_string(&file).map_err(|error| format!("cannot read --manifest {}: {error}", file.display()))
}

/// The keys given on the command line: none, one pair for all marketplaces, or one for each.
fn idp_keys(keys: &[PathBuf], certificates: &[PathBuf]) -> Result<IdpKeys, String> {
    if keys.len() != certificates.len() {
        return Err(format!("{} --idp-key but {} --idp-cert; give them in pairs", keys.len(), certificates.len()));
    }
    let pairs = keys.iter().zip(certificates).map(|(key, certificate)| key_pair(key, certificate));
    let mut pairs = pairs.collect::<Result<Vec<KeyPair>, _>>()?;
    Ok(match (pairs.len(), pairs.pop()) {
        (_, None) => IdpKeys::Generate,
        (1, Some(pair)) => IdpKeys::Pem { private_key: pair.private_key_pem, certificate: pair.certificate_pem },
        (_, Some(last)) => {
            pairs.push(last);
            IdpKeys::PerMarketplace(pairs)
        }
    })
}

fn key_pair(key: &PathBuf, certificate: &PathBuf) -> Result<KeyPair, String> {
    let read = |file: &PathBuf| {
        std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
    };
    KeyPair::from_pem(&read(key)?, &read(certificate)?)
        .map_err(|error| format!("{} and {}: {error}", key.display(), certificate.display()))
}

/// The error and everything below it, on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without it there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    })
}
