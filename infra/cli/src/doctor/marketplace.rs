//! One marketplace: whether its entry can be used, and whether what stands in it leads to us.

use jiff::Timestamp;
use shared::{
    marketplace::{Marketplace, MarketplaceError, PreviousApiKey},
    routes::Purpose,
};

use super::{
    Arguments,
    calls::Calls,
    certificates,
    finding::Line,
    picture::{Picture, Subject},
    service, settings,
};

/// All that is found about it.
pub(super) fn lines(
    key: &str,
    picture: &Picture,
    arguments: &Arguments,
    calls: Option<&Calls>,
    now: Timestamp,
) -> Vec<Line> {
    let Some(subject) = picture.subjects.get(key) else { return Vec::new() };
    let mut lines = vec![entry(subject, picture.stored_is_known, &arguments.manifest_secret)];
    let Some(marketplace) = subject.marketplace.as_deref() else { return lines };
    if marketplace.settings.disabled {
        lines.push(Line::note(format!(
            "it is disabled, so nobody can sign in and the rest is not checked: take `disabled` out of its entry in the \
             manifest (secret {}) to serve it",
            arguments.manifest_secret
        )));
        return lines;
    }
    let place = place(subject.on_platform, subject.manifest_describes, &arguments.manifest_secret);
    lines.extend(paths(marketplace, &place));
    lines.extend(certificates::lines(&marketplace.idp_keys, &arguments.manifest_secret, now));
    lines.extend(settings::lines(marketplace, &arguments.manifest_secret));
    lines.extend(marketplace.previous_api_key.as_ref().map(|previous| previous_api_key(previous, now)));
    lines.push(connec(marketplace));
    if let Some(calls) = calls {
        lines.extend(calls.ping.lines(marketplace, &place));
        // As long as something else is served than the sources say, the service cannot say what they do.
        let metadata = calls.metadata.as_ref().filter(|_| subject.is_current);
        lines.extend(metadata.map(|metadata| service::metadata_line(metadata, marketplace)));
    }
    lines.extend(arguments.service_url.as_deref().and_then(|url| service::address(url, marketplace, &place)));
    lines
}

/// Where something is corrected that can stand in these sources.
fn place(on_platform: bool, in_manifest: bool, manifest_secret: &str) -> String {
    match (on_platform, in_manifest) {
        (_, false) => "on the developer platform".to_owned(),
        (false, true) => format!("in the manifest (secret {manifest_secret})"),
        (true, true) => {
            format!("on the developer platform, or in the manifest (secret {manifest_secret}), which counts before it")
        }
    }
}

/// Whether its newest entry can be used.
fn entry(subject: &Subject, stored_is_known: bool, manifest_secret: &str) -> Line {
    let place = place(subject.on_platform, subject.in_manifest, manifest_secret);
    match (&subject.problem, &subject.marketplace) {
        (None, Some(_)) => Line::ok(match (subject.on_platform, subject.in_manifest) {
            (true, true) => "its entry can be used; it is on the developer platform and in the manifest",
            (true, false) => "its entry can be used; it is on the developer platform",
            (false, _) => "its entry can be used; it is in the manifest",
        }),
        (None, None) => Line::warn(
            "no source names it any more, so that config-refresh takes it out: put it back on the developer platform or \
             into the manifest if that is a mistake",
        ),
        (Some(problem), None)
            if subject.platform_is_silent && problem.reason == MarketplaceError::NoSource.to_string() =>
        {
            Line::note("only the developer platform says where it is, and that cannot be used at the moment")
        }
        (Some(problem), None) if !stored_is_known => Line::fix(format!(
            "its newest entry cannot be used: {}; whether it is served as of before is not known, as the stored configuration \
             cannot be opened; correct it {place}",
            problem.reason
        )),
        (Some(problem), None) => {
            Line::fix(format!("its entry cannot be used, so it is not served: {}; correct it {place}", problem.reason))
        }
        (Some(problem), Some(_)) => {
            let since = subject.kept_since.map(|since| format!(", since {since:.0}")).unwrap_or_default();
            Line::fix(format!(
                "its newest entry cannot be used: {}; it is served as of before{since}; correct it {place}",
                problem.reason
            ))
        }
    }
}

