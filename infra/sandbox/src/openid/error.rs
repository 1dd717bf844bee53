//! Why a request was not understood.

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ProtocolError {
    #[error("openid.ns must be http://specs.openid.net/auth/2.0")]
    Namespace,
    #[error("openid.mode {0:?} is none of this provider's")]
    Mode(String),
    #[error("openid.{0} is missing")]
    Missing(&'static str),
    #[error("{0:?} is neither identifier_select nor the identifier of a user of this provider")]
    Identifier(String),
    #[error("openid.claimed_id and openid.identity must be the same here")]
    TwoIdentifiers,
    #[error("openid.return_to {0:?} is not an http(s) address in ASCII without a fragment")]
    ReturnTo(String),
    #[error("openid.return_to {return_to:?} is not within openid.realm {realm:?}")]
    OutsideRealm { return_to: String, realm: String },
}
