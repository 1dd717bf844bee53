//! Whose access has ended, where the app wants to hear of it, and how it is told to people.

use crate::config_api::Paths;
use crate::state::Marketplace;

/// An end of access.
pub(crate) enum Removal {
    /// The customer cancelled.
    Group { uid: String },
    /// Somebody was taken out of one group.
    Member { group_uid: String, user_uid: String },
}

impl Removal {
    /// The path the app's developer registered, for this removal.
    pub(super) fn path(&self, marketplace: &Marketplace) -> String {
        let paths = Paths::published(marketplace);
        match self {
            Self::Group { uid } => filled_in(&paths.group, &[(":id", uid)]),
            Self::Member { group_uid, user_uid } => {
                filled_in(&paths.group_user, &[(":group_id", group_uid), (":id", user_uid)])
            }
        }
    }

    /// The kind of the event that tells of its delivery.
    pub(super) fn event_kind(&self) -> &'static str {
        match self {
            Self::Group { .. } => "webhook.group_cancelled",
            Self::Member { .. } => "webhook.member_removed",
        }
    }

    /// What is the case now: goes on after "that".
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Group { uid } => format!("{uid} is cancelled"),
            Self::Member { group_uid, user_uid } => format!("{user_uid} is no longer in {group_uid}"),
        }
    }
}

/// A registered path with its placeholders replaced. A placeholder is a whole segment.
fn filled_in(template: &str, values: &[(&str, &String)]) -> String {
    let value_of = |segment| values.iter().find(|(name, _)| *name == segment).map(|(_, value)| value.as_str());
    let segments: Vec<&str> = template.split('/').map(|segment| value_of(segment).unwrap_or(segment)).collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_wherever_they_stand() {
        let values = [(":group_id", &"cld-1".to_owned()), (":id", &"usr-2".to_owned())];
        let filled = |template| filled_in(template, &values);
        assert_eq!(filled("/a/groups/:group_id/users/:id/acme"), "/a/groups/cld-1/users/usr-2/acme");
        assert_eq!(filled("/acme/group/:group_id/user/:id"), "/acme/group/cld-1/user/usr-2");
        assert_eq!(filled("/:idle/:id"), "/:idle/usr-2");
    }
}
