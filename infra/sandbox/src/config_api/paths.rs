//! Where the app's routes are.

use crate::options::PathStyle;
use crate::state::Marketplace;

/// The app's routes as its developer registered them on one marketplace.
pub(crate) struct Paths {
    pub(crate) init: String,
    pub(crate) consume: String,
    /// Not in the document: the developer platform never had a field for it.
    pub(crate) openid_init: String,
    pub(super) group: String,
    pub(super) group_user: String,
    pub(super) notification: String,
}

impl Paths {
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
