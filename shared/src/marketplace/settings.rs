//! What we accept from one marketplace, and how we deal with it. The developer platform knows none of this: the vendor says it in
//! the manifest, and says nothing where the strict default will do. `docs/settings.md` is the table for people.

use std::str::FromStr;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::MarketplaceError;
use crate::domain::CreationMode;

/// The longest clock skew that may be allowed (threats.md C3).
const MAX_CLOCK_SKEW_SECS: u16 = 120;
/// The longest that anything is kept after it has ended.
const MAX_RETENTION_DAYS: u16 = 3_650;

/// The settings of one marketplace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MarketplaceSettings {
    /// Issuers beside the identity provider's own addresses, to the letter.
    pub issuers: Vec<String>,
    /// Audiences beside our own addresses and the app's id, to the letter.
    pub audiences: Vec<String>,
    /// What would be refused today, and has to be accepted here.
    pub legacy_cryptography: LegacyCryptography,
    /// How far its clock may be from ours.
    #[serde(rename = "clock_skew_secs")]
    pub clock_skew: ClockSkew,
    /// Whether an assertion may come that nobody asked for. Whoever can make a person's browser send one signs them in as
    /// somebody else (threats.md C6).
    pub unsolicited_responses: bool,
    /// Whether people may also sign in by OpenID 2.0.
    pub openid: bool,
    /// Which of a person's two ids the app files them under.
    pub creation_mode: CreationMode,
    /// Whether it is served at all.
    pub disabled: bool,
    /// Whether it is on this machine or in a test network, where http is spoken.
    pub local: bool,
    /// How our ids are written into its Connec! records.
    pub connec_ids: ConnecIds,
    /// The price plan of its groups.
    pub price_plan: Option<String>,
    /// The currency of its prices.
    pub currency: Option<Currency>,
    /// How much we ask of its API.
    pub rate_limits: RateLimits,
    /// How long what is left of a removed group or member is kept.
    #[serde(rename = "retention_days")]
    pub retention: Retention,
    /// Whether a group's removal must be confirmed by its account API before anything is purged. Access ends without that.
    pub confirm_removals: ConfirmRemovals,
}

/// The names of all settings, each with what it can be.
const NAMES: [(&str, &str); 15] = [
    ("audiences", "a list of texts"),
    ("clock_skew_secs", "0 to 120"),
    ("confirm_removals", "true or false"),
    ("connec_ids", "an object of provider and realm"),
    ("creation_mode", "real or virtual"),
    ("currency", "an ISO 4217 code"),
    ("disabled", "true or false"),
    ("issuers", "a list of texts"),
    ("legacy_cryptography", "an object of sha1, short_rsa_keys and historical_names"),
    ("local", "true or false"),
    ("openid", "true or false"),
    ("price_plan", "text"),
    ("rate_limits", "an object of requests_per_second and concurrent_requests, 1 to 65535 each"),
    ("retention_days", "1 to 3650"),
    ("unsolicited_responses", "true or false"),
];

/// Reads the settings of one marketplace. A setting nobody knows is refused, not overlooked; what one holds is never repeated.
pub(super) fn read(settings: Map<String, Value>) -> Result<MarketplaceSettings, MarketplaceError> {
    if let Some(unknown) = settings.keys().find(|name| NAMES.iter().all(|(known, _)| known != name)) {
        return Err(MarketplaceError::UnknownSetting { nearest: nearest(unknown) });
    }
    // One by one first, so that the error can name the one that makes no sense.
    for (name, expected) in NAMES {
        let Some(value) = settings.get(name) else { continue };
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        let read = serde_json::from_value(Value::Object(alone));
        // serde would read an array for an object, and an object for a choice.
        let is_odd = value.is_array() && !["audiences", "issuers"].contains(&name)
            || value.is_object() && name == "creation_mode";
        if is_odd || !read.is_ok_and(|read: MarketplaceSettings| read.rate_limits.are_possible()) {
            return Err(MarketplaceError::Type { field: name, expected });
        }
    }
    serde_json::from_value(Value::Object(settings)).map_err(|_| MarketplaceError::UnknownSetting { nearest: None })
}

