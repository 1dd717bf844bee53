//! Asking a marketplace whether a session still holds (protocol.md §3.11): when that is due, and no sooner. The marketplace gives
//! the question no protection, so its answer can only keep a session or end it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::form_urlencoded;

use crate::{
    configuration::{Configuration, ConfigurationError, NotConfigured},
    http_client::{self, LazyClient},
    marketplace::{Marketplace, NotServed},
    session::{ActiveSession, Session, TokenDigest},
    store::{Accounts, StoreError},
    telemetry::causes,
};

/// How long a marketplace may take to answer while a person waits.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Its answer has about 60 bytes.
const MAX_ANSWER_LEN: usize = 4 * 1024;
/// How long no marketplace is asked again about a session, whatever it said, so that one that hangs costs little.
const MIN_INTERVAL: SignedDuration = SignedDuration::from_secs(30);
/// The longest that a session goes on when the marketplace does not answer.
const MAX_GRACE: SignedDuration = SignedDuration::from_hours(1);

/// Asks marketplaces.
#[derive(Debug, Default)]
pub struct SessionCheck {
    client: LazyClient,
}

/// What a marketplace says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, and this is when to ask again.
    Holds {
        /// The marketplace's word.
        recheck_at: Timestamp,
    },
    /// It is over.
    Ended,
}

/// There is no clear answer. The address carries a token, so it is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The marketplace could not be asked.
    #[error("marketplace did not answer the session check")]
    Transport(#[source] reqwest::Error),
    /// Its answer is no session check's.
    #[error("marketplace's answer to the session check makes no sense (status {status})")]
    Answer {
        /// As answered.
        status: u16,
    },
}

/// Whether a session holds cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing is known of any marketplace yet.
    #[error(transparent)]
    NotConfigured(#[from] NotConfigured),
}

#[derive(Deserialize)]
struct Answer {
    valid: Valid,
    recheck: Option<Timestamp>,
}

/// Some marketplaces write it as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Valid {
    Flag(bool),
    Text(String),
}

impl SessionCheck {
    /// The session with this id, if it holds: in our table, and at its marketplace where that is due to be asked. Nothing of a
    /// marketplace holds that we do not serve any more.
    ///
    /// A marketplace that does not answer ends nothing at once: sessions go on for as long again as it had vouched for them, but
    /// no longer than an hour.
    ///
    /// # Errors
    /// [`HeldError`]: whether it holds is not known, so it must not be relied on.
    pub async fn held(
        &self,
        accounts: &Accounts,
        configuration: &Configuration,
        id: &TokenDigest,
        now: Timestamp,
    ) -> Result<Option<ActiveSession>, HeldError> {
        let Some(active) = accounts.session(id, now).await? else { return Ok(None) };
        let session = &active.session;
        let marketplace = match configuration.find(session.marketplace.as_str(), now).await {
            Ok(marketplace) => marketplace,
            Err(ConfigurationError::Marketplace(NotServed::Unknown | NotServed::Disabled)) => return Ok(None),
            Err(ConfigurationError::NotConfigured(error)) => return Err(error.into()),
        };
        if now < session.marketplace_session.recheck_at {
            return Ok(Some(active));
        }
        let in_grace = now < grace_end(session);
        if session.ask_again_at.is_some_and(|ask_again_at| now < ask_again_at) {
            return Ok(Some(active).filter(|_| in_grace));
        }
        match self.ask(&marketplace, session).await {
            Ok(Verdict::Holds { recheck_at }) => {
                accounts.session_rechecked(id, now, recheck_at.max(now + MIN_INTERVAL)).await?;
                Ok(Some(active))
            }
            Ok(Verdict::Ended) => {
                tracing::info!(marketplace.key = %session.marketplace, user.id = %session.user, "ended by the marketplace");
                accounts.end_session(id).await?;
                Ok(None)
            }
            Err(error) => {
                tracing::warn!(marketplace.key = %session.marketplace, in_grace, causes = causes(&error), "{error}");
                accounts.session_not_rechecked(id, now + MIN_INTERVAL).await?;
                Ok(Some(active).filter(|_| in_grace))
            }
        }
    }

    fn client(&self) -> Result<&reqwest::Client, CheckError> {
        self.client.get(TIMEOUT).map_err(CheckError::Transport)
    }

    async fn ask(&self, marketplace: &Marketplace, session: &Session) -> Result<Verdict, CheckError> {
        let token: String =
            form_urlencoded::byte_serialize(session.marketplace_session.token.expose().as_bytes()).collect();
        let url = format!("{}/{}?session={token}", marketplace.idp_sso_url, session.user);
        let request = self.client()?.get(url).header(reqwest::header::ACCEPT, "application/json");
        let response = request.send().await.map_err(transport)?;
        let status = response.status().as_u16();
        let unclear = CheckError::Answer { status };
        let body = http_client::body_within(MAX_ANSWER_LEN, response).await.map_err(transport)?;
        let Some(body) = body else { return Err(unclear) };
        match status {
            200 => verdict(&body).ok_or(unclear),
            // It knows nothing of this person or session: no outage, and no yes.
            401 | 403 | 404 | 410 => Ok(Verdict::Ended),
            _ => Err(unclear),
        }
    }
}

