#![doc = include_str!("../README.md")]

mod app;
mod metrics;
mod settings;

pub use app::{App, Parts, StartError};
pub use metrics::metrics;
pub use settings::Settings;
use shared::{
    configuration::{self, RefreshError, Report, SourceReport},
    rotating::SecretLost,
    store::PutConfigurationError,
};

/// The refresh itself could not be done; what was served goes on being served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The application secret.
    #[error(transparent)]
    Secret(#[from] SecretLost),
    /// The table.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
}

/// Refreshes the configuration once and logs what came of it. Where another refresh was quicker it looks again, at what that one left.
///
/// # Errors
/// [`Error`]: nothing was changed. A source that cannot be used is no error: the report says so.
pub async fn handle(app: &App) -> Result<Report, Error> {
    let report = match refresh(app).await {
        Err(Error::Refresh(RefreshError::Put(PutConfigurationError::Conflict))) => refresh(app).await?,
        outcome => outcome?,
    };
    log(&report);
    Ok(report)
}

async fn refresh(app: &App) -> Result<Report, Error> {
    let keys = app.keys.current(app.now()).await?;
    let sources = app.sources().await;
    Ok(configuration::refresh(&app.accounts, &keys, sources, app.now()).await?)
}

fn log(report: &Report) {
    for (source, SourceReport { last_good, failure }) in
        [("developer platform", &report.platform), ("manifest", &report.manifest)]
    {
        if let Some(failure) = failure {
            let last_good = last_good.map(tracing::field::display);
            tracing::error!(source, last_good, "what it last said goes on being served: {failure}");
        }
    }
    for one in &report.quarantined {
        let since = one.served_as_of_before_since.map(tracing::field::display);
        tracing::error!(
            marketplace.key = one.marketplace,
            served_as_of_before_since = since,
            "set aside: {}",
            one.reason
        );
    }
    for key in &report.removed {
        tracing::warn!(marketplace.key = key, "no longer served");
    }
    if report.changed {
        tracing::info!(version = report.version, marketplaces = report.marketplaces.len(), "configuration changed");
    } else {
        tracing::debug!(version = report.version, "configuration unchanged");
    }
}
