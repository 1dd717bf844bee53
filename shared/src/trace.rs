//! What an attempt to sign in leaves behind: which rule refused it, and what it claimed. A person sees only a reference; by it an
//! operator finds the trace (`stallholder trace REF`). It names ids, never names, addresses or credentials, and it expires.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{domain::MarketplaceKey, http::Reference};

/// How long traces are kept.
pub const TRACE_LIFETIME: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The longest claim that is kept: longer than any genuine one but an issuer's query, which is cut off.
const MAX_CLAIM_LEN: usize = 200;

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInTrace {
    /// What the person was shown.
    pub reference: Reference,
    /// The boundary.
    pub marketplace: MarketplaceKey,
    /// By which protocol.
    pub protocol: Protocol,
    /// When.
    pub at: Timestamp,
    /// [`SIGNED_IN`], or the code of the rule that refused it: `docs/refusals.md` explains each.
    pub outcome: String,
    /// The same in a sentence, with what was found.
    pub explanation: String,
    /// What was claimed. Of a refusal it is nobody's word: whether the marketplace signed it, the outcome tells.
    pub claims: Claims,
}

/// The outcome of an attempt that was no refusal.
pub const SIGNED_IN: &str = "signed-in";

/// How somebody tried to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// SAML 2.0.
    Saml,
    /// OpenID 2.0.
    OpenId,
}

/// What a message says of itself, each value made harmless to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Who speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// At which endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The message's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_id: Option<String>,
    /// The request it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_response_to: Option<String>,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Through which group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A claim as it may be kept: without a query, which can carry credentials; nothing that looks like an e-mail address; only
/// characters that a terminal takes; and short.
#[must_use]
pub fn claim(text: &str) -> Option<String> {
    let before_query = text.split_once('?').map_or(text, |(before, _)| before).trim();
    if before_query.is_empty() {
        return None;
    }
    if before_query.contains('@') {
        return Some("[an address]".to_owned());
    }
    let harmless = |character: char| if character.is_ascii_graphic() || character == ' ' { character } else { '?' };
    Some(before_query.chars().take(MAX_CLAIM_LEN).map(harmless).collect())
}

/// Gives every variant of an error its reason code, and the error the list of all of them.
macro_rules! reason_codes {
    (impl $error:ty { $($pattern:pat => $code:literal,)+ }) => {
        impl $error {
            /// Every reason code there is; `docs/refusals.md` explains each.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The stable name of the rule that refused: for traces, alarms and documentation.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self { $($pattern => $code,)+ }
            }
        }
    };
}
pub(crate) use reason_codes;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::IdentityError, openid::OpenIdError, saml::ResponseError, store::SignInError};

    fn codes() -> Vec<&'static str> {
        [ResponseError::CODES, OpenIdError::CODES, IdentityError::CODES, SignInError::CODES].concat()
    }

    #[test]
    fn every_reason_code_is_explained_to_the_operator() {
        let explained = include_str!("../../docs/refusals.md");
        for code in codes() {
            assert!(explained.contains(&format!("`{code}`")), "{code}");
        }
    }

    #[test]
    fn no_two_rules_share_a_code() {
        let mut codes = codes();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "{codes:?}");
    }

    #[test]
    fn a_claim_is_made_harmless() {
        assert_eq!(claim("https://hub.example/saml?SAMLRequest=abc").unwrap(), "https://hub.example/saml");
        assert_eq!(claim("ines.okoro@example.org").unwrap(), "[an address]");
        assert_eq!(claim("usr-1\u{1b}[31m\n\u{e9}").unwrap(), "usr-1?[31m??");
        assert_eq!(claim(&"x".repeat(1_000)).unwrap().len(), MAX_CLAIM_LEN);
        for nothing in ["", " ", "?x"] {
            assert_eq!(claim(nothing), None);
        }
    }
}
