//! The marketplaces we serve: read from the developer platform (protocol.md §1), found by key, each with the
//! keys its identity provider signs with.
//!
//! One marketplace that cannot be used is set aside with its reason; the others go on.

mod certificate;
mod config;
mod directory;
mod platform;
mod settings;

pub(crate) use certificate::decode_pem;
pub use certificate::{CertificateError, IdpKey, SignatureAlgorithm};
pub use config::{Marketplace, MarketplaceError};
pub use directory::{ConfigurationError, Directory};
pub use platform::{DeveloperPlatform, PlatformError, PlatformUrl};
pub use settings::{AllSettings, ClockSkew, LegacyCryptography, MarketplaceSettings, SettingsError};
