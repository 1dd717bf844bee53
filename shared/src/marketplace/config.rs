//! One marketplace that may be talked to: what its sources say (protocol.md §1.2), checked, with what we accept from it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    CertificateError, IdpKey, MarketplaceSettings, Validity,
    entry::{Entry, merged},
    fields::Fields,
    historical::HistoricalEnvironment,
    manifest::{ManifestCertificate, ManifestEntry, PreviousApiKey},
};
use crate::{
    domain::{InvalidId, MarketplaceKey, Place, RemoteRecord},
    http::BasicCredentials,
    secret::Secret,
};

/// One marketplace that passed every check.
#[derive(Debug, Clone)]
pub struct Marketplace {
    /// Its key: the boundary of everything we store.
    pub key: MarketplaceKey,
    /// The app's name there.
    pub nid: Option<String>,
    /// Our app's id there: issuer of our requests, and half of the Basic pair.
    pub app_id: String,
    /// The other half.
    pub api_key: Secret,
    /// The one before it, while that still is good.
    pub previous_api_key: Option<PreviousApiKey>,
    /// Where its configuration says our app lives.
    pub app_host: String,
    /// Where its account API is.
    pub api_host: String,
    /// The path of that API, with a slash at both ends.
    pub api_base: String,
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
    /// Our routes, as the vendor registered them on the developer platform.
    pub registered: RegisteredPaths,
    /// Its Connec!, if it has one.
    pub connec: Option<Connec>,
    /// What the vendor says of it.
    pub settings: MarketplaceSettings,
}

/// Paths at the app that the marketplace was told of. All but `consume` may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisteredPaths {
    /// `sso.init_path`
    pub initialize: Option<String>,
    /// `sso.consume_path`
    pub consume: String,
    /// `webhooks.account.group_path`, with `:id` in it.
    pub group: Option<String>,
    /// `webhooks.account.group_user_path`, with `:group_id` and `:id` in it.
    pub group_user: Option<String>,
    /// `webhooks.connec.notification_path`
    pub notification: Option<String>,
    /// `webhooks.connec.initialization_path`, whose purpose no source shows.
    pub connec_initialization: Option<String>,
    /// `app.synchronization_start_path`
    pub synchronization_start: Option<String>,
    /// `app.synchronization_toggle_path`
    pub synchronization_toggle: Option<String>,
    /// `app.synchronization_status_path`, with `:cld-uid` in it.
    pub synchronization_status: Option<String>,
}

/// A marketplace's Connec! (protocol.md §7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connec {
    /// Where it is.
    pub host: String,
    /// The path of its API, without a slash at the end.
    pub base_path: String,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Whether ids come as arrays of external ids (protocol.md §7.5).
    pub external_ids: bool,
}

/// A marketplace whose configuration cannot be used. None of these repeats what the configuration holds.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum MarketplaceError {
    /// Its key is malformed.
    #[error(transparent)]
    Key(#[from] InvalidId),
    /// A field we cannot do without.
    #[error("{field} is missing")]
    Missing {
        /// Its path in the document.
        field: &'static str,
    },
    /// A value of another type than the documented one.
    #[error("{field} is not {expected}")]
    Type {
        /// Its path in the document.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A URL that is none, or not one we would send anybody to.
    #[error(
        "{field} is not a plain https URL (http, and this machine, are for marketplaces whose settings say `local`)"
    )]
    Url {
        /// Its path in the document.
        field: &'static str,
    },
    /// A path that does not start with a slash, or would lead elsewhere.
    #[error("{field} is not a path")]
    Path {
        /// Its path in the document.
        field: &'static str,
    },
    /// A certificate.
    #[error("{field}: {error}")]
    Certificate {
        /// Its path in the document.
        field: &'static str,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// A key is too short, and the settings do not allow that.
    #[error("{field}: RSA key has fewer than 2048 bits, which legacy_cryptography.short_rsa_keys could allow")]
    ShortKey {
        /// The certificate's path in the document.
        field: &'static str,
    },
    /// Its entry in the manifest says something that means nothing to us.
    #[error("its entry in the manifest has a setting that nobody knows{}", meant(*nearest))]
    UnknownSetting {
        /// What was perhaps meant.
        nearest: Option<&'static str>,
    },
    /// Two entries of one document share this key.
    #[error("the key is used twice")]
    Duplicate,
    /// The platform does not name it, and has an entry that names nobody.
    #[error(
        "the developer platform does not name it, but it has an entry without a readable key, which may be this one's"
    )]
    Unnamed,
    /// Its previous API key is another marketplace's, so that one could speak for it.
    #[error("its previous_api_key is a key of another marketplace with the same api.id")]
    SharedPreviousKey,
    /// Another marketplace has the same API id and key, so neither could be told from the other.
    #[error("another marketplace has the same api.id and api.key")]
    SharedCredentials,
    /// The manifest says how to deal with it, and no source where it is.
    #[error("the developer platform does not name it, and the manifest has no `configuration` for it")]
    NoSource,
    /// It is new, and whether the manifest says anything of it cannot be seen.
    #[error("it is new, and the manifest cannot be read")]
    NoManifest,
}