/// Whether the registered paths are ours.
fn paths(marketplace: &Marketplace, place: &str) -> Vec<Line> {
    let (registered, key) = (&marketplace.registered, marketplace.key.as_str());
    let is_ours = |purpose: Purpose, field: &str, path: &str| {
        if purpose.is_served_at(path, key) {
            return Line::ok(format!("{field} is one of our paths"));
        }
        // Whatever a query holds is nobody's business here.
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let usual = purpose.usual(key);
        Line::fix(format!("{field}, {path}, is none of our paths for this marketplace: register {usual} {place}"))
    };
    let initialize = match &registered.initialize {
        Some(path) => is_ours(Purpose::SamlInitialize, "sso.init_path", path),
        None => Line::warn(format!(
            "sso.init_path is not registered, so the marketplace may not know where a sign-in starts: register {} {place}",
            Purpose::SamlInitialize.usual(key)
        )),
    };
    let consume = is_ours(Purpose::SamlConsume, "sso.consume_path", &registered.consume);
    let mut lines = vec![initialize, consume];
    for (purpose, field, path, unheard) in [
        (Purpose::GroupRemoval, "webhooks.account.group_path", &registered.group, "that a customer has left"),
        (Purpose::MemberRemoval, "webhooks.account.group_user_path", &registered.group_user, "that a person has left"),
    ] {
        lines.push(match path {
            Some(path) => is_ours(purpose, field, path),
            None => Line::warn(format!(
                "{field} is not registered, so the marketplace cannot tell {unheard}: register {} {place}",
                purpose.usual(key)
            )),
        });
    }
    let not_yet: Vec<&str> = [
        ("webhooks.connec.notification_path", &registered.notification),
        ("webhooks.connec.initialization_path", &registered.connec_initialization),
        ("app.synchronization_start_path", &registered.synchronization_start),
        ("app.synchronization_toggle_path", &registered.synchronization_toggle),
        ("app.synchronization_status_path", &registered.synchronization_status),
    ]
    .into_iter()
    .filter_map(|(field, path)| path.as_ref().map(|_| field))
    .collect();
    if !not_yet.is_empty() {
        lines.push(Line::note(format!("registered, and not served yet by this version: {}", not_yet.join(", "))));
    }
    lines
}

fn previous_api_key(previous: &PreviousApiKey, now: Timestamp) -> Line {
    let until = previous.until;
    Line::note(if now < until {
        format!("the previous API key is accepted too, until {until:.0}")
    } else {
        format!(
            "the previous API key is accepted no longer, since {until:.0}: take `previous_api_key` out of the manifest"
        )
    })
}

