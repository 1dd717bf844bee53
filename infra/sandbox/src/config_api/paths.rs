//! Where the app's routes are.

use serde_json::{Value, json};

use crate::options::PathStyle;
use crate::state::Marketplace;

/// The app's routes as its developer registered them on one marketplace.
pub(crate) struct Paths {
    pub(crate) init: String,
    pub(crate) consume: String,
    /// Not in the document: the developer platform never had a field for it.
    pub(crate) openid_init: String,
    pub(crate) group: String,
    pub(crate) group_user: String,
    pub(super) notification: String,
}

impl Paths {
    /// The same with the account webhooks where the configuration document now has them: a patch may move them.
    pub(crate) fn published(marketplace: &Marketplace) -> Self {
        let paths = Self::of(marketplace);
        let account = json!({ "group_path": paths.group, "group_user_path": paths.group_user });
        let entry = marketplace.configuration_patch.apply(json!({ "webhooks": { "account": account } }));
        // What follows the app's host must not turn it into another one.
        let path = |name: &str, registered: String| {
            let published = entry.as_ref().and_then(|entry| entry.pointer(&format!("/webhooks/account/{name}")));
            let path = published.and_then(Value::as_str).filter(|path| path.starts_with('/'));
            path.map_or(registered, str::to_owned)
        };
        Self { group: path("group_path", paths.group), group_user: path("group_user_path", paths.group_user), ..paths }
    }

    pub(crate) fn of(marketplace: &Marketplace) -> Self {
        let key = &marketplace.key;
        let default = || format!("/mno-enterprise/{key}/openid/initialize");
        let openid_init = marketplace.openid_init_path.clone().unwrap_or_else(default);
        match marketplace.path_style {
            PathStyle::MnoEnterprise => Self {
                init: format!("/mno-enterprise/{key}/saml/initialize"),
                consume: format!("/mno-enterprise/{key}/saml/consume"),
                openid_init,
                group: format!("/mno-enterprise/{key}/account/group/:id"),
                group_user: format!("/mno-enterprise/{key}/account/group/:group_id/user/:id"),
                notification: format!("/mno-enterprise/{key}/connec/receive"),
            },
            PathStyle::Historical => Self {
                init: format!("/maestrano/auth/saml/init/{key}"),
                consume: format!("/maestrano/auth/saml/consume/{key}"),
                openid_init,
                group: format!("/maestrano/account/groups/:id/{key}"),
                group_user: format!("/maestrano/account/groups/:group_id/users/:id/{key}"),
                notification: format!("/maestrano/connec/notifications/{key}"),
            },
        }
    }
}
