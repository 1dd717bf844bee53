//! What the sandbox holds in memory: marketplaces with their directories, settings and sessions.
//!
//! Plain data and look-ups. It knows neither HTTP nor keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::directory::{Directory, GroupStatus, Membership};
use crate::merge_patch::MergePatch;
use crate::options::{MarketplaceSpec, PathStyle};
use crate::random;
use crate::time;

/// Length of a session token, as the historical sandbox made them.
const SESSION_TOKEN_LENGTH: usize = 36;

/// How Responses are signed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum SignatureMode {
    /// RSA-SHA256 with the correct algorithm URIs.
    #[default]
    Sha256,
    /// RSA-SHA1 and SHA-1 digests, as the 2016 sandbox signs.
    Historical,
}

/// The app's entry in one marketplace, with that marketplace's directory.
#[derive(Clone, Serialize)]
pub(crate) struct Marketplace {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) nid: String,
    pub(crate) api_id: String,
    pub(crate) api_key: String,
    pub(crate) path_style: PathStyle,
    pub(crate) explicit_idm: bool,
    pub(crate) signature: SignatureMode,
    /// Whether answers go to the registered app's origin only, by SAML and by OpenID.
    pub(crate) check_acs: bool,
    /// Where an OpenID login starts at the app, unless at the usual path.
    pub(crate) openid_init_path: Option<String>,
    /// Overrides the app host of the whole world.
    pub(crate) app_host: Option<String>,
    /// Laid over the entry in the configuration document, and over nothing else.
    pub(crate) configuration_patch: MergePatch,
    #[serde(flatten)]
    pub(crate) directory: Directory,
    /// Those who were removed from a group, so that their removal can be told again.
    pub(crate) former_members: Vec<Membership>,
    /// Session tokens by user uid.
    pub(crate) sessions: BTreeMap<String, String>,
    /// Set by `reseller_sso`, cleared by the next Response.
    pub(crate) pending_reseller: Option<String>,
}

impl Marketplace {
    pub(crate) fn new(spec: &MarketplaceSpec) -> Self {
        let mut marketplace = Self {
            key: spec.key.clone(),
            name: spec.name.clone(),
            nid: spec.nid.clone(),
            api_id: spec.api_id.clone(),
            api_key: spec.api_key.clone().unwrap_or_else(|| random::token(40)),
            path_style: spec.path_style,
            explicit_idm: spec.explicit_idm,
            signature: SignatureMode::default(),
            check_acs: true,
            openid_init_path: spec.openid_init_path.clone(),
            app_host: None,
            configuration_patch: MergePatch::default(),
            directory: spec.directory.clone(),
            former_members: Vec::new(),
            sessions: BTreeMap::new(),
            pending_reseller: None,
        };
        for user in &spec.directory.users {
            marketplace.rotate_session(&user.uid);
        }
        marketplace
    }

    /// Gives the user a new session token, which ends every session opened under the old one.
    pub(crate) fn rotate_session(&mut self, user_uid: &str) {
        self.sessions.insert(user_uid.to_owned(), random::token(SESSION_TOKEN_LENGTH));
    }

    /// The customer no longer wants the app. The group, and who is in it, stays known.
    pub(crate) fn cancel_group(&mut self, uid: &str) {
        let group = self.directory.groups.iter_mut().find(|group| group.uid == uid && group.is_running());
        if let Some(group) = group {
            group.status = GroupStatus::Terminated;
            group.dates.updated_at = time::now();
        }
    }

    /// Takes a member out of one group and remembers it.
    pub(crate) fn remove_member(&mut self, user_uid: &str, group_uid: &str) {
        let memberships = &mut self.directory.memberships;
        let leaving = |membership: &mut Membership| membership.is_of(user_uid, group_uid);
        self.former_members.extend(memberships.extract_if(.., leaving));
    }

    pub(crate) fn is_former_member(&self, user_uid: &str, group_uid: &str) -> bool {
        self.former_members.iter().any(|membership| membership.is_of(user_uid, group_uid))
    }
}

/// All marketplaces, and where the app is registered to live.
#[derive(Clone, Serialize)]
pub(crate) struct World {
    pub(crate) app_host: String,
    pub(crate) marketplaces: Vec<Marketplace>,
}

impl World {
    pub(crate) fn marketplace(&self, key: &str) -> Option<&Marketplace> {
        self.marketplaces.iter().find(|marketplace| marketplace.key == key)
    }

    pub(crate) fn marketplace_mut(&mut self, key: &str) -> Option<&mut Marketplace> {
        self.marketplaces.iter_mut().find(|marketplace| marketplace.key == key)
    }

    /// Where this marketplace believes the app to live.
    pub(crate) fn app_host_of<'a>(&'a self, marketplace: &'a Marketplace) -> &'a str {
        marketplace.app_host.as_deref().unwrap_or(&self.app_host)
    }
}
