//! One attempt to sign in, whatever the protocol: how it ends, and the trace it leaves.

use http::StatusCode;
use jiff::Timestamp;
use lambda_http::{Body, Response};
use shared::{
    http::{self as answers, Reference},
    identity::{Assertion, Identity},
    marketplace::Marketplace,
    session::{Destination, Token},
    store::SignIn,
    telemetry::causes,
    trace::{Claims, Protocol, SIGNED_IN, SignInTrace, claim},
};

use crate::{App, error::RouteError, pending::Pending, session};

/// An answer of a marketplace that may sign somebody in.
pub(crate) struct Attempt<'a> {
    pub(crate) app: &'a App,
    pub(crate) marketplace: &'a Marketplace,
    pub(crate) protocol: Protocol,
    pub(crate) reference: &'a Reference,
    pub(crate) now: Timestamp,
    /// What is known so far of who it is about.
    pub(crate) claims: Claims,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(
        app: &'a App,
        marketplace: &'a Marketplace,
        protocol: Protocol,
        reference: &'a Reference,
    ) -> Self {
        Self { app, marketplace, protocol, reference, now: app.clock.now(), claims: Claims::default() }
    }

    /// Signs the person in and sends the browser to the app with a one-time code. `outstanding` is what this browser waits for.
    pub(crate) async fn sign_in(
        &mut self,
        assertion: &Assertion,
        outstanding: &[Pending],
    ) -> Result<Response<Body>, RouteError> {
        self.claims = claims_of(assertion);
        let identity = Identity::try_from(assertion)?;
        let answered = outstanding.iter().find(|pending| assertion.request_id.as_ref() == Some(&pending.request_id));
        let (session, code) = (Token::generate(), Token::generate());
        let sign_in = SignIn {
            marketplace: &self.marketplace.key,
            assertion,
            identity: &identity,
            session: &session,
            code: &code,
            destination: &answered.map_or_else(Destination::default, |pending| pending.destination.clone()),
            creation_mode: self.marketplace.settings.creation_mode,
            asked_at: answered.map_or_else(|| self.unasked_at(assertion), |pending| pending.issued_at),
            replaces: answered.and_then(|pending| pending.replaces.as_ref()),
            trace: &self.trace(SIGNED_IN, String::new()),
            now: self.now,
        };
        self.app.accounts.sign_in(&sign_in).await?;
        tracing::info!(
            marketplace.key = %self.marketplace.key, group.id = %identity.group.id, user.id = %identity.user.id,
            reference = %self.reference, "signed in"
        );

        let mut response = landing(self.app, &code)?;
        session::open(&mut response, &session);
        if let Some(answered) = answered {
            answered.forget(&mut response);
        }
        Ok(response)
    }

    /// When a sign-in began at the latest that nobody asked for, by our clock: the marketplace's may be ahead.
    fn unasked_at(&self, assertion: &Assertion) -> Timestamp {
        let skew = self.marketplace.settings.clock_skew.duration();
        assertion.issued_at.saturating_sub(skew).unwrap_or(Timestamp::MIN).min(self.now)
    }

    /// Ends the attempt: a refusal leaves its trace. One that cannot be kept is in the log all the same.
    pub(crate) async fn conclude(
        mut self,
        outcome: Result<Response<Body>, RouteError>,
    ) -> Result<Response<Body>, RouteError> {
        if let Err(error) = &outcome {
            self.keep_refusal(error).await;
        }
        outcome
    }

    async fn keep_refusal(&mut self, error: &RouteError) {
        match error {
            RouteError::Refused(refusal) => self.claims = (*refusal.claims).clone(),
            RouteError::RefusedByOpenId(refusal) => self.claims = (*refusal.claims).clone(),
            _ => {}
        }
        let Some(code) = error.code() else { return };
        let explanation = Some(causes(error)).filter(|causes| !causes.is_empty()).unwrap_or_else(|| error.to_string());
        if let Err(error) = self.app.accounts.keep_trace(&self.trace(code, explanation)).await {
            tracing::error!(reference = %self.reference, causes = causes(&error), "trace was not kept: {error}");
        }
    }

    fn trace(&self, outcome: &str, explanation: String) -> SignInTrace {
        SignInTrace {
            reference: self.reference.clone(),
            marketplace: self.marketplace.key.clone(),
            protocol: self.protocol,
            at: self.now,
            outcome: outcome.to_owned(),
            explanation,
            claims: self.claims.clone(),
        }
    }
}

/// What an assertion that was accepted says.
fn claims_of(assertion: &Assertion) -> Claims {
    let group =
        assertion.attributes.iter().find(|(name, _)| name == "group_uid").and_then(|(_, values)| values.first());
    Claims {
        assertion_id: claim(&assertion.id),
        in_response_to: assertion.request_id.as_deref().and_then(claim),
        user: claim(&assertion.subject),
        group: group.and_then(|group| claim(group)),
        ..Claims::default()
    }
}

/// The app's own address for people who have signed in. It is configured; nothing a browser sends can change it.
fn landing(app: &App, code: &Token) -> Result<Response<Body>, RouteError> {
    let mut url = app.post_login_url.clone();
    url.query_pairs_mut().append_pair("code", code.expose());
    answers::redirect(StatusCode::SEE_OTHER, url.as_str())
        .ok_or_else(|| RouteError::Internal("post-login URL is not a header".into()))
}
