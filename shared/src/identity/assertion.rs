//! What a sign-in rests on.

use jiff::Timestamp;

/// An assertion of a marketplace's identity provider that passed every rule of its protocol. It can still be a replay: whoever
/// acts on it consumes [`id`](Self::id) and [`request_id`](Self::request_id) first, once.
#[derive(Clone)]
pub struct Assertion {
    /// The assertion's own id, unique among all assertions of its marketplace.
    pub id: String,
    /// When the marketplace made it, by its own clock.
    pub issued_at: Timestamp,
    /// The request it answers; none, if the marketplace may send what nobody asked for.
    pub request_id: Option<String>,
    /// Whom it is about.
    pub subject: String,
    /// From when on it cannot be accepted any more, the allowed skew included.
    pub consumable_until: Timestamp,
    /// When the marketplace wants the session to end, if it says so.
    pub session_not_on_or_after: Option<Timestamp>,
    /// Names and values, named as in protocol.md §3.7.
    pub attributes: Vec<(String, Vec<String>)>,
}

/// Values are personal.
impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertion").field("id", &self.id).finish_non_exhaustive()
    }
}
