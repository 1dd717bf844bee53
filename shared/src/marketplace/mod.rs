//! The marketplaces we serve: what the developer platform (protocol.md §1) and our own manifest say of them, checked, found by key,
//! each with its credentials and the keys its identity provider signs with.
//!
//! One marketplace that cannot be used is set aside with its reason; the others go on.

mod certificate;
mod config;
mod directory;
mod document;
mod entry;
mod fields;
mod historical;
mod manifest;
mod platform;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use certificate::decode_pem;
pub use certificate::{CertificateError, IdpKey, SignatureAlgorithm, Validity};
pub use config::{Connec, Marketplace, MarketplaceError, RegisteredPaths};
pub use directory::{AuthenticationError, Directory, NotServed};
pub use document::{DocumentError, PlatformDocument};
pub use entry::{Entries, Entry};
pub use manifest::{Manifest, ManifestError, PreviousApiKey};
pub use platform::{DeveloperPlatform, PlatformError, PlatformUrl};
pub use settings::{
    ClockSkew, ConfirmRemovals, ConnecIds, Currency, InvalidCurrency, InvalidRetention, LegacyCryptography,
    MarketplaceSettings, RateLimits, Retention,
};
