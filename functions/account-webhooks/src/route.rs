//! What is removed: the path says it, in one of many spellings (protocol.md §5).

use percent_encoding::percent_decode_str;
use shared::{
    domain::{GroupId, UserId},
    routes::{
        GROUP_REMOVAL, MEMBER_REMOVAL, Names, OLDER_GROUP_REMOVAL, OLDER_MEMBER_REMOVAL, OLDEST_GROUP_REMOVAL,
        OLDEST_MEMBER_REMOVAL, OTHER_GROUP_REMOVAL, OTHER_MEMBER_REMOVAL,
    },
};

/// Every path the function serves.
pub const PATHS: [&str; 8] = [
    MEMBER_REMOVAL,
    OLDER_MEMBER_REMOVAL,
    OLDEST_MEMBER_REMOVAL,
    OTHER_MEMBER_REMOVAL,
    GROUP_REMOVAL,
    OLDER_GROUP_REMOVAL,
    OLDEST_GROUP_REMOVAL,
    OTHER_GROUP_REMOVAL,
];

/// What a path names, as the caller wrote it: neither known to exist nor even possible.
pub(crate) struct Route<'a>(Names<'a>);

/// Ids that may be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Group(GroupId),
    Member(GroupId, UserId),
}

impl<'a> Route<'a> {
    pub(crate) fn of(path: &'a str) -> Option<Self> {
        PATHS.iter().find_map(|pattern| Names::in_path(path, pattern)).map(Self)
    }

    /// The marketplace, if the spelling names it; the credentials tell it in any case.
    pub(crate) fn marketplace(&self) -> Option<&'a str> {
        self.0.marketplace
    }

    /// What is removed; none, if no marketplace has such ids.
    pub(crate) fn target(&self) -> Option<Target> {
        let group: GroupId = decoded(self.0.group?)?.parse().ok()?;
        let Some(user) = self.0.user else { return Some(Target::Group(group)) };
        let user = decoded(user)?;
        // The person's virtual id in this very group means the same.
        let user = user.strip_suffix(group.as_str()).and_then(|user| user.strip_suffix('.')).unwrap_or(&user);
        Some(Target::Member(group, user.parse().ok()?))
    }
}

fn decoded(segment: &str) -> Option<String> {
    percent_decode_str(segment).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Option<Target> {
        Route::of(path)?.target()
    }

    fn group() -> Option<Target> {
        Some(Target::Group("cld-7a1c".parse().unwrap()))
    }

    fn member() -> Option<Target> {
        Some(Target::Member("cld-7a1c".parse().unwrap(), "usr-5k2".parse().unwrap()))
    }

    #[test]
    fn every_spelling_names_the_same() {
        for (path, marketplace) in [
            ("/mno-enterprise/acme-hub/account/group/cld-7a1c", Some("acme-hub")),
            ("/maestrano/account/groups/cld-7a1c/acme-hub", Some("acme-hub")),
            ("/maestrano/account/groups/cld%2D7a1c", None),
            ("/webhooks/maestrano/groups/cld-7a1c", None),
        ] {
            assert_eq!((Route::of(path).unwrap().marketplace(), target(path)), (marketplace, group()), "{path}");
        }
        for (path, marketplace) in [
            ("/mno-enterprise/acme-hub/account/group/cld-7a1c/user/usr-5k2", Some("acme-hub")),
            ("/maestrano/account/groups/cld-7a1c/users/usr-5k2/acme-hub", Some("acme-hub")),
            ("/maestrano/account/groups/cld-7a1c/users/usr-5k2", None),
            ("/webhooks/maestrano/groups/cld-7a1c/users/usr-5k2", None),
            ("/webhooks/maestrano/groups/cld-7a1c/users/usr-5k2.cld-7a1c", None),
        ] {
            assert_eq!((Route::of(path).unwrap().marketplace(), target(path)), (marketplace, member()), "{path}");
        }
    }

    #[test]
    fn a_group_whose_marketplace_is_called_users_is_no_member() {
        let path = "/maestrano/account/groups/cld-7a1c/users";
        assert_eq!((Route::of(path).unwrap().marketplace(), target(path)), (Some("users"), group()));
    }

    #[test]
    fn what_can_be_nobodys_id_names_nothing() {
        for segment in ["", "%2e%2e", "cld%2F7", "cld-7a1c%00", "%0d%0a", "*", "%", "%ff", "é", &"c".repeat(129)] {
            assert_eq!(target(&format!("/webhooks/maestrano/groups/{segment}/users/usr-5k2")), None, "{segment}");
            assert_eq!(target(&format!("/webhooks/maestrano/groups/cld-7a1c/users/{segment}")), None, "{segment}");
        }
        assert_eq!(target("/webhooks/maestrano/groups/cld-7a1c/users/usr-5k2.cld-9e4f"), None, "another group's");
    }

    #[test]
    fn nothing_else_is_a_route() {
        for path in [
            "/",
            "/webhooks/maestrano/groups",
            "/webhooks/maestrano/groups/a/b",
            "/maestrano/account/groups/a/users/b/c/d",
            "/mno-enterprise/acme-hub/account/group/a/user",
            "/mno-enterprise/acme-hub/account/groups/a",
        ] {
            assert!(Route::of(path).is_none(), "{path}");
        }
    }
}
