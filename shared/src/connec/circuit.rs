//! Whether to ask a marketplace's Connec! at all, by how it did lately.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// After how many troubles in a row nobody asks for a while.
const THRESHOLD: u32 = 3;
/// For how long at first; it doubles.
const FIRST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_mins(10);

/// How a marketplace's Connec! does. Closed, everybody asks. Open, nobody does until a moment; then whoever comes first asks alone, and
/// what they hear decides for everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// Troubles in a row.
    pub troubles: u32,
    /// Nobody asks before, in milliseconds since 1970. Left out where there is none: to the table a null is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<i64>,
}

impl Circuit {
    /// How long nobody is to ask.
    #[must_use]
    pub fn open_for(&self, now: Timestamp) -> Option<Duration> {
        let left = self.open_until?.checked_sub(now.as_millisecond())?;
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Whether it was open, and one may try.
    #[must_use]
    pub fn is_half_open(&self, now: Timestamp) -> bool {
        self.open_until.is_some() && self.open_for(now).is_none()
    }

    /// While one tries, for at most so long.
    #[must_use]
    pub fn tried(self, now: Timestamp, longest: Duration) -> Self {
        Self { open_until: Some(after(now, longest)), ..self }
    }

    /// After trouble. One that says when to be asked again is taken at its word, and one that took too long is not asked again at once.
    #[must_use]
    pub fn after_trouble(self, now: Timestamp, retry_after: Option<Duration>, at_once: bool) -> Self {
        let troubles = self.troubles.saturating_add(1);
        let doublings = troubles.saturating_sub(if at_once { 1 } else { THRESHOLD }).min(16);
        let pause = FIRST.saturating_mul(1 << doublings).min(LONGEST);
        let opens = at_once || troubles >= THRESHOLD || self.open_until.is_some() || retry_after.is_some();
        let pause = retry_after.unwrap_or(pause).min(LONGEST);
        Self { troubles, open_until: opens.then(|| after(now, pause)) }
    }
}

fn after(now: Timestamp, pause: Duration) -> i64 {
    now.as_millisecond().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
}
