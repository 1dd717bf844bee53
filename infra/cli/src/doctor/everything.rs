//! What is not about one marketplace: secrets, sources, and what is stored.

use jiff::{SignedDuration, Timestamp};
use shared::{
    configuration::{Head, Unavailable},
    marketplace::{DocumentError, PlatformError, PlatformUrl},
    secrets::SecretsError,
    store::StoreError,
    telemetry::causes,
};

use super::{
    Arguments, clock,
    finding::Line,
    picture::Picture,
    readings::{IsChanging, KeyProblem, Readings, Stored},
};

/// How far the platform's clock may be from ours.
const MAX_LEAD: SignedDuration = SignedDuration::from_secs(60);
/// How long ago config-refresh, which runs every minute, may have read a source.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// All of it.
pub(super) fn lines(
    arguments: &Arguments,
    platform_url: &PlatformUrl,
    readings: &Readings,
    picture: &Picture,
    now: Timestamp,
) -> Vec<Line> {
    let mut lines = application(&readings.application, &arguments.application_secret);
    lines.push(match &readings.sources.platform {
        Ok(document) => {
            let entries = document.entries.len() + document.refused.len();
            Line::ok(format!(
                "the developer platform answers ({}); it names {entries} marketplaces",
                platform_url.as_str()
            ))
        }
        Err(problem) => platform_problem(problem, platform_url, &arguments.platform_secret),
    });
    lines.extend(readings.platform_lead.map(platform_clock));
    lines.push(match &readings.sources.manifest {
        Ok(manifest) => {
            let entries = manifest.marketplaces.len();
            Line::ok(format!(
                "the manifest can be read (secret {}); it names {entries} marketplaces",
                arguments.manifest_secret
            ))
        }
        Err(problem) => manifest_problem(problem, &arguments.manifest_secret),
    });
    lines.extend(stored(&readings.stored, arguments, now));
    lines.extend(difference(picture));
    lines
}

fn application(keys: &Result<IsChanging, KeyProblem>, id: &str) -> Vec<Line> {
    match keys {
        Ok(false) => vec![Line::ok(format!("the application secret can be used (secret {id})"))],
        Ok(true) => vec![
            Line::ok(format!("the application secret can be used (secret {id})")),
            Line::note(format!(
                "the secret {id} has a `previous` key: take it out when the change is over (docs/settings.md, Changing \
                 the application secret)"
            )),
        ],
        Err(KeyProblem::Secret(error)) => {
            vec![secret_problem(error, "--application-secret", "{\"key\": \"…\"}, perhaps with a `previous`")]
        }
        Err(KeyProblem::Unusable(error)) => {
            vec![Line::fix(format!("{error}: put a random one of 32 bytes or more into the secret {id}"))]
        }
    }
}

fn secret_problem(error: &SecretsError, option: &str, shape: &str) -> Line {
    Line::fix(match error {
        SecretsError::Request { .. } => format!(
            "{error} ({}): check {option}, the region, and that your AWS credentials may read it",
            causes(error)
        ),
        SecretsError::Malformed { .. } => format!("{error}: put {shape} into it"),
    })
}

fn platform_problem(problem: &Unavailable, url: &PlatformUrl, secret: &str) -> Line {
    let url = url.as_str();
    let served = "what was served goes on being served meanwhile";
    Line::fix(match problem {
        Unavailable::Secret(error) => {
            return secret_problem(error, "--platform-secret", "{\"key\": \"…\", \"secret\": \"…\"}");
        }
        Unavailable::NothingLeft => format!(
            "{problem}, though it did: see the app's environment there; whoever really wants to serve none disables each \
             in the manifest; {served}"
        ),
        Unavailable::Platform(error) => match error {
            PlatformError::Unauthorized => format!(
                "{error}: put those of your app's environment, as the platform shows them, into the secret {secret}, as \
                 {{\"key\": \"…\", \"secret\": \"…\"}}; {served}"
            ),
            PlatformError::Transport(_) => format!(
                "{error} at {url} ({}): check MNO_DEVPL_HOST, here and in the deployment, or ask Maestrano; {served}",
                causes(error)
            ),
            PlatformError::Status(300..=399) => format!(
                "{error}, which leads elsewhere and is not followed, at {url}: set MNO_DEVPL_HOST and MNO_DEVPL_API_PATH, \
                 here and in the deployment, to where it is now; {served}"
            ),
            PlatformError::Status(400..=499) => format!(
                "{error} at {url}: check MNO_DEVPL_HOST and MNO_DEVPL_API_PATH, here and in the deployment; {served}"
            ),
            PlatformError::Status(_) => {
                format!("{error} at {url}: try again, and ask Maestrano if it stays so; {served}")
            }
            PlatformError::Url => format!("{error}: correct MNO_DEVPL_HOST and MNO_DEVPL_API_PATH; {served}"),
            PlatformError::TooLarge => {
                format!(
                    "{error} ({url}): remove marketplaces that you do not serve from the app's environment; {served}"
                )
            }
            PlatformError::Document(DocumentError::Reported) => {
                format!("{error} ({url}): see there whether the app's environment is set up; {served}")
            }
            PlatformError::Document(DocumentError::Malformed { .. } | DocumentError::NoMarketplaces) => format!(
                "{error} ({url}): check that MNO_DEVPL_HOST and MNO_DEVPL_API_PATH lead to the developer platform, and \
                 ask Maestrano if they do; {served}"
            ),
        },
        Unavailable::Manifest(_) => format!("{problem}; {served}"),
    })
}

