//! The deployed service: whether it answers, and whether it says of itself what is registered.

use reqwest::Client;
use shared::{
    http_client,
    marketplace::Marketplace,
    routes::{HEALTH, SAML_METADATA},
    saml::service_provider_metadata,
    telemetry::causes,
};

use super::{Arguments, finding::Line};

/// The longest metadata document that we read.
const MAX_LEN: usize = 256 * 1024;

/// It does not answer as it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unwell {
    #[error("answers with status {0}")]
    Status(u16),
    #[error("does not answer ({0})")]
    Silent(String),
}

/// Where the service's metadata says that answers are taken, if it says that.
pub(super) type Metadata = Result<Option<String>, Unwell>;

/// Whether the service is there, if it is to be asked.
pub(super) async fn health(client: &Client, arguments: &Arguments) -> Option<Result<(), Unwell>> {
    let url = arguments.service_url.as_deref()?;
    Some(get(client, &format!("{url}{HEALTH}")).await.map(drop))
}

/// What it means.
pub(super) fn health_line(health: &Result<(), Unwell>) -> Line {
    match health {
        Ok(()) => Line::ok("the service answers"),
        Err(problem) => Line::fix(format!(
            "the service's {HEALTH} {problem}: check --service-url (the stack's output `ServiceUrl`), and see the log of sso"
        )),
    }
}

/// Asks the service who it is to this marketplace.
pub(super) async fn metadata(client: &Client, service_url: &str, marketplace: &Marketplace) -> Metadata {
    let path = SAML_METADATA.replace("{mp}", marketplace.key.as_str());
    let response = get(client, &format!("{service_url}{path}")).await?;
    let body = http_client::body_within(MAX_LEN, response).await.map_err(silent)?.unwrap_or_default();
    Ok(consumer(&String::from_utf8_lossy(&body)).map(str::to_owned))
}

/// What it means.
pub(super) fn metadata_line(metadata: &Metadata, marketplace: &Marketplace) -> Line {
    let expected = service_provider_metadata(marketplace, None);
    let acs_url = &marketplace.acs_url;
    match metadata {
        Ok(Some(found)) if Some(found.as_str()) == consumer(&expected) => {
            Line::ok(format!("the service takes its answers at the registered address, {acs_url}"))
        }
        Ok(_) => Line::fix(format!(
            "the service's metadata does not name the registered address, {acs_url}, where its answers go: check \
             --service-url and --table, and see that config-refresh runs"
        )),
        Err(Unwell::Status(404)) => Line::fix(
            "the service does not know this marketplace: check that --service-url and --table are of the same stack, and \
             see that config-refresh runs",
        ),
        Err(problem) => Line::fix(format!("the service's metadata for it {problem}: see the log of sso")),
    }
}

/// What is wrong if people are sent to another address than the service's.
pub(super) fn address(service_url: &str, marketplace: &Marketplace, place: &str) -> Option<Line> {
    (marketplace.idm != service_url).then(|| {
        Line::warn(format!(
            "its answers go to {}, which is not --service-url: if that does not lead to the service, correct sso.idm, or \
             app.host where there is none, {place}",
            marketplace.idm
        ))
    })
}

/// The address in metadata as we write it, escaped as it stands there.
fn consumer(metadata: &str) -> Option<&str> {
    let (_, rest) = metadata.split_once("<md:AssertionConsumerService ")?;
    let (element, _) = rest.split_once('>')?;
    let (_, rest) = element.split_once("Location=\"")?;
    rest.split_once('"').map(|(location, _)| location)
}

async fn get(client: &Client, url: &str) -> Result<reqwest::Response, Unwell> {
    let response = client.get(url).send().await.map_err(silent)?;
    match response.status().as_u16() {
        200 => Ok(response),
        other => Err(Unwell::Status(other)),
    }
}

fn silent(error: reqwest::Error) -> Unwell {
    Unwell::Silent(causes(&error.without_url()))
}

#[cfg(test)]
mod tests {
    use shared::testing::acme;

    use super::*;
    use crate::doctor::finding::Level;

    fn told(metadata: &Metadata) -> Line {
        metadata_line(metadata, &acme())
    }

    #[test]
    fn metadata_names_the_registered_address_or_is_wrong() {
        let ours = service_provider_metadata(&acme(), None);
        assert_eq!(told(&Ok(consumer(&ours).map(str::to_owned))).level, Level::Ok);
        for wrong in [Ok(None), Ok(Some("https://elsewhere.test".to_owned())), Err(Unwell::Status(404))] {
            assert_eq!(told(&wrong).level, Level::Fix, "{wrong:?}");
        }
        let silent = told(&Err(Unwell::Silent("timed out".to_owned()))).message;
        assert!(silent.contains("does not answer (timed out)"), "{silent}");
    }

    #[test]
    fn an_address_with_a_query_is_compared_as_it_is_escaped() {
        let mut marketplace = acme();
        marketplace.acs_url = "https://app.test/maestrano/consume?marketplace=acme-hub&x=1".to_owned();
        let served = consumer(&service_provider_metadata(&marketplace, None)).map(str::to_owned);
        assert_eq!(metadata_line(&Ok(served), &marketplace).level, Level::Ok);
    }

    #[test]
    fn health_tells_what_is_in_the_way() {
        assert_eq!(health_line(&Ok(())).level, Level::Ok);
        let line = health_line(&Err(Unwell::Status(500)));
        assert!(line.level == Level::Fix && line.message.contains("/health answers with status 500"), "{line:?}");
    }

    #[test]
    fn an_address_elsewhere_is_looked_at() {
        let marketplace = acme();
        assert_eq!(address(&marketplace.idm, &marketplace, "there"), None);
        assert_eq!(address("https://elsewhere.test", &marketplace, "there").unwrap().level, Level::Warn);
    }
}
