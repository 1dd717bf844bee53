#![doc = include_str!("../README.md")]

mod app;
mod removal;
mod report;
mod settings;

use std::time::{Duration, Instant};

pub use app::App;
pub use report::{Report, metrics};
pub use settings::Settings;
use shared::{configuration::NotConfigured, store::StoreError, telemetry::causes};

/// How long a run may take before it leaves the rest to the next: one question to a marketplace then still fits.
const TIME_LIMIT: Duration = Duration::from_secs(12);

/// The run could not even begin. What is listed stays listed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Without the marketplaces nothing can be confirmed.
    #[error(transparent)]
    NotConfigured(#[from] NotConfigured),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes every removal that is due as far as it goes. One that fails does not stop the others: it is tried again with the next run.
///
/// # Errors
/// [`Error`]
pub async fn handle(app: &App) -> Result<Report, Error> {
    let deadline = Instant::now() + TIME_LIMIT;
    let directory = app.configuration.current(app.now()).await?;
    let mut report = Report::default();
    for mut removal in app.accounts.removals().await? {
        report.open += 1;
        report.oldest_secs = report.oldest_secs.max(app.now().duration_since(removal.cancelled_at).as_secs());
        let is_due = removal.next_at <= app.now() && Instant::now() < deadline;
        let marketplace = directory.known(removal.marketplace.as_str());
        if is_due && let Err(error) = removal::advance(app, &mut removal, marketplace, &mut report, deadline).await {
            report.failed += 1;
            tracing::error!(
                marketplace.key = %removal.marketplace, group.id = %removal.group, causes = causes(&error),
                "a removal could not go on: {error}"
            );
        }
        report.disputed += u32::from(removal.is_disputed);
    }
    tracing::debug!(?report, "removals");
    Ok(report)
}