fn manifest_problem(problem: &Unavailable, secret: &str) -> Line {
    match problem {
        Unavailable::Secret(error) => secret_problem(error, "--manifest-secret", "a manifest"),
        problem => Line::fix(format!(
            "{problem}: correct it in the secret {secret} (docs/manifest.schema.json says what may stand there); what it \
             last said goes on meanwhile"
        )),
    }
}

fn platform_clock(lead: SignedDuration) -> Line {
    match clock::excess(lead, MAX_LEAD) {
        None => Line::ok("its clock is right, by this machine's"),
        Some(excess) => Line::warn(format!(
            "its clock is {excess}: see first whether this machine's is right, and tell Maestrano if it is"
        )),
    }
}

fn stored(stored: &Stored, arguments: &Arguments, now: Timestamp) -> Vec<Line> {
    let Arguments { table, application_secret, .. } = arguments;
    let runs = "it runs every minute, and its log says what is in its way";
    match stored {
        Stored::Unreadable(error @ StoreError::Torn) => {
            vec![Line::fix(format!("the stored configuration cannot be read: {error}; try again"))]
        }
        Stored::Unreadable(error) => vec![Line::fix(format!(
            "the stored configuration cannot be read: {error} ({}): check --table ({table}), the region, and that your AWS \
             credentials may read it",
            causes(error)
        ))],
        Stored::Missing => vec![Line::fix(format!(
            "no configuration is stored in {table}, so nobody can sign in: see that config-refresh runs; {runs}"
        ))],
        Stored::Sealed => vec![Line::note("a configuration is stored; it cannot be judged without the secret")],
        Stored::Closed(_) => vec![Line::fix(format!(
            "the stored configuration was not sealed with the secret {application_secret}: check --application-secret; if \
             it is the right one and was replaced at once, config-refresh stores a new configuration; {runs}"
        ))],
        Stored::Opened(head, _) => ages(head, now, runs),
    }
}

/// How long ago config-refresh could use each source.
fn ages(head: &Head, now: Timestamp, runs: &str) -> Vec<Line> {
    let Head { version, platform_at, manifest_at, .. } = head;
    let mut lines = vec![Line::ok(format!("version {version} of the configuration is stored and can be opened"))];
    lines.extend([("developer platform", platform_at), ("manifest", manifest_at)].map(|(source, at)| {
        let Some(at) = at else {
            return Line::warn(format!(
                "config-refresh never could use the {source}: see what is said of it here, and config-refresh's log"
            ));
        };
        let age = SignedDuration::from_secs(now.duration_since(*at).as_secs().max(0));
        if age > MAX_AGE {
            Line::warn(format!("config-refresh last used the {source} {age:#} ago: see that it runs; {runs}"))
        } else {
            Line::ok(format!("config-refresh used the {source} {age:#} ago"))
        }
    }));
    lines
}

