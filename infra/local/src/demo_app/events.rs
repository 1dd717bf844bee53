//! Hearing events: whoever has left is signed out. Each delivery is checked before anything of it is believed, and counts once.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use jiff::Timestamp;
use serde::Deserialize;
use shared::clock::{Clock as _, SystemClock};

use super::{DemoApp, Visitor};

/// The part of an event that the app uses.
#[derive(Deserialize)]
struct Event {
    r#type: String,
    timestamp: Timestamp,
    marketplace: String,
    group: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

/// `POST /events`
pub(super) async fn hear(State(app): State<DemoApp>, headers: HeaderMap, body: String) -> StatusCode {
    let Some(id) = app.events_secret.verify(&headers, body.as_bytes(), SystemClock.now()) else {
        app.feed.push("app", "a delivery was refused: its signature is not good");
        return StatusCode::UNAUTHORIZED;
    };
    let Ok(event) = serde_json::from_str::<Event>(&body) else { return StatusCode::BAD_REQUEST };
    if app.has_heard(id) {
        return StatusCode::NO_CONTENT;
    }
    let ended = app.end_all(|visitor| event.ends(visitor));
    if ended > 0 {
        app.feed.push("app", format!("heard {} and signed {ended} out", event.r#type));
    }
    StatusCode::NO_CONTENT
}

impl Event {
    /// Whether this visitor must go.
    fn ends(&self, visitor: &Visitor) -> bool {
        // Deliveries may come late: who has come back since stays.
        let is_theirs = visitor.created_at < self.timestamp
            && (&visitor.marketplace, &visitor.group.id) == (&self.marketplace, &self.group);
        let is_person = self.data.user.as_ref().is_some_and(|user| user.id == visitor.user.id);
        match &*self.r#type {
            "group.cancelled" => is_theirs,
            "member.removed" => is_theirs && is_person,
            _ => false,
        }
    }
}
