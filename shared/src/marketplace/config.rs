//! One marketplace of the developer platform's document, as far as sign-in needs it (protocol.md §1.2).

use serde::Deserialize;

use super::{AllSettings, CertificateError, IdpKey, MarketplaceSettings};
use crate::{
    domain::{InvalidId, MarketplaceKey},
    secret::Secret,
    web_url,
};

/// One marketplace that passed every check.
#[derive(Debug, Clone)]
pub struct Marketplace {
    /// Its key: the boundary of everything we store.
    pub key: MarketplaceKey,
    /// Our app's id there: issuer of our requests, and half of the Basic pair.
    pub app_id: String,
    /// The other half.
    pub api_key: Secret,
    /// Where its configuration says our app lives.
    pub app_host: String,
    /// The origin of our single sign-on endpoints: `sso.idm`, or the app's host.
    pub idm: String,
    /// The assertion consumer service, as registered: what `Recipient` must be.
    pub acs_url: String,
    /// The identity provider: `sso.idp`, or the API's host.
    pub idp: String,
    /// Where authentication requests go.
    pub idp_sso_url: String,
    /// The keys its assertions may be signed with.
    pub idp_keys: Vec<IdpKey>,
    /// Its OpenID 2.0 provider (protocol.md §4).
    pub openid_endpoint: String,
    /// Where its answers by OpenID come to.
    pub openid_return_url: String,
    /// What the vendor says of it.
    pub settings: MarketplaceSettings,
}

/// A marketplace whose configuration cannot be used.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum MarketplaceError {
    /// Its key is missing or malformed.
    #[error(transparent)]
    Key(#[from] InvalidId),
    /// A field we cannot do without.
    #[error("{field} is missing")]
    Missing {
        /// Its path in the document.
        field: &'static str,
    },
    /// A URL that is none, or not one we would send anybody to.
    #[error("{field} is not a plain https URL (http is for this machine only)")]
    Url {
        /// Its path in the document.
        field: &'static str,
    },
    /// A path that does not start with a slash.
    #[error("{field} is not a path")]
    Path {
        /// Its path in the document.
        field: &'static str,
    },
    /// Its certificate.
    #[error("sso.x509_certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// Its key is too short, and its settings do not allow that.
    #[error(
        "sso.x509_certificate: RSA key has fewer than 2048 bits, which legacy_cryptography.short_rsa_keys could allow"
    )]
    ShortKey,
    /// Not an object of the documented shape.
    #[error("the entry is malformed")]
    Malformed,
    /// Two marketplaces of one document share this key.
    #[error("the key is used twice")]
    Duplicate,
}

