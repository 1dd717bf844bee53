//! The developer platform: one authenticated request for the whole configuration (protocol.md §1.1).

use std::time::Duration;

use url::Url;

use super::{ConfigurationError, Directory};
use crate::{env, env::EnvError, http_client, secret::Secret, web_url};

/// How long the platform may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest configuration document we read: hundreds of marketplaces.
const MAX_DOCUMENT_LEN: usize = 4 * 1024 * 1024;

/// Where the configuration comes from, and who we are there.
#[derive(Debug, Clone)]
pub struct DeveloperPlatform {
    url: Url,
    environment_key: String,
    environment_secret: Secret,
}

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
    /// More than 4 MiB.
    #[error("developer platform's answer is too large")]
    TooLarge,
    /// The document.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
}

impl DeveloperPlatform {
    /// The platform at `host` and `api_path`; `/marketplaces` is appended unless it is there (protocol.md §1.1).
    ///
    /// # Errors
    /// [`PlatformError::Url`] when the two do not make a URL that a secret may be sent to.
    pub fn new(
        host: &str,
        api_path: &str,
        environment_key: String,
        environment_secret: Secret,
    ) -> Result<Self, PlatformError> {
        let base = format!("{}/{}", host.trim_end_matches('/'), api_path.trim_matches('/'));
        let base = base.strip_suffix("/marketplaces").unwrap_or(&base);
        let url = web_url::parse(&format!("{base}/marketplaces")).ok_or(PlatformError::Url)?;
        Ok(Self { url, environment_key, environment_secret })
    }

    /// The platform that `MNO_DEVPL_HOST`, `MNO_DEVPL_API_PATH`, `MNO_DEVPL_ENV_KEY` and `MNO_DEVPL_ENV_SECRET` name: the
    /// variables all of Maestrano's SDKs read.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn from_env() -> Result<Self, EnvError> {
        let host = env::optional("MNO_DEVPL_HOST")?.unwrap_or_else(|| "https://developer.maestrano.com".to_owned());
        let api_path = env::optional("MNO_DEVPL_API_PATH")?.unwrap_or_else(|| "/api/config/v1".to_owned());
        let secret = env::secret("MNO_DEVPL_ENV_SECRET")?;
        Self::new(&host, &api_path, env::required("MNO_DEVPL_ENV_KEY")?, secret)
            .map_err(|error| EnvError::Invalid { name: "MNO_DEVPL_HOST", reason: error.to_string() })
    }

    /// Fetches and reads the configuration of all marketplaces.
    ///
    /// # Errors
    /// [`PlatformError`]: nothing was changed, and trying again later may help.
    pub async fn fetch(&self) -> Result<Directory, PlatformError> {
        let mut response = http_client::new(TIMEOUT)
            .map_err(PlatformError::Transport)?
            .get(self.url.clone())
            .header(reqwest::header::ACCEPT, "application/json")
            .basic_auth(&self.environment_key, Some(self.environment_secret.expose()))
            .send()
            .await
            .map_err(transport)?;
        match response.status().as_u16() {
            200 => {}
            401 => return Err(PlatformError::Unauthorized),
            other => return Err(PlatformError::Status(other)),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > MAX_DOCUMENT_LEN {
                return Err(PlatformError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Directory::from_json(&body)?)
    }
}

/// URLs can carry what does not belong into a log.
fn transport(error: reqwest::Error) -> PlatformError {
    PlatformError::Transport(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_path_leads_to_the_same_url() {
        for (host, path) in [
            ("https://developer.maestrano.com", "/api/config/v1"),
            ("https://developer.maestrano.com/", "api/config/v1/"),
            ("https://developer.maestrano.com", "/api/config/v1/marketplaces"),
            ("https://developer.maestrano.com", "/api/config/v1/marketplaces/"),
        ] {
            let platform = DeveloperPlatform::new(host, path, "key".into(), "secret".into()).unwrap();
            assert_eq!(platform.url.as_str(), "https://developer.maestrano.com/api/config/v1/marketplaces");
        }
    }

    #[test]
    fn a_secret_is_not_sent_in_clear_over_the_network() {
        let refused =
            DeveloperPlatform::new("http://developer.maestrano.com", "/api/config/v1", "key".into(), "secret".into());
        assert!(matches!(refused, Err(PlatformError::Url)));
    }

    #[test]
    fn debug_does_not_print_the_secret() {
        let platform = DeveloperPlatform::new("https://x.test", "/api", "key".into(), "s3cr3t".into()).unwrap();
        assert!(!format!("{platform:?}").contains("s3cr3t"));
    }
}
