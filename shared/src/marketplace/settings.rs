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
}

/// The names of all settings.
const NAMES: [&str; 13] = [
    "audiences",
    "clock_skew_secs",
    "connec_ids",
    "creation_mode",
    "currency",
    "disabled",
    "issuers",
    "legacy_cryptography",
    "local",
    "openid",
    "price_plan",
    "rate_limits",
    "unsolicited_responses",
];

/// Reads the settings of one marketplace. A setting nobody knows is refused, not overlooked; what one holds is never repeated.
pub(super) fn read(settings: Map<String, Value>) -> Result<MarketplaceSettings, MarketplaceError> {
    if !settings.keys().all(|name| NAMES.contains(&name.as_str())) {
        return Err(MarketplaceError::UnknownSetting);
    }
    // One by one first, so that the error can name the one that makes no sense.
    for name in NAMES {
        let Some(value) = settings.get(name) else { continue };
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        if serde_json::from_value::<MarketplaceSettings>(Value::Object(alone)).is_err() {
            return Err(MarketplaceError::Type { field: name, expected: "as docs/settings.md says" });
        }
    }
    let settings: MarketplaceSettings =
        serde_json::from_value(Value::Object(settings)).map_err(|_| MarketplaceError::UnknownSetting)?;
    let RateLimits { requests_per_second, concurrent_requests } = settings.rate_limits;
    if requests_per_second == 0 || concurrent_requests == 0 {
        return Err(MarketplaceError::Type { field: "rate_limits", expected: "at least 1 each" });
    }
    Ok(settings)
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
        for unknown in [json!({"sha1": true}), json!({"hush-hush": 1})] {
            assert_eq!(settings(unknown), Err(MarketplaceError::UnknownSetting));
        }
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_named_and_not_repeated() {
        for (name, value) in [
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
        ] {
            let error = settings(json!({ name: value.clone(), "local": true })).unwrap_err();
            assert!(matches!(error, MarketplaceError::Type { field, .. } if field == name), "{name}: {value}");
            assert!(!error.to_string().contains("hush"));
        }
    }
}