/// The path of the account API when none is given (protocol.md §1.4).
const DEFAULT_API_BASE: &str = "/api/v1";
/// The path of Connec!'s API when none is given.
const DEFAULT_CONNEC_BASE: &str = "/api/v2";
/// How long Connec! may take when nothing is said of it.
const DEFAULT_CONNEC_TIMEOUT: Duration = Duration::from_secs(60);

impl Marketplace {
    /// Checks what the sources say of the marketplace with this key. The manifest counts before the developer platform, and that
    /// before the historical environments, each field for itself.
    ///
    /// # Errors
    /// [`MarketplaceError`] names the first field that cannot be used.
    pub fn new(key: &str, entry: &Entry) -> Result<Self, MarketplaceError> {
        let key: MarketplaceKey = key.parse()?;
        let manifest = ManifestEntry::read(entry.manifest.as_ref())?;
        if entry.platform.is_none() && !manifest.describes() {
            return Err(MarketplaceError::NoSource);
        }
        let base = manifest.historical_environment.map_or(Value::Null, HistoricalEnvironment::entry);
        let platform = entry.platform.as_ref().unwrap_or(&Value::Null);
        let said = merged(merged(base, platform), &manifest.configuration);
        let fields = Fields::new(&said, manifest.settings.local);

        let app_host = required(fields.host("app.host")?, "app.host")?;
        let api_host = required(fields.host("api.host")?, "api.host")?;
        let api_base = fields.base("api.base")?.unwrap_or_else(|| DEFAULT_API_BASE.to_owned());
        let idm = fields.host("sso.idm")?.unwrap_or_else(|| app_host.clone());
        let idp = fields.host("sso.idp")?.unwrap_or_else(|| api_host.clone());
        let registered = RegisteredPaths::new(&fields)?;
        let app_id = fields.required("api.id")?.to_owned();
        Ok(Self {
            idp_keys: idp_keys(&fields, &manifest)?,
            nid: fields.text("nid")?.map(str::to_owned),
            api_key: fields.required("api.key")?.into(),
            previous_api_key: manifest.previous_api_key,
            openid_endpoint: format!("{idp}/api/openid/provider/{}", percent_encoded(&app_id)),
            openid_return_url: format!("{idm}/mno-enterprise/{key}/openid/return"),
            acs_url: format!("{idm}{}", registered.consume),
            idp_sso_url: format!("{idp}{api_base}/auth/saml"),
            connec: Connec::new(&fields)?,
            settings: manifest.settings,
            api_base: format!("{api_base}/"),
            key,
            app_id,
            app_host,
            api_host,
            idm,
            idp,
            registered,
        })
    }