/// Valid only if it says so and when to ask again.
fn verdict(body: &[u8]) -> Option<Verdict> {
    let Answer { valid, recheck } = serde_json::from_slice(body).ok()?;
    let valid = match valid {
        Valid::Flag(valid) => valid,
        Valid::Text(text) => text == "true",
    };
    Some(match recheck {
        Some(recheck_at) if valid => Verdict::Holds { recheck_at },
        _ => Verdict::Ended,
    })
}

/// Until when a session goes on without an answer.
fn grace_end(session: &Session) -> Timestamp {
    let recheck_at = session.marketplace_session.recheck_at;
    let vouched_for = recheck_at.duration_since(session.checked_at);
    recheck_at.saturating_add(vouched_for.clamp(SignedDuration::ZERO, MAX_GRACE)).unwrap_or(Timestamp::MAX)
}

fn transport(error: reqwest::Error) -> CheckError {
    CheckError::Transport(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        canned_server::{Canned, CannedServer},
        domain::CreationMode,
        identity::MarketplaceSession,
        testing::acme,
    };

    fn session(checked_at: &str, recheck_at: &str) -> Session {
        Session {
            marketplace: "acme-hub".parse().unwrap(),
            user: "usr-5k2".parse().unwrap(),
            group: "cld-7a1c".parse().unwrap(),
            created_at: checked_at.parse().unwrap(),
            expires_at: Timestamp::MAX,
            creation_mode: CreationMode::Real,
            marketplace_session: MarketplaceSession {
                token: "q7m2x9c4v1b8n3k6j5h0g".into(),
                recheck_at: recheck_at.parse().unwrap(),
            },
            checked_at: checked_at.parse().unwrap(),
            ask_again_at: None,
        }
    }

    #[test]
    fn the_vectors_mean_what_the_protocol_says() {
        let holds = Verdict::Holds { recheck_at: "2030-01-15T10:06:07Z".parse().unwrap() };
        for (body, expected) in [
            (include_str!("../../tests/fixtures/vectors/session_check_valid.json"), Some(holds)),
            (include_str!("../../tests/fixtures/vectors/session_check_string_bool.json"), Some(holds)),
            (include_str!("../../tests/fixtures/vectors/session_check_invalid.json"), Some(Verdict::Ended)),
            (include_str!("../../tests/fixtures/vectors/session_check_missing_recheck.json"), Some(Verdict::Ended)),
            ("<html>502</html>", None),
            (r#"{"valid": 1, "recheck": "2030-01-15T10:06:07Z"}"#, None),
            (r#"{"valid": true, "recheck": "soon"}"#, None),
            (r#"{"valid": "TRUE", "recheck": "2030-01-15T10:06:07Z"}"#, Some(Verdict::Ended)),
        ] {
            assert_eq!(verdict(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn the_grace_is_as_long_as_the_marketplace_vouched_and_an_hour_at_most() {
        let end = |checked: &str, recheck: &str| grace_end(&session(checked, recheck)).to_string();
        assert_eq!(end("2030-01-15T10:00:00Z", "2030-01-15T10:03:00Z"), "2030-01-15T10:06:00Z");
        assert_eq!(end("2030-01-15T10:00:00Z", "2030-01-16T10:00:00Z"), "2030-01-16T11:00:00Z");
        assert_eq!(end("2030-01-15T10:00:00Z", "2030-01-15T09:00:00Z"), "2030-01-15T09:00:00Z");
    }
    /// What comes of this answer, and how many questions it took.
    async fn asked(answer: Canned) -> (Result<Verdict, CheckError>, usize) {
        let server = CannedServer::start(Canned::ok(""), answer).await;
        let marketplace = Marketplace { idp_sso_url: format!("{}/api/v1/auth/saml", server.host), ..acme() };
        let session = session("2030-01-15T10:00:00Z", "2030-01-15T10:03:00Z");
        (SessionCheck::default().ask(&marketplace, &session).await, server.heard().len())
    }

    #[tokio::test]
    async fn no_redirect_is_followed() {
        let moved = Canned::status("302 Found\r\nLocation: /elsewhere");
        assert!(matches!(asked(moved).await, (Err(CheckError::Answer { status: 302 }), 1)));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut_short() {
        let holds = include_str!("../../tests/fixtures/vectors/session_check_valid.json");
        let of_length = |length: usize| Canned::ok(format!("{holds}{}", " ".repeat(length - holds.len())));
        assert!(matches!(asked(of_length(MAX_ANSWER_LEN)).await, (Ok(Verdict::Holds { .. }), 1)));
        assert!(matches!(asked(of_length(MAX_ANSWER_LEN + 1)).await, (Err(CheckError::Answer { status: 200 }), 1)));
    }
}
