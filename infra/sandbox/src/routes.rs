//! The stable names of the marketplace's own routes, by which faults are set.

use serde::{Deserialize, Serialize};

/// A route the app calls or sends browsers to. The launcher and the control API have no name: they never fail on purpose.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RouteName {
    /// The developer platform's configuration document.
    Config,
    /// The identity provider.
    Saml,
    /// The OpenID provider: what apps ask and what browsers bring.
    Openid,
    /// Going on with an OpenID request.
    OpenidProceed,
    /// Choosing a group for it.
    OpenidDecide,
    /// Answering it.
    OpenidComplete,
    /// A user's OpenID identifier.
    OpenidUser,
    /// The launcher's way into the app.
    SsoTrigger,
    /// Single logout's session check.
    SessionCheck,
    /// The account API's ping.
    Ping,
    /// The account API's list of groups.
    AccountGroups,
    /// One group.
    AccountGroup,
    /// Its list of users.
    AccountUsers,
    /// One user.
    AccountUser,
    /// Its list of resellers.
    AccountResellers,
    /// One reseller.
    AccountReseller,
    /// The groups a reseller introduced.
    AccountResellerGroups,
    /// Where the app sends people who log out.
    AppLogout,
    /// Where the app sends people it does not let in.
    AppAccessUnauthorized,
    /// Connec!: where a group's resources are.
    ConnecIndex,
    /// A resource's records.
    ConnecList,
    /// One record.
    ConnecShow,
    /// Many calls in one.
    ConnecBatch,
    /// What build answers.
    ConnecVersion,
    /// A report.
    ConnecReport,
}

impl RouteName {
    pub(crate) const ALL: [Self; 25] = [
        Self::Config,
        Self::Saml,
        Self::SsoTrigger,
        Self::SessionCheck,
        Self::Ping,
        Self::AccountGroups,
        Self::AccountGroup,
        Self::AccountUsers,
        Self::AccountUser,
        Self::AccountResellers,
        Self::AccountReseller,
        Self::AccountResellerGroups,
        Self::AppLogout,
        Self::AppAccessUnauthorized,
        Self::Openid,
        Self::OpenidProceed,
        Self::OpenidDecide,
        Self::OpenidComplete,
        Self::OpenidUser,
        Self::ConnecIndex,
        Self::ConnecList,
        Self::ConnecShow,
        Self::ConnecBatch,
        Self::ConnecVersion,
        Self::ConnecReport,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Saml => "saml",
            Self::Openid => "openid",
            Self::OpenidProceed => "openid_proceed",
            Self::OpenidDecide => "openid_decide",
            Self::OpenidComplete => "openid_complete",
            Self::OpenidUser => "openid_user",
            Self::SsoTrigger => "sso_trigger",
            Self::SessionCheck => "session_check",
            Self::Ping => "ping",
            Self::AccountGroups => "account_groups",
            Self::AccountGroup => "account_group",
            Self::AccountUsers => "account_users",
            Self::AccountUser => "account_user",
            Self::AccountResellers => "account_resellers",
            Self::AccountReseller => "account_reseller",
            Self::AccountResellerGroups => "account_reseller_groups",
            Self::AppLogout => "app_logout",
            Self::AppAccessUnauthorized => "app_access_unauthorized",
            Self::ConnecIndex => "connec_index",
            Self::ConnecList => "connec_list",
            Self::ConnecShow => "connec_show",
            Self::ConnecBatch => "connec_batch",
            Self::ConnecVersion => "connec_version",
            Self::ConnecReport => "connec_report",
        }
    }

    /// The path as axum matches it.
    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Self::Config => "/api/config/v1/marketplaces",
            Self::Saml => "/{mp}/api/v1/auth/saml",
            Self::Openid => "/{mp}/api/openid/provider/{app_id}",
            Self::OpenidProceed => "/{mp}/api/openid/provider/{app_id}/proceed",
            Self::OpenidDecide => "/{mp}/api/openid/provider/{app_id}/decide",
            Self::OpenidComplete => "/{mp}/api/openid/provider/{app_id}/complete",
            Self::OpenidUser => "/{mp}/api/openid/provider/{app_id}/users/{uid}",
            Self::SsoTrigger => "/{mp}/sso_trigger",
            Self::SessionCheck => "/{mp}/api/v1/auth/saml/{uid}",
            Self::Ping => "/{mp}/api/v1/ping",
            Self::AccountGroups => "/{mp}/api/v1/account/groups",
            Self::AccountGroup => "/{mp}/api/v1/account/groups/{id}",
            Self::AccountUsers => "/{mp}/api/v1/account/users",
            Self::AccountUser => "/{mp}/api/v1/account/users/{id}",
            Self::AccountResellers => "/{mp}/api/v1/account/resellers",
            Self::AccountReseller => "/{mp}/api/v1/account/resellers/{id}",
            Self::AccountResellerGroups => "/{mp}/api/v1/account/resellers/{id}/groups",
            Self::AppLogout => "/{mp}/app_logout",
            Self::AppAccessUnauthorized => "/{mp}/app_access_unauthorized",
            Self::ConnecIndex => "/{mp}/api/v2/{group}",
            Self::ConnecList => "/{mp}/api/v2/{group}/{resource}",
            Self::ConnecShow => "/{mp}/api/v2/{group}/{resource}/{id}",
            Self::ConnecBatch => "/{mp}/batch",
            Self::ConnecVersion => "/{mp}/version",
            Self::ConnecReport => "/{mp}/api/reports/{group}/{report}",
        }
    }

    /// What a working answer looks like, so that a malformed one can claim to be it.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Config
            | Self::SessionCheck
            | Self::Ping
            | Self::AccountGroups
            | Self::AccountGroup
            | Self::AccountUsers
            | Self::AccountUser
            | Self::AccountResellers
            | Self::AccountReseller
            | Self::AccountResellerGroups
            | Self::ConnecVersion => "application/json",
            Self::ConnecIndex | Self::ConnecList | Self::ConnecShow | Self::ConnecBatch | Self::ConnecReport => {
                "application/vnd.api+json"
            }
            // What the app itself reads there; browsers show it as it is.
            Self::Openid => "text/plain",
            Self::OpenidUser => "application/xrds+xml",
            _ => "text/html; charset=utf-8",
        }
    }

    pub(crate) fn is_connec(self) -> bool {
        self.as_str().starts_with("connec_")
    }

    pub(crate) fn belongs_to_marketplace(self) -> bool {
        self.pattern().starts_with("/{mp}/")
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.as_str() == name)
    }

    pub(crate) fn from_pattern(pattern: &str) -> Option<Self> {
        let pattern = pattern.trim_end_matches('/');
        Self::ALL.into_iter().find(|route| route.pattern() == pattern)
    }
}
