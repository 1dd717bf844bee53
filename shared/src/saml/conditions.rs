//! Stage 4, second half: is this assertion for us, now, and an answer to what this browser asked? (protocol.md §3.10
//! SHOULD; saml-profiles 4.1.4.3.)

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{ResponseError, UncheckedAssertion};
use crate::{identity::Assertion, marketplace::Marketplace, trace::claim};

/// What this browser is waiting for.
#[derive(Debug, Clone, Copy)]
pub struct Expectations<'a> {
    /// The ids of its outstanding requests to this marketplace.
    pub request_ids: &'a [String],
    /// The present moment.
    pub now: Timestamp,
}

impl UncheckedAssertion {
    /// Checks issuer, audience, recipient, time limits and the request it answers.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(self, marketplace: &Marketplace, expected: &Expectations<'_>) -> Result<Assertion, ResponseError> {
        self.check_parties(marketplace)?;
        let skew = marketplace.settings.clock_skew.duration();
        self.check_times(expected.now, skew)?;
        let request_id = self.confirmation.in_response_to;
        match &request_id {
            Some(request_id) if !expected.request_ids.contains(request_id) => {
                return Err(ResponseError::InResponseToMismatch);
            }
            None if !marketplace.settings.unsolicited_responses => return Err(ResponseError::Unsolicited),
            _ => {}
        }
        Ok(Assertion {
            id: self.id,
            issued_at: self.issued_at,
            request_id,
            subject: self.name_id,
            // The tolerance cannot be used for a replay.
            consumable_until: self.confirmation.not_on_or_after.saturating_add(skew).unwrap_or(Timestamp::MAX),
            session_not_on_or_after: self.session_not_on_or_after,
            attributes: self.attributes,
        })
    }

    fn check_parties(&self, marketplace: &Marketplace) -> Result<(), ResponseError> {
        if !is_issuer(&self.issuer, marketplace) {
            return Err(ResponseError::IssuerMismatch { found: described(&self.issuer) });
        }
        let ours = audiences(marketplace);
        let is_ours = |audience: &String| ours.contains(audience) || marketplace.settings.audiences.contains(audience);
        if let Some(foreign) = self.conditions.audiences.iter().find(|any_of| !any_of.iter().any(is_ours)) {
            return Err(ResponseError::AudienceMismatch { found: described(&foreign.join(" ")) });
        }
        if self.confirmation.recipient != marketplace.acs_url {
            return Err(ResponseError::RecipientMismatch { found: described(&self.confirmation.recipient) });
        }
        Ok(())
    }

    fn check_times(&self, now: Timestamp, skew: SignedDuration) -> Result<(), ResponseError> {
        let earliest = now.saturating_add(skew).unwrap_or(Timestamp::MAX);
        let latest = now.saturating_sub(skew).unwrap_or(Timestamp::MIN);
        if self.conditions.not_before > earliest {
            return Err(ResponseError::NotYetValid);
        }
        for (attribute, limit) in [
            ("SubjectConfirmationData NotOnOrAfter", self.confirmation.not_on_or_after),
            ("Conditions NotOnOrAfter", self.conditions.not_on_or_after),
        ] {
            if limit <= latest {
                return Err(ResponseError::Expired { attribute });
            }
        }
        // Our session would end at that very moment: a tolerance would open one that is over.
        if self.session_not_on_or_after.is_some_and(|limit| limit <= now) {
            return Err(ResponseError::Expired { attribute: "SessionNotOnOrAfter" });
        }
        Ok(())
    }
}

/// What was found, as it may stand in a log and on an operator's screen: signed is not the same as harmless.
fn described(found: &str) -> String {
    claim(found).unwrap_or_default()
}

/// The issuer carries the whole request as its query and so differs at every sign-in (protocol.md §3.6): what comes before
/// a `?` must be the single sign-on URL, or all of it the identity provider's, or what the settings say.
fn is_issuer(issuer: &str, marketplace: &Marketplace) -> bool {
    let before_query = issuer.split_once('?').map_or(issuer, |(url, _)| url);
    before_query == marketplace.idp_sso_url
        || issuer == marketplace.idp
        || marketplace.settings.issuers.iter().any(|accepted| accepted == issuer)
}

/// The assertion consumer service's origin, the app's host and `idm`, each with or without a trailing slash, and the app's
/// id (protocol.md §3.6).
fn audiences(marketplace: &Marketplace) -> Vec<String> {
    let origin = Url::parse(&marketplace.acs_url).ok().map(|url| url.origin().ascii_serialization());
    let hosts = [origin.as_ref(), Some(&marketplace.app_host), Some(&marketplace.idm)];
    let mut audiences = vec![marketplace.app_id.clone()];
    for host in hosts.into_iter().flatten() {
        audiences.push(host.clone());
        audiences.push(format!("{host}/"));
    }
    audiences
}
