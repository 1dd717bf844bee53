//! A session of the sample person.

use jiff::{SignedDuration, Timestamp};

use super::sample_attributes;
use crate::{
    domain::CreationMode,
    identity::{Assertion, Identity},
    session::{ActiveSession, Created, Session},
};

/// A session that holds.
#[must_use]
pub fn active_session() -> ActiveSession {
    let now: Timestamp = "2030-01-15T10:00:30Z".parse().expect("a time");
    let assertion = Assertion {
        id: "_a".to_owned(),
        issued_at: now,
        request_id: None,
        subject: "usr-5k2".to_owned(),
        consumable_until: now,
        session_not_on_or_after: None,
        attributes: sample_attributes("2030-01-15T10:03:07Z"),
    };
    let Identity { user, virtual_user, group, role, session } =
        Identity::try_from(&assertion).expect("the sample names somebody");
    ActiveSession {
        session: Session {
            marketplace: "acme-hub".parse().expect("a key"),
            user: user.id.clone(),
            group: group.id.clone(),
            created_at: now,
            expires_at: now + SignedDuration::from_hours(12),
            creation_mode: CreationMode::Real,
            marketplace_session: session,
            checked_at: now,
            ask_again_at: None,
        },
        user,
        virtual_user,
        group,
        role,
        created: Created { group: false, user: false, member: false },
    }
}
