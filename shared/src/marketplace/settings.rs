//! What we accept from one marketplace. The developer platform knows none of this: the vendor says it, and says nothing where
//! the strict default will do. `docs/settings.md` is the table for people.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::{
    domain::{CreationMode, MarketplaceKey},
    env::{EnvError, Variables},
};

/// The longest clock skew that may be allowed (threats.md C3).
const MAX_CLOCK_SKEW_SECS: u16 = 120;

/// The settings of every marketplace that has any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AllSettings(BTreeMap<MarketplaceKey, MarketplaceSettings>);

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

/// The settings cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON object of marketplaces' settings: {0}")]
pub struct SettingsError(#[from] serde_json::Error);

impl AllSettings {
    /// Reads a JSON object: settings by marketplace key.
    ///
    /// # Errors
    /// [`SettingsError`] says where it makes no sense. There is no secret in it.
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Reads `MARKETPLACE_SETTINGS`; without it all settings are strict.
    ///
    /// # Errors
    /// [`EnvError`] when it is there and makes no sense: a setting that was meant is not left out.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        const NAME: &str = "MARKETPLACE_SETTINGS";
        let Some(text) = variables.optional(NAME)? else { return Ok(Self::default()) };
        Self::from_json(&text).map_err(|error| EnvError::Invalid { name: NAME, reason: error.to_string() })
    }

    /// The settings of this marketplace: the strict ones, if there are none.
    #[must_use]
    pub fn of(&self, marketplace: &MarketplaceKey) -> MarketplaceSettings {
        self.0.get(marketplace).cloned().unwrap_or_default()
    }

    /// The marketplaces that have settings.
    pub fn marketplaces(&self) -> impl Iterator<Item = &MarketplaceKey> {
        self.0.keys()
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
    use super::*;

    #[test]
    fn without_settings_everything_is_strict() {
        let settings = AllSettings::default().of(&"acme-hub".parse().unwrap());
        assert!(!settings.legacy_cryptography.is_any() && !settings.unsolicited_responses && !settings.openid);
        assert_eq!(settings.clock_skew.duration(), SignedDuration::from_secs(60));
        assert!(settings.issuers.is_empty() && settings.audiences.is_empty());
        assert_eq!(settings.creation_mode, CreationMode::Real);
    }

    #[test]
    fn what_is_set_for_one_marketplace_is_not_set_for_another() {
        let all = AllSettings::from_json(
            r#"{"acme-hub": {"legacy_cryptography": {"sha1": true}, "clock_skew_secs": 0, "creation_mode": "virtual"}}"#,
        )
        .unwrap();
        let acme = all.of(&"acme-hub".parse().unwrap());
        assert!(acme.legacy_cryptography.sha1 && !acme.legacy_cryptography.short_rsa_keys);
        assert_eq!(acme.clock_skew.duration(), SignedDuration::ZERO);
        assert_eq!(acme.creation_mode, CreationMode::Virtual);
        assert_eq!(all.of(&"northbank".parse().unwrap()), MarketplaceSettings::default());
    }

    #[test]
    fn a_setting_nobody_knows_is_refused_not_overlooked() {
        for bad in [
            "",
            "[]",
            r#"{"Acme": {}}"#,
            r#"{"acme": {"sha1": true}}"#,
            r#"{"acme": {"clock_skew_secs": 121}}"#,
            r#"{"acme": {"clock_skew_secs": -1}}"#,
            r#"{"acme": {"creation_mode": "both"}}"#,
            r#"{"acme": {"legacy_cryptography": {"md5": true}}}"#,
        ] {
            assert!(AllSettings::from_json(bad).is_err(), "{bad}");
        }
    }
}