/// Whether what is stored is what would be stored now.
fn difference(picture: &Picture) -> Option<Line> {
    let other: Vec<&str> =
        picture.subjects.iter().filter(|(_, one)| !one.is_current).map(|(key, _)| key.as_str()).collect();
    match other.as_slice() {
        _ if !picture.stored_is_known => None,
        [] if picture.sources_are_known => {
            let set_aside = picture.subjects.values().any(|one| one.problem.is_some());
            let but = if set_aside { ", but for what cannot be used" } else { "" };
            Some(Line::ok(format!("what is served is what the sources say now{but}")))
        }
        [] => None,
        other => Some(Line::warn(format!(
            "the sources say something else now than what is served: {}; within a minute it is served, or else see \
             config-refresh's log",
            other.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shared::{
        configuration::{Snapshot, Sources},
        marketplace::{Manifest, ManifestError, PlatformDocument},
        sealed::SealerError,
    };

    use super::*;
    use crate::doctor::{
        finding::Level,
        picture::Subject,
        testing::{arguments, assert_one},
    };

    fn now() -> Timestamp {
        "2030-01-15T10:00:30Z".parse().unwrap()
    }

    fn url() -> PlatformUrl {
        PlatformUrl::new("https://platform.test", "/api").unwrap()
    }

    fn opened(platform_at: Option<&str>) -> Stored {
        let head = Head {
            version: 7,
            parts: 1,
            platform_at: platform_at.map(|at| at.parse().unwrap()),
            manifest_at: Some(now()),
        };
        Stored::Opened(head, Snapshot::default())
    }

    fn readings(break_it: impl FnOnce(&mut Readings)) -> Vec<Line> {
        let mut readings = Readings {
            application: Ok(false),
            sources: Sources { platform: Ok(PlatformDocument::default()), manifest: Ok(Manifest::default()) },
            platform_lead: Some(SignedDuration::ZERO),
            stored: opened(Some("2030-01-15T10:00:00Z")),
        };
        break_it(&mut readings);
        let picture = Picture::of(&readings, now());
        lines(&arguments(), &url(), &readings, &picture, now())
    }

    #[test]
    fn where_nothing_is_wrong_everything_is_ok() {
        let lines = readings(|_| {});
        assert!(lines.iter().all(|line| line.level == Level::Ok), "{lines:?}");
        assert_one(&lines, Level::Ok, "config-refresh used the developer platform 30s ago");
    }

    #[test]
    fn every_failure_of_the_platform_says_what_to_change() {
        let malformed = |id: &str| SecretsError::Malformed { id: id.to_owned() };
        for (problem, what) in [
            (Unavailable::from(PlatformError::Unauthorized), "into the secret platform-secret"),
            (PlatformError::Status(302).into(), "to where it is now"),
            (PlatformError::Status(404).into(), "check MNO_DEVPL_HOST and MNO_DEVPL_API_PATH"),
            (PlatformError::Status(503).into(), "try again"),
            (PlatformError::Url.into(), "correct MNO_DEVPL_HOST"),
            (PlatformError::TooLarge.into(), "remove marketplaces"),
            (PlatformError::Document(DocumentError::Reported).into(), "whether the app's environment is set up"),
            (PlatformError::Document(DocumentError::NoMarketplaces).into(), "lead to the developer platform"),
            (malformed("platform-secret").into(), "put {\"key\": \"…\", \"secret\": \"…\"} into it"),
            (Unavailable::NothingLeft, "disables each in the manifest"),
        ] {
            let said = problem.to_string();
            let lines = readings(|readings| readings.sources.platform = Err(problem));
            let line = assert_one(&lines, Level::Fix, what);
            assert!(line.starts_with(&said), "{line}");
        }
    }

    #[test]
    fn a_manifest_or_a_secret_that_cannot_be_used_is_named() {
        let lines = readings(|readings| readings.sources.manifest = Err(ManifestError::Shape.into()));
        assert_one(&lines, Level::Fix, "correct it in the secret manifest-secret");
        let lines = readings(|readings| readings.application = Err(SealerError::SecretTooShort.into()));
        assert_one(&lines, Level::Fix, "32 bytes or more into the secret application-secret");
        let malformed = SecretsError::Malformed { id: "application-secret".to_owned() };
        let lines = readings(|readings| readings.application = Err(malformed.into()));
        assert_one(&lines, Level::Fix, "secret application-secret is not the JSON object it should be");
        assert_one(&readings(|readings| readings.application = Ok(true)), Level::Note, "has a `previous` key");
    }

    #[test]
    fn a_clock_that_is_wrong_is_looked_at() {
        let lines = readings(|readings| readings.platform_lead = Some(SignedDuration::from_secs(-61)));
        assert_one(&lines, Level::Warn, "its clock is 1m 1s behind this machine's");
        let lines = readings(|readings| readings.platform_lead = None);
        assert!(!lines.iter().any(|line| line.message.contains("clock")), "{lines:?}");
    }

    #[test]
    fn a_stored_configuration_that_is_missing_closed_or_old_is_told() {
        assert_one(&readings(|readings| readings.stored = Stored::Missing), Level::Fix, "see that config-refresh runs");
        let closed = Stored::Closed(shared::sealed::OpenError);
        let lines = readings(|readings| readings.stored = closed);
        assert_one(&lines, Level::Fix, "check --application-secret");
        let lines = readings(|readings| readings.stored = opened(Some("2030-01-15T09:55:29Z")));
        assert_one(&lines, Level::Warn, "config-refresh last used the developer platform 5m 1s ago");
        let lines = readings(|readings| readings.stored = opened(None));
        assert_one(&lines, Level::Warn, "config-refresh never could use the developer platform");
        assert_one(
            &readings(|readings| readings.stored = Stored::Unreadable(StoreError::Torn)),
            Level::Fix,
            "try again",
        );
    }

    #[test]
    fn what_is_served_is_held_against_what_the_sources_say_now() {
        let current = Subject { is_current: true, ..Subject::default() };
        let subjects = BTreeMap::from([("a".to_owned(), current), ("b".to_owned(), Subject::default())]);
        let line = difference(&Picture { subjects, stored_is_known: true, sources_are_known: true }).unwrap();
        assert!(line.level == Level::Warn && line.message.contains("than what is served: b; "), "{line:?}");
        let nothing = |stored_is_known, sources_are_known| {
            difference(&Picture { subjects: BTreeMap::new(), stored_is_known, sources_are_known })
        };
        assert_eq!(nothing(true, true), Some(Line::ok("what is served is what the sources say now")));
        assert_eq!((nothing(true, false), nothing(false, true)), (None, None), "who knows");
    }
}