fn connec(marketplace: &Marketplace) -> Line {
    Line::note(match &marketplace.connec {
        Some(connec) => format!("its Connec! is configured, at {}{}", connec.host, connec.base_path),
        None => "no Connec! is configured".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use shared::{
        configuration::{Quarantined, Snapshot, Sources},
        marketplace::{Manifest, PlatformDocument},
        testing::acme,
    };

    use super::*;
    use crate::doctor::{
        calls::{Answer, Ping},
        finding::Level,
        readings::{Readings, Stored},
        testing::{arguments, assert_one},
    };

    fn now() -> Timestamp {
        "2030-01-15T10:00:30Z".parse().unwrap()
    }

    fn usable(change: impl FnOnce(&mut Marketplace)) -> Subject {
        let mut marketplace = acme();
        change(&mut marketplace);
        Subject {
            on_platform: true,
            is_stored: true,
            is_current: true,
            marketplace: Some(Arc::new(marketplace)),
            ..Subject::default()
        }
    }

    fn found(subject: Subject) -> Vec<Line> {
        let picture = Picture {
            subjects: BTreeMap::from([("acme-hub".to_owned(), subject)]),
            stored_is_known: true,
            sources_are_known: true,
        };
        let calls = Calls { ping: Ping { answer: Answer::Good, lead: None }, metadata: None };
        lines("acme-hub", &picture, &arguments(), Some(&calls), now())
    }

    fn problem(reason: &str) -> Option<Quarantined> {
        let marketplace = "acme-hub".to_owned();
        Some(Quarantined { marketplace, reason: reason.to_owned(), served_as_of_before_since: None })
    }

    #[test]
    fn where_nothing_is_wrong_nothing_is_to_be_fixed() {
        let lines = found(usable(|_| {}));
        assert!(lines.iter().all(|line| matches!(line.level, Level::Ok | Level::Note)), "{lines:#?}");
        assert_one(&lines, Level::Ok, "its entry can be used; it is on the developer platform");
        assert_one(&lines, Level::Note, "not served yet by this version: webhooks.connec.notification_path");
        for field in ["group_path", "group_user_path"] {
            assert_one(&lines, Level::Ok, &format!("webhooks.account.{field} is one of our paths"));
        }
    }

    #[test]
    fn an_entry_that_cannot_be_used_tells_why_where_and_whether_it_is_served() {
        let not_served = Subject { in_manifest: true, problem: problem("api.key is missing"), ..Subject::default() };
        let said = found(not_served);
        assert_one(
            &said,
            Level::Fix,
            "so it is not served: api.key is missing; correct it in the manifest (secret manifest-",
        );
        let not_served = Subject { in_manifest: true, problem: problem("api.key is missing"), ..Subject::default() };
        let unknown = entry(&not_served, false, "manifest-secret").message;
        assert!(unknown.contains("whether it is served as of before is not known"), "{unknown}");
        let kept_since = Some("2030-01-14T00:00:00.5Z".parse().unwrap());
        let kept = Subject { problem: problem("api.key is missing"), kept_since, ..usable(|_| {}) };
        let since =
            "api.key is missing; it is served as of before, since 2030-01-14T00:00:00Z; correct it on the developer";
        assert_one(&found(kept), Level::Fix, since);
    }

    #[test]
    fn while_the_platform_is_silent_nothing_is_wrong_with_what_only_it_knows() {
        let reason = MarketplaceError::NoSource.to_string();
        let silent =
            Subject { in_manifest: true, platform_is_silent: true, problem: problem(&reason), ..Subject::default() };
        assert_one(&found(silent), Level::Note, "only the developer platform says where it is");
        let not_there = Subject { in_manifest: true, problem: problem(&reason), ..Subject::default() };
        assert_one(&found(not_there), Level::Fix, "does not name it");
    }

    #[test]
    fn what_no_source_names_any_more_is_looked_at() {
        let gone = Subject { is_stored: true, ..Subject::default() };
        assert_one(&found(gone), Level::Warn, "no source names it any more");
    }

    #[test]
    fn a_path_that_is_not_ours_is_named_with_the_one_to_register() {
        let lines = found(usable(|marketplace| {
            marketplace.registered.initialize = Some("/login?token=hush".to_owned());
            marketplace.registered.consume = "/mno-enterprise/northbank/saml/consume".to_owned();
        }));
        let line = assert_one(&lines, Level::Fix, "sso.init_path, /login, is none of our paths");
        assert!(line.contains("register /mno-enterprise/acme-hub/saml/initialize on the developer platform"), "{line}");
        assert_one(&lines, Level::Fix, "register /mno-enterprise/acme-hub/saml/consume");
        let lines = found(usable(|marketplace| marketplace.registered.initialize = None));
        assert_one(&lines, Level::Warn, "sso.init_path is not registered");
    }

    #[test]
    fn a_previous_key_is_told_until_it_is_removed() {
        for (until, what) in
            [("2030-01-15T10:00:31Z", "too, until 2030-01-15T10:00:31Z"), ("2030-01-15T10:00:30Z", "take `previous")]
        {
            let previous = PreviousApiKey { key: "hush-hush".into(), until: until.parse().unwrap() };
            let lines = found(usable(|marketplace| marketplace.previous_api_key = Some(previous)));
            assert!(!assert_one(&lines, Level::Note, what).contains("hush"));
        }
    }

    #[test]
    fn a_disabled_marketplace_is_a_note_and_no_more() {
        let lines = found(usable(|marketplace| {
            marketplace.settings.disabled = true;
            marketplace.registered.consume = "/elsewhere".to_owned();
        }));
        assert_eq!(lines.len(), 2);
        assert_one(&lines, Level::Note, "take `disabled` out of its entry");
    }

    #[test]
    fn every_marketplace_that_anybody_names_is_a_subject() {
        let picture_of = |document: &str| Picture::of(&readings_of(document), now());
        let picture = picture_of(r#"{"marketplaces": [{"marketplace": "a"}, {"marketplace": "NO"}]}"#);
        let keys: Vec<&str> = picture.subjects.keys().map(String::as_str).collect();
        assert!(["a", "acme-hub", "b", "entry 2"].iter().all(|key| keys.contains(key)), "{keys:?}");
        let told = |key| lines(key, &picture, &arguments(), None, now());
        assert_one(&told("a"), Level::Fix, "which counts before it");
        assert_one(&told("b"), Level::Fix, "the developer platform does not name it");
        // The entry without a key may be its own.
        assert_one(&told("acme-hub"), Level::Fix, "it is served as of before");
        let picture = picture_of(r#"{"marketplaces": [{"marketplace": "a"}]}"#);
        let acme = lines("acme-hub", &picture, &arguments(), None, now());
        assert_one(&acme, Level::Warn, "no source names it any more");
    }

    /// What was read where the platform says this.
    fn readings_of(document: &str) -> Readings {
        Readings {
            application: Ok(false),
            sources: Sources {
                platform: Ok(PlatformDocument::parse(document.as_bytes()).unwrap()),
                manifest: Ok(Manifest::parse("marketplaces: { b: {}, a: { local: true } }").unwrap()),
            },
            platform_lead: None,
            stored: Stored::Opened(
                shared::configuration::Head::default(),
                Snapshot { entries: shared::testing::entries(""), ..Snapshot::default() },
            ),
        }
    }
}