/// The setting that was perhaps meant. What was written is not repeated.
fn nearest(unknown: &str) -> Option<&'static str> {
    let shared = |known: &str| known.bytes().zip(unknown.bytes()).take_while(|(a, b)| a == b).count();
    let (name, _) = NAMES.into_iter().max_by_key(|(known, _)| shared(known))?;
    (shared(name) >= 2).then_some(name)
}

/// Cryptography of the historical marketplaces (threats.md S11), all of it off by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LegacyCryptography {
    /// Signatures and digests with SHA-1.
    pub sha1: bool,
    /// RSA keys of 1,024 to 2,047 bits.
    pub short_rsa_keys: bool,
    /// The names that Maestrano's own code gives to SHA-256, which are no standard's (protocol.md §3.6).
    pub historical_names: bool,
}

/// How far a marketplace's clock may be from ours; a minute unless its settings say otherwise (protocol.md §3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub struct ClockSkew(SignedDuration);

/// More than two minutes.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("clock_skew_secs is over {MAX_CLOCK_SKEW_SECS}")]
pub struct ClockSkewTooLarge;

/// How long something is kept after it has ended; thirty days unless its settings say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub struct Retention(SignedDuration);

/// No days at all, or more than ten years.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("retention_days is not 1 to {MAX_RETENTION_DAYS}")]
pub struct InvalidRetention;

/// On unless it is switched off: who has the webhook's credentials could otherwise have a customer's records purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ConfirmRemovals(pub bool);

/// An ISO 4217 code, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Currency(String);

/// Not three upper-case letters.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not an ISO 4217 code")]
pub struct InvalidCurrency;

/// How our ids are written into Connec!'s records (protocol.md §7.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnecIds {
    /// The app's name there; the app's `nid`, or else its id, if it is not given.
    pub provider: Option<String>,
    /// The external account; the group, if it is not given.
    pub realm: Option<String>,
}

/// How much we ask of a marketplace's own API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Requests a second, over all that we do there.
    pub requests_per_second: u16,
    /// Requests under way at once, in one execution environment.
    pub concurrent_requests: u16,
}

impl RateLimits {
    fn are_possible(self) -> bool {
        self.requests_per_second > 0 && self.concurrent_requests > 0
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { requests_per_second: 5, concurrent_requests: 4 }
    }
}

impl LegacyCryptography {
    /// Whether anything of it is on.
    #[must_use]
    pub fn is_any(self) -> bool {
        self != Self::default()
    }
}

impl ClockSkew {
    /// As a length of time.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        self.0
    }
}

impl Retention {
    /// As a length of time.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        self.0
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self(SignedDuration::from_hours(24 * 30))
    }
}

impl TryFrom<u16> for Retention {
    type Error = InvalidRetention;

    fn try_from(days: u16) -> Result<Self, InvalidRetention> {
        let possible = (1..=MAX_RETENTION_DAYS).contains(&days);
        possible.then(|| Self(SignedDuration::from_hours(24 * i64::from(days)))).ok_or(InvalidRetention)
    }
}

impl Default for ConfirmRemovals {
    fn default() -> Self {
        Self(true)
    }
}

impl Currency {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(code: &str) -> Result<Self, InvalidCurrency> {
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code.then(|| Self(code.to_owned())).ok_or(InvalidCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(code: String) -> Result<Self, InvalidCurrency> {
        code.parse()
    }
}

impl Default for ClockSkew {
    fn default() -> Self {
        Self(SignedDuration::from_mins(1))
    }
}

impl TryFrom<u16> for ClockSkew {
    type Error = ClockSkewTooLarge;

