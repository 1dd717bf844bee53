//! What the sandbox holds in memory: marketplaces with their people, groups, memberships and sessions.
//!
//! Plain data and look-ups. It knows neither HTTP nor keys.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::merge_patch::MergePatch;
use crate::options::{MarketplaceSpec, PathStyle};
use crate::random;

/// Length of a session token, as the historical sandbox made them.
const SESSION_TOKEN_LENGTH: usize = 36;

/// A person with an account on one marketplace.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct User {
    /// `usr-…`, unique on this marketplace only.
    pub uid: String,
    /// First name.
    pub name: String,
    /// Last name.
    pub surname: String,
    /// Real address.
    pub email: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Free text from sign-up; often empty.
    #[serde(default)]
    pub company_name: Option<String>,
}

/// One bought instance of the app.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Group {
    /// `cld-…`, unique on this marketplace only.
    pub uid: String,
    /// Display name.
    pub name: String,
    /// Principal contact.
    pub email: String,
    /// End of the free trial.
    pub free_trial_end_at: Timestamp,
    /// Whether a card is on file.
    #[serde(default)]
    pub has_credit_card: bool,
    /// ISO 4217.
    pub currency: String,
    /// Olson name.
    pub timezone: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// City.
    pub city: String,
    /// The reseller who introduced the customer.
    #[serde(default)]
    pub reseller_id: Option<String>,
}

/// A user's place in a group.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Membership {
    /// The member.
    pub user_uid: String,
    /// The group.
    pub group_uid: String,
    /// What the member may do there.
    pub role: Role,
}

/// The exact role strings of the protocol. `Guest` is never stored: it is what somebody without a membership gets.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub enum Role {
    /// `Member`
    Member,
    /// `Power User`
    #[serde(rename = "Power User")]
    PowerUser,
    /// `Admin`
    Admin,
    /// `Super Admin`
    #[serde(rename = "Super Admin")]
    SuperAdmin,
}

impl Role {
    /// The string the marketplace sends.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::PowerUser => "Power User",
            Self::Admin => "Admin",
            Self::SuperAdmin => "Super Admin",
        }
    }
}

/// A partner who introduces customers.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Reseller {
    /// `rsl-…`
    pub uid: String,
    /// Display name.
    pub name: String,
    /// Short code.
    pub code: String,
    /// ISO 3166 alpha-2.
    pub country: String,
}

/// Everybody and everything a marketplace knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Directory {
    /// People.
    pub users: Vec<User>,
    /// Bought instances.
    pub groups: Vec<Group>,
    /// Who is in which group.
    pub memberships: Vec<Membership>,
    /// Partners.
    pub resellers: Vec<Reseller>,
}

impl Directory {
    pub(crate) fn user(&self, uid: &str) -> Option<&User> {
        self.users.iter().find(|user| user.uid == uid)
    }

    pub(crate) fn group(&self, uid: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.uid == uid)
    }

    pub(crate) fn reseller(&self, uid: &str) -> Option<&Reseller> {
        self.resellers.iter().find(|reseller| reseller.uid == uid)
    }

    pub(crate) fn role(&self, user_uid: &str, group_uid: &str) -> Option<Role> {
        self.memberships
            .iter()
            .find(|membership| membership.user_uid == user_uid && membership.group_uid == group_uid)
            .map(|membership| membership.role)
    }

    /// The groups of a user, in the order they were bought.
    pub(crate) fn groups_of(&self, user_uid: &str) -> Vec<&Group> {
        self.groups.iter().filter(|group| self.role(user_uid, &group.uid).is_some()).collect()
    }
}

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
