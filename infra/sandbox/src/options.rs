//! What a caller may choose before the sandbox starts.

use std::fmt;

use serde::Serialize;

use crate::directory::Directory;
use crate::keys::KeyPair;
use crate::random;
use crate::seed;

/// Everything that can be set at start. The default is the seed: two marketplaces, fresh keys.
#[derive(Clone, Debug)]
pub struct Options {
    /// The marketplaces to play, in the order of the configuration document.
    pub marketplaces: Vec<MarketplaceSpec>,
    /// What the app must present to the developer platform.
    pub environment: EnvironmentCredentials,
    /// Base URL of the app, registered as `app.host`.
    pub app_host: String,
    /// Where the identity providers' keys come from.
    pub keys: IdpKeys,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            marketplaces: vec![MarketplaceSpec::acme_hub(), MarketplaceSpec::northbank()],
            environment: EnvironmentCredentials::generate(),
            app_host: "http://localhost:4000".to_owned(),
            keys: IdpKeys::Generate,
        }
    }
}

/// The Basic pair of an app environment on the developer platform.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvironmentCredentials {
    /// User name.
    pub key: String,
    /// Password.
    pub secret: String,
}

impl EnvironmentCredentials {
    /// A random pair.
    pub fn generate() -> Self {
        Self { key: random::uuid(), secret: random::token(40) }
    }
}

impl fmt::Debug for EnvironmentCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EnvironmentCredentials").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Where the identity providers' keys come from.
#[derive(Clone, Default)]
pub enum IdpKeys {
    /// A fresh RSA-2048 pair per marketplace.
    #[default]
    Generate,
    /// One pair for all marketplaces.
    Pem {
        /// PKCS#8 or PKCS#1 PEM.
        private_key: String,
        /// X.509 PEM.
        certificate: String,
    },
    /// One pair per marketplace, in their order.
    PerMarketplace(Vec<KeyPair>),
}

impl fmt::Debug for IdpKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Generate => "Generate",
            Self::Pem { .. } => "Pem(..)",
            Self::PerMarketplace(_) => "PerMarketplace(..)",
        })
    }
}

/// Which of the documented route families the app registered on a marketplace.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PathStyle {
    /// `/mno-enterprise/{marketplace}/saml/initialize` and its kin.
    MnoEnterprise,
    /// `/maestrano/auth/saml/init/{marketplace}` and its kin.
    Historical,
}

/// One marketplace to play.
#[derive(Clone)]
pub struct MarketplaceSpec {
    /// Slug; also the path prefix of the marketplace's own URLs.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The app's nid there.
    pub nid: String,
    /// The app's id there.
    pub api_id: String,
    /// The app's key there; random when not given.
    pub api_key: Option<String>,
    /// The routes the app registered.
    pub path_style: PathStyle,
    /// Whether `sso.idm` repeats the app host or is null.
    pub explicit_idm: bool,
    /// Path at the app where an OpenID login starts; `/mno-enterprise/{marketplace}/openid/initialize` when not given.
    pub openid_init_path: Option<String>,
    /// People and groups.
    pub directory: Directory,
}

impl MarketplaceSpec {
    /// The first seeded marketplace.
    pub fn acme_hub() -> Self {
        Self {
            key: "acme-hub".to_owned(),
            name: "Acme Hub".to_owned(),
            nid: "stallholder-acme".to_owned(),
            api_id: "app-acme".to_owned(),
            api_key: None,
            path_style: PathStyle::MnoEnterprise,
            explicit_idm: true,
            openid_init_path: None,
            directory: seed::acme_hub(),
        }
    }

    /// The second seeded marketplace: the same uids, other people.
    pub fn northbank() -> Self {
        Self {
            key: "northbank".to_owned(),
            name: "Northbank Marketplace".to_owned(),
            nid: "stallholder-north".to_owned(),
            api_id: "app-north".to_owned(),
            api_key: None,
            path_style: PathStyle::Historical,
            explicit_idm: false,
            openid_init_path: None,
            directory: seed::northbank(),
        }
    }
}

impl fmt::Debug for MarketplaceSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MarketplaceSpec")
            .field("key", &self.key)
            .field("api_id", &self.api_id)
            .field("path_style", &self.path_style)
            .field("explicit_idm", &self.explicit_idm)
            .field("openid_init_path", &self.openid_init_path)
            .finish_non_exhaustive()
    }
}

/// A base URL without its trailing slashes, if it is one: http(s), with a host, without query or fragment.
pub(crate) fn clean_host(host: &str) -> Option<String> {
    let url = url::Url::parse(host).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
    let web = matches!(url.scheme(), "http" | "https");
    (plain && web).then(|| host.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_loses_its_trailing_slash_and_must_be_a_base_url() {
        assert_eq!(clean_host("http://localhost:4000/").as_deref(), Some("http://localhost:4000"));
        for host in ["localhost:4000", "ftp://a.test", "http://a.test?x=1", ""] {
            assert_eq!(clean_host(host), None, "{host}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let options = Options {
            environment: EnvironmentCredentials { key: "k".to_owned(), secret: "hush".to_owned() },
            ..Options::default()
        };
        assert!(!format!("{options:?}").contains("hush"));
    }
}