    fn try_from(secs: u16) -> Result<Self, ClockSkewTooLarge> {
        if secs > MAX_CLOCK_SKEW_SECS {
            return Err(ClockSkewTooLarge);
        }
        Ok(Self(SignedDuration::from_secs(secs.into())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(said: Value) -> Result<MarketplaceSettings, MarketplaceError> {
        let Value::Object(said) = said else { panic!("settings are an object") };
        read(said)
    }

    #[test]
    fn without_settings_everything_is_strict() {
        let settings = settings(json!({})).unwrap();
        assert!(!settings.legacy_cryptography.is_any() && !settings.unsolicited_responses && !settings.openid);
        assert!(!settings.local && !settings.disabled);
        assert_eq!(settings.clock_skew.duration(), SignedDuration::from_secs(60));
        assert!(settings.issuers.is_empty() && settings.audiences.is_empty());
        assert_eq!(settings.creation_mode, CreationMode::Real);
        assert_eq!((settings.price_plan, settings.currency), (None, None));
        assert_eq!(settings.connec_ids, ConnecIds::default());
    }

    #[test]
    fn every_setting_can_be_set() {
        let settings = settings(json!({
            "issuers": ["https://i.test"], "audiences": ["urn:a"], "legacy_cryptography": {"sha1": true}, "clock_skew_secs": 0,
            "unsolicited_responses": true, "openid": true, "creation_mode": "virtual", "disabled": true, "local": true,
            "connec_ids": {"provider": "ledgerly", "realm": "r"}, "price_plan": "standard", "currency": "EUR",
            "rate_limits": {"requests_per_second": 2, "concurrent_requests": 1},
        }))
        .unwrap();
        assert!(settings.legacy_cryptography.sha1 && !settings.legacy_cryptography.short_rsa_keys);
        assert!(settings.unsolicited_responses && settings.openid && settings.disabled && settings.local);
        assert_eq!(settings.clock_skew.duration(), SignedDuration::ZERO);
        assert_eq!(settings.creation_mode, CreationMode::Virtual);
        assert_eq!(
            (settings.issuers, settings.audiences),
            (vec!["https://i.test".to_owned()], vec!["urn:a".to_owned()])
        );
        assert_eq!(settings.connec_ids.provider.as_deref(), Some("ledgerly"));
        assert_eq!((settings.price_plan.as_deref(), settings.currency), (Some("standard"), "EUR".parse().ok()));
        assert_eq!(settings.rate_limits, RateLimits { requests_per_second: 2, concurrent_requests: 1 });
    }

    #[test]
    fn a_setting_nobody_knows_is_refused_not_overlooked() {
        for (unknown, nearest) in
            [("sha1", None), ("hush-hush", None), ("opnid", Some("openid")), ("disable", Some("disabled"))]
        {
            let error = settings(json!({ unknown: true })).unwrap_err();
            assert_eq!(error, MarketplaceError::UnknownSetting { nearest });
            assert!(!error.to_string().contains("hush"));
        }
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_named_and_not_repeated() {
        for (name, value) in [
            ("retention_days", json!(0)),
            ("retention_days", json!([1])),
            ("confirm_removals", json!("yes")),
            ("clock_skew_secs", json!(121)),
            ("clock_skew_secs", json!(-1)),
            ("creation_mode", json!("both")),
            ("legacy_cryptography", json!({"md5": true})),
            ("openid", json!("hush-hush")),
            ("currency", json!("eur")),
            ("currency", json!("EURO")),
            ("issuers", json!("hush-hush")),
            ("rate_limits", json!({"requests_per_second": 0})),
            ("connec_ids", json!({"provider": 1})),
            ("disabled", json!("yes")),
            ("disabled", json!([true])),
            ("legacy_cryptography", json!([true])),
            ("rate_limits", json!([2, 1])),
            ("creation_mode", json!({"real": null})),
        ] {
            let error = settings(json!({ name: value.clone(), "local": true })).unwrap_err();
            assert!(matches!(error, MarketplaceError::Type { field, .. } if field == name), "{name}: {value}");
            assert!(!error.to_string().contains("hush"));
        }
    }
}
