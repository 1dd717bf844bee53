//! `stallholder doctor`: whether a vendor's configuration will do, from end to end, and what to change where.
//!
//! [`readings`] and [`calls`] ask; everything that decides is a pure function of what they brought.

mod calls;
mod certificates;
mod clock;
mod everything;
mod finding;
mod marketplace;
mod picture;
mod readings;
mod report;
mod service;
mod settings;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;

use clap::builder::NonEmptyStringValueParser;
use futures::{StreamExt as _, stream};
use shared::{
    clock::{Clock as _, SystemClock},
    env::{EnvError, Variables},
    http_client,
    marketplace::PlatformUrl,
    web_url,
};

use self::{calls::Calls, finding::Block, picture::Picture, readings::Readings, report::Report};

/// How many marketplaces are asked at the same time.
const AT_ONCE: usize = 8;
/// What is not about one marketplace.
const EVERYTHING: &str = "everything";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The accounts table (the stack's output `AccountsTableName`)
    #[arg(long, env = "ACCOUNTS_TABLE", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    table: String,
    /// The secret that the stored configuration is sealed with
    #[arg(long, env = "APPLICATION_SECRET_ID", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    application_secret: String,
    /// The secret with the developer platform's environment key and secret
    #[arg(long, env = "DEVELOPER_PLATFORM_SECRET_ID", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    platform_secret: String,
    /// The secret with the manifest
    #[arg(long, env = "MANIFEST_SECRET_ID", value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    manifest_secret: String,
    /// The deployed service (the stack's output `ServiceUrl`), to see whether it answers, too
    #[arg(long, value_name = "URL", value_parser = service_url)]
    service_url: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// What was found.
pub(crate) struct Outcome {
    pub(crate) text: String,
    /// Whether nothing has to be changed.
    pub(crate) is_well: bool,
}

/// Nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoctorError {
    #[error(transparent)]
    Usage(#[from] EnvError),
    #[error("no HTTP client can be made: {0}")]
    Client(#[source] reqwest::Error),
    #[error("the findings are not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Outcome, DoctorError> {
    let platform_url = PlatformUrl::read(&Variables::of_process())?;
    let client = http_client::new(calls::TIMEOUT).map_err(DoctorError::Client)?;
    let (readings, health) =
        tokio::join!(Readings::take(arguments, &platform_url), service::health(&client, arguments));
    let now = SystemClock.now();
    let picture = Picture::of(&readings, now);

    let mut lines = everything::lines(arguments, &platform_url, &readings, &picture, now);
    lines.extend(health.as_ref().map(service::health_line));
    let service_url = arguments.service_url.as_deref().filter(|_| health.is_some_and(|health| health.is_ok()));
    let calls: BTreeMap<String, Calls> = stream::iter(picture.served())
        .map(async |marketplace| (marketplace.key.to_string(), Calls::make(&client, marketplace, service_url).await))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let mut blocks = vec![Block { subject: EVERYTHING.to_owned(), lines }];
    blocks.extend(picture.subjects.keys().map(|key| {
        let lines = marketplace::lines(key, &picture, arguments, calls.get(key), now);
        Block { subject: key.clone(), lines }
    }));
    let report = Report(blocks);
    let text = if arguments.json { report.json()? } else { report.to_string() };
    Ok(Outcome { text, is_well: report.is_well() })
}

/// An address that the paths of the service are appended to.
fn service_url(text: &str) -> Result<String, &'static str> {
    match web_url::parse(text) {
        Some(url) if url.query().is_none() && url.fragment().is_none() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("not a plain https URL (http is for this machine only)"),
    }
}