    /// Whether these are this marketplace's credentials: its id, with the present key or the one before it. All are compared, each
    /// in constant time.
    #[must_use]
    pub fn has_credentials(&self, presented: &BasicCredentials, now: Timestamp) -> bool {
        let is_id = Secret::from(self.app_id.as_str()).matches(presented.id());
        let is_key = self.api_key.matches(presented.key().expose());
        let is_previous = self
            .previous_api_key
            .as_ref()
            .is_some_and(|previous| previous.key.matches(presented.key().expose()) & (now < previous.until));
        is_id & (is_key | is_previous)
    }
}

impl Marketplace {
    /// Where a record is in this marketplace's Connec!; nowhere, if it is not one of this marketplace's, or that has no Connec!.
    #[must_use]
    pub fn remote_url(&self, remote: &RemoteRecord) -> Option<String> {
        let Connec { host, base_path, .. } = self.connec.as_ref()?;
        let RemoteRecord { place: Place { realm, entity }, rid } = remote;
        let path = [&realm.realm, entity, rid].map(|segment| percent_encoded(segment)).join("/");
        (realm.provider == self.key.as_str()).then(|| format!("{host}{base_path}/{path}"))
    }
}

impl RegisteredPaths {
    fn new(fields: &Fields<'_>) -> Result<Self, MarketplaceError> {
        Ok(Self {
            initialize: fields.path("sso.init_path")?,
            consume: required(fields.path("sso.consume_path")?, "sso.consume_path")?,
            group: fields.path("webhooks.account.group_path")?,
            group_user: fields.path("webhooks.account.group_user_path")?,
            notification: fields.path("webhooks.connec.notification_path")?,
            connec_initialization: fields.path("webhooks.connec.initialization_path")?,
            synchronization_start: fields.path("app.synchronization_start_path")?,
            synchronization_toggle: fields.path("app.synchronization_toggle_path")?,
            synchronization_status: fields.path("app.synchronization_status_path")?,
        })
    }
}

impl Connec {
    fn new(fields: &Fields<'_>) -> Result<Option<Self>, MarketplaceError> {
        // Looked at even where there is no Connec!: a mistake is told at once.
        let base_path = fields.base("connec.base_path")?.unwrap_or_else(|| DEFAULT_CONNEC_BASE.to_owned());
        let timeout = fields.timeout("connec.timeout")?.unwrap_or(DEFAULT_CONNEC_TIMEOUT);
        let external_ids = fields.flag("webhooks.connec.external_ids")?.unwrap_or_default();
        let host = fields.host("connec.host")?;
        Ok(host.map(|host| Self { host, base_path, timeout, external_ids }))
    }
}

/// The platform's certificate and those of the manifest. One that stands in both is used as the manifest says.
fn idp_keys(fields: &Fields<'_>, manifest: &ManifestEntry) -> Result<Vec<IdpKey>, MarketplaceError> {
    const FIELD: &str = "sso.x509_certificate";
    let check = |field, pem: &str, fingerprint: Option<&str>| {
        let key = IdpKey::from_pem(pem, fingerprint).map_err(|error| MarketplaceError::Certificate { field, error })?;
        if key.is_short() && !manifest.settings.legacy_cryptography.short_rsa_keys {
            return Err(MarketplaceError::ShortKey { field });
        }
        Ok(key)
    };
    let mut keys = Vec::new();
    for ManifestCertificate { certificate, fingerprint, from, until } in &manifest.certificates {
        let key = check("certificates", certificate, fingerprint.as_deref().filter(|text| !text.trim().is_empty()))?;
        keys.push(key.used(Validity { from: *from, until: *until }));
    }
    if let Some(certificate) = fields.text(FIELD)? {
        let key = check(FIELD, certificate, fields.text("sso.x509_fingerprint")?)?;
        if keys.iter().all(|other: &IdpKey| other.fingerprint() != key.fingerprint()) {
            keys.push(key);
        }
    }
    if keys.is_empty() { Err(MarketplaceError::Missing { field: FIELD }) } else { Ok(keys) }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; perhaps `{name}` was meant")).unwrap_or_default()
}

fn required(value: Option<String>, field: &'static str) -> Result<String, MarketplaceError> {
    value.ok_or(MarketplaceError::Missing { field })
}

/// One segment of a path.
fn percent_encoded(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}
