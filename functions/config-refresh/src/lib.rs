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

/// What an operator should know.
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use shared::{configuration::Quarantined, testing::logged};

    use super::*;

    fn report() -> Report {
        let source = SourceReport { last_good: Some(Timestamp::UNIX_EPOCH), failure: None };
        Report {
            version: 3,
            changed: false,
            marketplaces: vec!["acme-hub".to_owned()],
            removed: Vec::new(),
            quarantined: Vec::new(),
            platform: source.clone(),
            manifest: source,
        }
    }

    #[test]
    fn a_source_that_fails_is_told_with_the_time_it_was_last_good() {
        let mut report = report();
        report.platform.failure = Some("developer platform answered with status 503".to_owned());
        let [line] = &logged(|| log(&report))[..] else { panic!("not one line") };
        assert_eq!((&line["level"], &line["source"]), (&json!("ERROR"), &json!("developer platform")));
        assert_eq!(line["last_good"], "1970-01-01T00:00:00Z");
        let message = "what it last said goes on being served: developer platform answered with status 503";
        assert_eq!(line["message"], message);
    }

    #[test]
    fn a_marketplace_that_is_set_aside_is_told_with_its_reason() {
        let mut report = report();
        report.quarantined.push(Quarantined {
            marketplace: "northbank".to_owned(),
            reason: "api.key is missing".to_owned(),
            served_as_of_before_since: Some(Timestamp::UNIX_EPOCH),
        });
        report.removed.push("old-hub".to_owned());
        let [aside, removed] = &logged(|| log(&report))[..] else { panic!("not two lines") };
        assert_eq!((&aside["level"], &aside["marketplace.key"]), (&json!("ERROR"), &json!("northbank")));
        assert_eq!(aside["message"], "set aside: api.key is missing");
        assert_eq!(aside["served_as_of_before_since"], "1970-01-01T00:00:00Z");
        assert_eq!((&removed["level"], &removed["marketplace.key"]), (&json!("WARN"), &json!("old-hub")));
    }

    #[test]
    fn while_all_is_well_only_changes_are_told() {
        assert!(logged(|| log(&report())).iter().all(|line| line["level"] == "DEBUG"));
        let changed = logged(|| log(&Report { changed: true, ..report() }));
        assert_eq!((&changed[0]["message"], &changed[0]["version"]), (&json!("configuration changed"), &json!(3)));
    }
}
