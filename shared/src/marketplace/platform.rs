//! The developer platform: one authenticated request for the whole configuration (protocol.md §1.1).

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::{DocumentError, PlatformDocument};
use crate::{
    env::{EnvError, Variables},
    http_client,
    secrets::Credentials,
    web_url,
};

/// How long the platform may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest configuration document we read: hundreds of marketplaces.
const MAX_DOCUMENT_LEN: usize = 2 * 1024 * 1024;

/// Where the configuration comes from, and who we are there.
#[derive(Debug, Clone)]
pub struct DeveloperPlatform {
    url: PlatformUrl,
    environment: Credentials,
}

/// An address of the developer platform that credentials may be sent to.
#[derive(Debug, Clone)]
pub struct PlatformUrl(Url);

/// The configuration could not be fetched. None of these carries a credential or a body.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// Its address.
    #[error("developer platform's address is not a plain https URL (http is for this machine only)")]
    Url,
    /// No answer, or the connection broke.
    #[error("developer platform did not answer")]
    Transport(#[source] reqwest::Error),
    /// The environment key or secret is wrong.
    #[error("developer platform refused the environment's key and secret")]
    Unauthorized,
    /// Any other answer than 200.
    #[error("developer platform answered with status {0}")]
    Status(u16),
    /// More than 2 MiB.
    #[error("developer platform's answer is too large")]
    TooLarge,
    /// The document.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl PlatformUrl {
    /// The platform at `host` and `api_path`; `/marketplaces` is appended unless it is there (protocol.md §1.1).
    ///
    /// # Errors
    /// [`PlatformError::Url`] when the two do not make a URL that a secret may be sent to.
    pub fn new(host: &str, api_path: &str) -> Result<Self, PlatformError> {
        let base = format!("{}/{}", host.trim_end_matches('/'), api_path.trim_matches('/'));
        let base = base.trim_end_matches('/');
        let base = base.strip_suffix("/marketplaces").unwrap_or(base);
        let plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
        web_url::parse(&format!("{base}/marketplaces")).filter(plain).map(Self).ok_or(PlatformError::Url)
    }

    /// What `MNO_DEVPL_HOST` and `MNO_DEVPL_API_PATH` name, variables that all of Maestrano's SDKs read, or else Maestrano's
    /// own platform.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        let host = variables.optional("MNO_DEVPL_HOST")?;
        let api_path = variables.optional("MNO_DEVPL_API_PATH")?;
        let host = host.as_deref().unwrap_or("https://developer.maestrano.com");
        Self::new(host, api_path.as_deref().unwrap_or("/api/config/v1"))
            .map_err(|error| EnvError::Invalid { name: "MNO_DEVPL_HOST", reason: error.to_string() })
    }

    /// The address; there is no credential in it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl DeveloperPlatform {
    /// The platform at this address, for the app environment with these credentials.
    #[must_use]
    pub fn new(url: PlatformUrl, environment: Credentials) -> Self {
        Self { url, environment }
    }

    /// Fetches the configuration of all marketplaces.
    ///
    /// # Errors
    /// [`PlatformError`]: nothing was changed, and trying again later may help.
    pub async fn fetch(&self) -> Result<PlatformDocument, PlatformError> {
        Ok(self.fetch_dated().await?.0)
    }

    /// The same, with what time it was for the platform when it answered, if it says so.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_dated(&self) -> Result<(PlatformDocument, Option<Timestamp>), PlatformError> {
        let response = http_client::new(TIMEOUT)
            .map_err(PlatformError::Transport)?
            .get(self.url.0.clone())
            .header(reqwest::header::ACCEPT, "application/json")
            .basic_auth(&self.environment.key, Some(self.environment.secret.expose()))
            .send()
            .await
            .map_err(transport)?;
        match response.status().as_u16() {
            200 => {}
            401 => return Err(PlatformError::Unauthorized),
            other => return Err(PlatformError::Status(other)),
        }
        let date = http_client::date(response.headers());
        let body = http_client::body_within(MAX_DOCUMENT_LEN, response).await.map_err(transport)?;
        let body = body.ok_or(PlatformError::TooLarge)?;
        Ok((PlatformDocument::parse(&body)?, date))
    }
}

/// URLs can carry what does not belong into a log.
fn transport(error: reqwest::Error) -> PlatformError {
    PlatformError::Transport(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned_server::{Canned, CannedServer};

    /// What comes of this answer, and how many questions it took.
    async fn fetched(answer: Canned) -> (Result<PlatformDocument, PlatformError>, usize) {
        let server = CannedServer::start(Canned::ok(""), answer).await;
        let url = PlatformUrl::new(&server.host, "/api/config/v1").unwrap();
        let platform = DeveloperPlatform::new(url, Credentials { key: "key".into(), secret: "s3cr3t".into() });
        (platform.fetch().await, server.heard().len())
    }

    #[tokio::test]
    async fn no_redirect_is_followed() {
        let moved = Canned::status("302 Found\r\nLocation: /elsewhere");
        assert!(matches!(fetched(moved).await, (Err(PlatformError::Status(302)), 1)));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut_short() {
        let document = include_str!("../../../tests/fixtures/vectors/marketplaces_config.json");
        let of_length = |length: usize| Canned::ok(format!("{document}{}", " ".repeat(length - document.len())));
        assert!(matches!(fetched(of_length(MAX_DOCUMENT_LEN / 2)).await, (Ok(_), 1)));
        assert!(matches!(fetched(of_length(MAX_DOCUMENT_LEN + 1_000)).await, (Err(PlatformError::TooLarge), 1)));
    }

    #[test]
    fn every_spelling_of_the_path_leads_to_the_same_url() {
        for (host, path) in [
            ("https://developer.maestrano.com", "/api/config/v1"),
            ("https://developer.maestrano.com/", "api/config/v1/"),
            ("https://developer.maestrano.com", "/api/config/v1/marketplaces"),
            ("https://developer.maestrano.com", "/api/config/v1/marketplaces/"),
        ] {
            let url = PlatformUrl::new(host, path).unwrap();
            assert_eq!(url.0.as_str(), "https://developer.maestrano.com/api/config/v1/marketplaces");
        }
    }

    #[test]
    fn a_path_may_be_empty_and_has_no_query() {
        for empty in ["", "/"] {
            let url = PlatformUrl::new("https://platform.test", empty).unwrap();
            assert_eq!(url.0.as_str(), "https://platform.test/marketplaces");
        }
        for bad in ["/api?x", "/api#x"] {
            assert!(PlatformUrl::new("https://platform.test", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn without_variables_it_is_maestranos_own() {
        let url = PlatformUrl::read(&Variables::from_iter([("X", "")])).unwrap();
        assert_eq!(url.0.as_str(), "https://developer.maestrano.com/api/config/v1/marketplaces");
    }

    #[test]
    fn a_secret_is_not_sent_in_clear_over_the_network() {
        let variables = Variables::from_iter([("MNO_DEVPL_HOST", "http://developer.maestrano.com")]);
        let refused = PlatformUrl::read(&variables).unwrap_err();
        assert!(matches!(refused, EnvError::Invalid { name: "MNO_DEVPL_HOST", .. }));
    }

    #[test]
    fn debug_does_not_print_the_secret() {
        let url = PlatformUrl::new("https://x.test", "/api").unwrap();
        let platform = DeveloperPlatform::new(url, Credentials { key: "key".into(), secret: "s3cr3t".into() });
        assert!(!format!("{platform:?}").contains("s3cr3t"));
    }
}