/// The entry as the platform sends it; anything may be missing, or null.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawMarketplace {
    marketplace: Option<String>,
    app: Option<RawApp>,
    api: Option<RawApi>,
    sso: Option<RawSso>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawApp {
    host: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawApi {
    id: Option<String>,
    key: Option<Secret>,
    host: Option<String>,
    base: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawSso {
    idm: Option<String>,
    consume_path: Option<String>,
    idp: Option<String>,
    x509_fingerprint: Option<String>,
    x509_certificate: Option<String>,
}

/// The path of the account API when none is given (protocol.md §1.4).
const DEFAULT_API_BASE: &str = "/api/v1/";

impl Marketplace {
    /// Checks an entry and completes it with our own settings.
    pub(super) fn new(raw: RawMarketplace, all_settings: &AllSettings) -> Result<Self, MarketplaceError> {
        let RawMarketplace { marketplace, app, api, sso } = raw;
        let (app, api, sso) = (app.unwrap_or_default(), api.unwrap_or_default(), sso.unwrap_or_default());
        let key: MarketplaceKey = text(marketplace, "marketplace")?.parse()?;
        let settings = all_settings.of(&key);
        let app_host = host(&text(app.host, "app.host")?, "app.host")?;
        let idm = match given(sso.idm) {
            Some(idm) => host(&idm, "sso.idm")?,
            None => app_host.clone(),
        };
        let api_host = host(&text(api.host, "api.host")?, "api.host")?;
        let idp = match given(sso.idp) {
            Some(idp) => host(&idp, "sso.idp")?,
            None => api_host,
        };
        let api_base = path(given(api.base).unwrap_or_else(|| DEFAULT_API_BASE.to_owned()), "api.base")?;
        if api_base.contains('?') {
            return Err(MarketplaceError::Path { field: "api.base" });
        }
        let consume_path = path(text(sso.consume_path, "sso.consume_path")?, "sso.consume_path")?;
        let certificate = text(sso.x509_certificate, "sso.x509_certificate")?;
        let idp_key = IdpKey::from_pem(&certificate, given(sso.x509_fingerprint).as_deref())?;
        if idp_key.is_short() && !settings.legacy_cryptography.short_rsa_keys {
            return Err(MarketplaceError::ShortKey);
        }
        let app_id = text(api.id, "api.id")?;
        Ok(Self {
            openid_endpoint: format!("{idp}/api/openid/provider/{}", percent_encoded(&app_id)),
            openid_return_url: format!("{idm}/mno-enterprise/{key}/openid/return"),
            settings,
            key,
            app_id,
            api_key: api
                .key
                .filter(|key| !key.expose().is_empty())
                .ok_or(MarketplaceError::Missing { field: "api.key" })?,
            acs_url: format!("{idm}{consume_path}"),
            idp_sso_url: format!("{idp}{}/auth/saml", api_base.trim_end_matches('/')),
            idp_keys: vec![idp_key],
            app_host,
            idm,
            idp,
        })
    }
}

/// One segment of a path.
fn percent_encoded(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Empty strings count as absent: `sso.idm` comes as null and as `""` (protocol.md §1.2).
fn given(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

fn text(value: Option<String>, field: &'static str) -> Result<String, MarketplaceError> {
    given(value).ok_or(MarketplaceError::Missing { field })
}

/// An origin, perhaps with a path, without a trailing slash.
fn host(value: &str, field: &'static str) -> Result<String, MarketplaceError> {
    web_url::parse(value)
        .filter(|url| url.query().is_none() && url.fragment().is_none())
        .map(|_| value.trim_end_matches('/').to_owned())
        .ok_or(MarketplaceError::Url { field })
}

fn path(value: String, field: &'static str) -> Result<String, MarketplaceError> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
    if value.starts_with('/') && !value.starts_with("//") && value.bytes().all(plain) {
        Ok(value)
    } else {
        Err(MarketplaceError::Path { field })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(change: impl FnOnce(&mut Value)) -> Result<Marketplace, MarketplaceError> {
        entry_with(&AllSettings::default(), change)
    }

    fn entry_with(settings: &AllSettings, change: impl FnOnce(&mut Value)) -> Result<Marketplace, MarketplaceError> {
        let document = include_str!("../../../tests/fixtures/vectors/marketplaces_config.json");
        let mut document: Value = serde_json::from_str(document).unwrap();
        let mut entry = document["marketplaces"][0].take();
        change(&mut entry);
        Marketplace::new(serde_json::from_value(entry).unwrap(), settings)
    }

    #[test]
    fn a_full_entry_gives_every_url() {
        let marketplace = entry(|_| ()).unwrap();
        assert_eq!(marketplace.key.as_str(), "acme-hub");
        assert_eq!(marketplace.acs_url, "https://app.example.test/maestrano/auth/saml/consume/acme-hub");
        assert_eq!(marketplace.idp_sso_url, "https://hub.acme.example/api/v1/auth/saml");
        assert_eq!(marketplace.app_id, "app-9f3d");
    }

    #[test]
    fn a_missing_or_empty_idm_falls_back_to_the_apps_host() {
        for idm in [Value::Null, json!(""), json!(" ")] {
            let marketplace = entry(|entry| entry["sso"]["idm"] = idm).unwrap();
            assert_eq!(marketplace.idm, "https://app.example.test");
        }
    }

    #[test]
    fn a_missing_idp_falls_back_to_the_apis_host() {
        let marketplace = entry(|entry| entry["sso"]["idp"] = Value::Null).unwrap();
        assert_eq!(marketplace.idp_sso_url, "https://hub.acme.example/api/v1/auth/saml");
    }

    #[test]
    fn each_field_that_sign_in_needs_is_named_when_missing() {
        for (section, name, field) in [
            ("app", "host", "app.host"),
            ("api", "id", "api.id"),
            ("api", "key", "api.key"),
            ("api", "host", "api.host"),
            ("sso", "consume_path", "sso.consume_path"),
            ("sso", "x509_certificate", "sso.x509_certificate"),
        ] {
            let error = entry(|entry| entry[section][name] = Value::Null).unwrap_err();
            assert_eq!(error, MarketplaceError::Missing { field });
        }
    }

    #[test]
    fn a_url_that_is_not_https_is_refused_unless_it_is_loopback() {
        for bad in [
            "http://app.example.test",
            "ftp://app.example.test",
            "app.example.test",
            "https://u:p@app.example.test",
            "https://app.example.test/?x",
        ] {
            let error = entry(|entry| entry["app"]["host"] = json!(bad)).unwrap_err();
            assert_eq!(error, MarketplaceError::Url { field: "app.host" }, "{bad}");
        }
        for local in ["http://localhost:3000", "http://127.0.0.1:4000/", "http://[::1]:5000"] {
            assert!(entry(|entry| entry["app"]["host"] = json!(local)).is_ok(), "{local}");
        }
    }

    #[test]
    fn a_path_that_could_leave_the_host_is_refused() {
        for bad in ["maestrano/consume", "//evil.example/x", "/a\\b", "/a b", "@evil.example", "/\u{e9}", "/a\r\nb"] {
            let error = entry(|entry| entry["sso"]["consume_path"] = json!(bad)).unwrap_err();
            assert_eq!(error, MarketplaceError::Path { field: "sso.consume_path" }, "{bad}");
        }
    }

    #[test]
    fn the_apis_base_is_a_path_alone() {
        let error = entry(|entry| entry["api"]["base"] = json!("/api/v1/?x=")).unwrap_err();
        assert_eq!(error, MarketplaceError::Path { field: "api.base" });
    }

    #[test]
    fn a_short_key_needs_its_own_setting() {
        let with = |settings: &str| {
            entry_with(&AllSettings::from_json(settings).unwrap(), |entry| {
                entry["sso"]["x509_certificate"] = json!(include_str!("../../../tests/fixtures/keys/rsa1024_cert.pem"));
                entry["sso"]["x509_fingerprint"] = Value::Null;
            })
            .map(|marketplace| marketplace.idp_keys.len())
        };
        for strict in [
            "{}",
            r#"{"acme-hub": {"legacy_cryptography": {"sha1": true, "historical_names": true}}}"#,
            r#"{"northbank": {"legacy_cryptography": {"short_rsa_keys": true}}}"#,
        ] {
            assert_eq!(with(strict), Err(MarketplaceError::ShortKey), "{strict}");
        }
        assert_eq!(with(r#"{"acme-hub": {"legacy_cryptography": {"short_rsa_keys": true}}}"#), Ok(1));
    }

    #[test]
    fn debug_does_not_print_the_key() {
        assert!(!format!("{:?}", entry(|_| ()).unwrap()).contains("k-acme"));
    }
}
