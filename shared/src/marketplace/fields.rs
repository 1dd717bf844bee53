//! Reading one marketplace's entry field by field, so that an error can name the field and never repeats the value.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{MarketplaceError, entry::is_said};
use crate::web_url;

/// The longest time-out that a configuration may ask for.
const MAX_TIMEOUT_SECS: u64 = 600;

/// An entry, all sources laid over one another.
pub(super) struct Fields<'v> {
    entry: &'v Value,
    /// Whether http may be spoken.
    local: bool,
}

impl<'v> Fields<'v> {
    pub(super) fn new(entry: &'v Value, local: bool) -> Self {
        Self { entry, local }
    }

    /// The value at a path such as `sso.idm`; null and empty count as absent.
    fn value(&self, field: &'static str) -> Result<Option<&'v Value>, MarketplaceError> {
        let mut value = self.entry;
        for name in field.split('.') {
            value = match value {
                Value::Null => return Ok(None),
                Value::Object(section) => section.get(name).unwrap_or(&Value::Null),
                _ => return Err(MarketplaceError::Type { field, expected: "inside an object" }),
            };
        }
        Ok(Some(value).filter(|value| is_said(value)))
    }

    pub(super) fn text(&self, field: &'static str) -> Result<Option<&'v str>, MarketplaceError> {
        let text = |value: &'v Value| value.as_str().ok_or(MarketplaceError::Type { field, expected: "text" });
        self.value(field)?.map(text).transpose()
    }

    pub(super) fn required(&self, field: &'static str) -> Result<&'v str, MarketplaceError> {
        self.text(field)?.ok_or(MarketplaceError::Missing { field })
    }

    pub(super) fn flag(&self, field: &'static str) -> Result<Option<bool>, MarketplaceError> {
        let flag = |value: &Value| value.as_bool().ok_or(MarketplaceError::Type { field, expected: "true or false" });
        self.value(field)?.map(flag).transpose()
    }

    pub(super) fn timeout(&self, field: &'static str) -> Result<Option<Duration>, MarketplaceError> {
        let timeout = |value: &Value| {
            let secs = value.as_u64().filter(|secs| (1..=MAX_TIMEOUT_SECS).contains(secs));
            secs.map(Duration::from_secs).ok_or(MarketplaceError::Type { field, expected: "1 to 600 seconds" })
        };
        self.value(field)?.map(timeout).transpose()
    }

    /// An origin, perhaps with a path, without a trailing slash.
    pub(super) fn host(&self, field: &'static str) -> Result<Option<String>, MarketplaceError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let url = if self.local { web_url::parse_local(text) } else { web_url::parse_public(text) };
        let plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
        match url.filter(plain) {
            Some(_) => Ok(Some(text.trim_end_matches('/').to_owned())),
            None => Err(MarketplaceError::Url { field }),
        }
    }

    /// A path at such an origin; it may carry a query.
    pub(super) fn path(&self, field: &'static str) -> Result<Option<String>, MarketplaceError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
        let climbs = || text.split(['/', '?']).any(|segment| segment == "..");
        if text.starts_with('/') && !text.starts_with("//") && text.bytes().all(plain) && !climbs() {
            Ok(Some(text.to_owned()))
        } else {
            Err(MarketplaceError::Path { field })
        }
    }

    /// A path without a query or a trailing slash, to which more is appended.
    pub(super) fn base(&self, field: &'static str) -> Result<Option<String>, MarketplaceError> {
        match self.path(field)? {
            Some(path) if path.contains('?') => Err(MarketplaceError::Path { field }),
            path => Ok(path.map(|path| path.trim_end_matches('/').to_owned())),
        }
    }
}
