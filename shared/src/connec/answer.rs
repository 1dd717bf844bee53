//! What Connec! says when it does not do what it is asked (protocol.md §7.7).

use std::time::Duration;

use http::{HeaderMap, header::RETRY_AFTER};
use serde_json::Value;

/// The longest that we keep of what Connec! says of an error.
const MAX_REASON_CHARS: usize = 255;

/// There is no answer, or one that is an error.
#[derive(Debug, thiserror::Error)]
pub enum ConnecError {
    /// The marketplace has no Connec!.
    #[error("the marketplace has no Connec!")]
    None,
    /// It could not be asked, or broke off. Whether it did what it was asked is not known.
    #[error("Connec! did not answer")]
    Transport(#[source] reqwest::Error),
    /// It took longer than it may. Whether it did what it was asked is not known.
    #[error("Connec! took too long")]
    Timeout,
    /// It does not know us, or the group is none of ours.
    #[error("Connec! does not take our credentials (status {status})")]
    Credentials {
        /// 401 or 403.
        status: u16,
    },
    /// It has no such record.
    #[error("Connec! has no such record")]
    NotFound,
    /// It does not do this, and never will.
    #[error("Connec! refuses (status {status}): {}", .document.reason())]
    Refused {
        /// As answered.
        status: u16,
        /// What it says.
        document: ErrorDocument,
    },
    /// It is asked too much.
    #[error("Connec! is asked too often")]
    RateLimited {
        /// When to ask again, if it says so.
        retry_after: Option<Duration>,
    },
    /// It is in trouble.
    #[error("Connec! is in trouble (status {status})")]
    Unavailable {
        /// As answered.
        status: u16,
        /// When to ask again, if it says so.
        retry_after: Option<Duration>,
    },
    /// What it says makes no sense. Whether it did what it was asked is not known.
    #[error("Connec!'s answer makes no sense (status {status})")]
    Answer {
        /// As answered.
        status: u16,
    },
}

/// What Connec! says of an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorDocument {
    reasons: Vec<String>,
}

impl ConnecError {
    /// Whether a later attempt may do better.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::None | Self::NotFound | Self::Refused { .. })
    }

    /// When to ask again, if Connec! says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What a status other than success means.
    pub(super) fn of_status(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        match status {
            401 | 403 => Self::Credentials { status },
            404 => Self::NotFound,
            429 => Self::RateLimited { retry_after: retry_after(headers) },
            408 | 425 | 500..=599 => Self::Unavailable { status, retry_after: retry_after(headers) },
            400..=499 => {
                let body = serde_json::from_slice(body).unwrap_or_default();
                Self::Refused { status, document: ErrorDocument::read(&body) }
            }
            _ => Self::Answer { status },
        }
    }
}

impl ErrorDocument {
    /// What it says of each error, in the words of its `detail`, or else its `title` or `code`.
    #[must_use]
    pub fn read(body: &Value) -> Self {
        let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let words = |error: &Value| {
            let named = ["detail", "title", "code"].into_iter().find_map(|name| error.get(name)?.as_str());
            named.filter(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        Self { reasons: errors.iter().filter_map(words).collect() }
    }

    /// All of it in one line, for people, and not too long.
    #[must_use]
    pub fn reason(&self) -> String {
        let joined = if self.reasons.is_empty() { "no reason given".to_owned() } else { self.reasons.join("; ") };
        joined.chars().map(|one| if one.is_control() { ' ' } else { one }).take(MAX_REASON_CHARS).collect()
    }
}

/// Seconds, or nothing: a date would need its clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
