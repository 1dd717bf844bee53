//! All marketplaces we serve, by key.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Entries, Marketplace, MarketplaceError};
use crate::http::BasicCredentials;

/// The marketplaces we serve, each found by its key.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    marketplaces: HashMap<String, Arc<Marketplace>>,
    refused: Vec<(String, MarketplaceError)>,
}

/// A marketplace that is not served.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum NotServed {
    /// No usable configuration names it.
    #[error("no such marketplace")]
    Unknown,
    /// Its settings say so.
    #[error("marketplace is disabled")]
    Disabled,
}

/// A request that comes from no marketplace we serve.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum AuthenticationError {
    /// There are no credentials, or they are not those of the marketplace in the path. Whether there is such a marketplace is
    /// not told.
    #[error("credentials are not this marketplace's")]
    Credentials,
    /// They are, and its settings say that it is not served.
    #[error("marketplace is disabled")]
    Disabled,
}

impl Directory {
    /// Checks every entry. One that cannot be used is set aside with its reason; the others go on.
    #[must_use]
    pub fn of(entries: &Entries) -> Self {
        let mut directory = Self::default();
        for (key, entry) in entries {
            match Marketplace::new(key, entry) {
                Ok(marketplace) => {
                    directory.marketplaces.insert(key.clone(), Arc::new(marketplace));
                }
                Err(error) => directory.refused.push((key.clone(), error)),
            }
        }
        directory.set_twins_aside();
        directory
    }

    /// The marketplace with this key, exactly as written.
    ///
    /// # Errors
    /// [`NotServed`], which a caller without credentials may know.
    pub fn find(&self, key: &str) -> Result<&Arc<Marketplace>, NotServed> {
        let marketplace = self.marketplaces.get(key).ok_or(NotServed::Unknown)?;
        if marketplace.settings.disabled { Err(NotServed::Disabled) } else { Ok(marketplace) }
    }

    /// The marketplace with this key, if these are its credentials.
    ///
    /// # Errors
    /// [`AuthenticationError`], which is the same for a marketplace that we do not know.
    pub fn authenticate(
        &self,
        key: &str,
        presented: Option<&BasicCredentials>,
        now: Timestamp,
    ) -> Result<&Arc<Marketplace>, AuthenticationError> {
        let marketplace = self.recognize(Some(key), presented, now).ok_or(AuthenticationError::Credentials)?;
        if marketplace.settings.disabled { Err(AuthenticationError::Disabled) } else { Ok(marketplace) }
    }

    /// The marketplace that these are the credentials of, served or not; no other than the one with this key, if there is one. No two
    /// have the same.
    #[must_use]
    pub fn recognize(
        &self,
        key: Option<&str>,
        presented: Option<&BasicCredentials>,
        now: Timestamp,
    ) -> Option<&Arc<Marketplace>> {
        let presented = presented?;
        // All are compared, so that it takes as long for one that is there as for one that is not.
        let holders = self.marketplaces.iter().filter(|(_, one)| one.has_credentials(presented, now));
        let (holder, marketplace) = holders.last()?;
        key.is_none_or(|key| key == holder).then_some(marketplace)
    }

    /// The marketplace with this key, disabled or not.
    #[must_use]
    pub fn known(&self, key: &str) -> Option<&Arc<Marketplace>> {
        self.marketplaces.get(key)
    }

    /// All usable marketplaces, disabled ones too, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Marketplace>> {
        self.marketplaces.values()
    }

    /// The marketplaces that were set aside, each with its reason.
    #[must_use]
    pub fn refused(&self) -> &[(String, MarketplaceError)] {
        &self.refused
    }

    /// Marketplaces that share a pair of credentials could each speak for the other. Where the one is a previous key, its holder is the one
    /// with the mistake.
    fn set_twins_aside(&mut self) {
        let mut holders: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for (key, marketplace) in &self.marketplaces {
            holders.entry((&marketplace.app_id, marketplace.api_key.expose())).or_default().push(key);
        }
        let mut twins: BTreeMap<String, MarketplaceError> = BTreeMap::new();
        for keys in holders.values().filter(|keys| keys.len() > 1) {
            twins.extend(keys.iter().map(|key| ((*key).to_owned(), MarketplaceError::SharedCredentials)));
        }
        for (key, marketplace) in &self.marketplaces {
            let Some(previous) = &marketplace.previous_api_key else { continue };
            let pair = (marketplace.app_id.as_str(), previous.key.expose());
            let others = holders.get(&pair).into_iter().flatten().any(|holder| holder != key);
            let shared = self.marketplaces.iter().any(|(other, marketplace)| {
                let previous = marketplace.previous_api_key.as_ref().map(|previous| previous.key.expose());
                other != key && (marketplace.app_id.as_str(), previous) == (pair.0, Some(pair.1))
            });
            if others || shared {
                twins.entry(key.clone()).or_insert(MarketplaceError::SharedPreviousKey);
            }
        }
        for (key, error) in twins {
            self.marketplaces.remove(&key);
            self.refused.push((key, error));
        }
    }
}
