//! One sign-in, one transaction: the assertion and the request are used up, group, user and membership are there and
//! up to date, session and code exist; or nothing has happened.

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::{SignedDuration, Timestamp};

use super::{
    Accounts, StoreError,
    item::{CodeItem, ConsumedItem, Item as _, SessionItem, TraceItem},
    keys::Key,
    membership::{Arrival, Closed, Plan, Records, is_over},
    transaction::{self, ATTEMPTS, Outcome, Refusal, is_among},
};
use crate::{
    domain::{CreationMode, MarketplaceKey},
    identity::{Assertion, Identity},
    session::{CODE_LIFETIME, Destination, SESSION_LIFETIME, Token, TokenDigest},
    trace::{Protocol, SignInTrace, reason_codes},
};

/// A used request is remembered for longer than the cookie that can present it lives.
const REQUEST_MEMORY: SignedDuration = SignedDuration::from_mins(15);
/// A used assertion is remembered for longer than it can be accepted: clocks differ, and the table counts whole seconds.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// Where in the transaction the two uses stand.
const ASSERTION_AT: usize = 0;
const REQUEST_AT: usize = 1;

/// Everything that becomes true when a person signs in.
#[derive(Debug)]
pub struct SignIn<'a> {
    /// The boundary.
    pub marketplace: &'a MarketplaceKey,
    /// What is used up.
    pub assertion: &'a Assertion,
    /// Who, through which group, as what.
    pub identity: &'a Identity,
    /// The browser's new session id.
    pub session: &'a Token,
    /// The app's one-time code.
    pub code: &'a Token,
    /// Where the person wanted to go.
    pub destination: &'a Destination,
    /// Under which of the person's two ids the app files them.
    pub creation_mode: CreationMode,
    /// When this sign-in began: when it was asked for, or when the marketplace made what nobody asked for.
    pub asked_at: Timestamp,
    /// The session this browser had before: it ends.
    pub replaces: Option<&'a TokenDigest>,
    /// What an operator will find of it.
    pub trace: &'a SignInTrace,
    /// The present moment.
    pub now: Timestamp,
}

/// The sign-in did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// This assertion was accepted before.
    #[error("assertion was consumed before")]
    AssertionConsumed,
    /// The request it answers was answered before.
    #[error("request was answered before")]
    RequestConsumed,
    /// The group was cancelled after the sign-in began, and an answer that was under way does not bring it back.
    #[error("group was cancelled after the sign-in began")]
    GroupCancelled,
    /// The person was taken out of the group after the sign-in began.
    #[error("member was removed after the sign-in began")]
    MemberRemoved,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

reason_codes! {
    impl SignInError {
        Self::AssertionConsumed => "assertion-consumed",
        Self::RequestConsumed => "request-consumed",
        Self::GroupCancelled => "group-cancelled",
        Self::MemberRemoved => "member-removed",
        Self::Store(_) => "store",
    }
}

impl From<Closed> for SignInError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::GroupCancelled => Self::GroupCancelled,
            Closed::MemberRemoved => Self::MemberRemoved,
        }
    }
}

impl Accounts {
    /// Signs a person in. What that changes for their group, for them and for their membership becomes events.
    ///
    /// # Errors
    /// [`SignInError`]: nothing was written, unless the table's answer was lost, in which case the assertion may be used up.
    pub async fn sign_in(&self, sign_in: &SignIn<'_>) -> Result<(), SignInError> {
        let (group, user) = (&sign_in.identity.group.id, &sign_in.identity.user.id);
        for attempt in 1..=ATTEMPTS {
            let records = self.records(sign_in.marketplace, group, user).await?;
            let plan = sign_in.plan(&records)?;
            let unmet = plan.unmet.clone();
            match transaction::transact(&self.client, sign_in.items(plan, &self.table)?).await? {
                Outcome::Written => return Ok(()),
                Outcome::Refused(refused) if is_among(&refused, ASSERTION_AT) => {
                    return Err(SignInError::AssertionConsumed);
                }
                Outcome::Refused(refused) if sign_in.is_answer() && is_among(&refused, REQUEST_AT) => {
                    return Err(SignInError::RequestConsumed);
                }
                Outcome::Refused(refused) if let Some(closed) = sign_in.ended_first(&unmet, &refused) => {
                    return Err(closed.into());
                }
                // Somebody else was here in between.
                Outcome::Refused(_) | Outcome::Conflict => transaction::pause(attempt).await,
            }
        }
        Err(StoreError::Contended.into())
    }
}

impl SignIn<'_> {
    fn is_answer(&self) -> bool {
        self.assertion.request_id.is_some()
    }

    /// What ended before it was met, and after this sign-in had begun.
    fn ended_first(&self, unmet: &[Closed], refused: &[Refusal]) -> Option<Closed> {
        let first = REQUEST_AT + usize::from(self.is_answer());
        unmet.iter().enumerate().find(|(at, _)| is_among(refused, first + at)).map(|(_, closed)| *closed)
    }

    fn plan(&self, records: &Records) -> Result<Plan, SignInError> {
        let identity = match self.trace.protocol {
            Protocol::Saml => self.identity.clone(),
            Protocol::OpenId => with_what_openid_has_no_word_for(self.identity.clone(), records, self.now),
        };
        let arrival = Arrival {
            marketplace: self.marketplace,
            identity: &identity,
            creation_mode: self.creation_mode,
            asked_at: self.asked_at,
            now: self.now,
        };
        Ok(records.join(&arrival)?)
    }

    fn items(&self, plan: Plan, table: &str) -> Result<Vec<TransactWriteItem>, StoreError> {
        let until = |expires_at| ConsumedItem { marketplace: self.marketplace.clone(), expires_at };
        let consumable_until = self.assertion.consumable_until.saturating_add(MARGIN).unwrap_or(Timestamp::MAX);
        let assertion = until(consumable_until).at(Key::consumed_assertion(self.marketplace, &self.assertion.id))?;
        let mut items = vec![transaction::create(table, assertion)?];
        if let Some(request_id) = &self.assertion.request_id {
            let used = until(self.now + REQUEST_MEMORY).at(Key::consumed_request(self.marketplace, request_id))?;
            items.push(transaction::create(table, used)?);
        }
        for closed in &plan.unmet {
            let (group, user) = (&self.identity.group.id, &self.identity.user.id);
            let key = match closed {
                Closed::GroupCancelled => Key::ended_group(self.marketplace, group),
                Closed::MemberRemoved => Key::ended_member(self.marketplace, group, user),
            };
            items.push(transaction::check_not_ended(table, key, self.asked_at)?);
        }
        for item in [
            self.session_item(&plan).at(Key::session(&self.session.digest()))?,
            self.code_item().at(Key::code(&self.code.digest()))?,
            TraceItem::of(self.trace).at(Key::trace(&self.trace.reference))?,
        ] {
            items.push(transaction::create(table, item)?);
        }
        if let Some(session) = self.replaces {
            items.push(transaction::delete(table, Key::session(session))?);
        }
        items.extend(plan.into_items(table)?);
        Ok(items)
    }

    fn session_item(&self, plan: &Plan) -> SessionItem {
        let longest = plan.at + SESSION_LIFETIME;
        SessionItem {
            marketplace: self.marketplace.clone(),
            user: self.identity.user.id.clone(),
            group: self.identity.group.id.clone(),
            marketplace_session: self.identity.session.token.expose().to_owned(),
            recheck_at: self.identity.session.recheck_at,
            checked_at: self.now,
            ask_again_at: None,
            creation_mode: self.creation_mode,
            group_since: plan.group_since(),
            member_since: plan.member_since,
            created_at: plan.at,
            expires_at: self.assertion.session_not_on_or_after.map_or(longest, |limit| limit.min(longest)),
        }
    }

    fn code_item(&self) -> CodeItem {
        CodeItem {
            marketplace: self.marketplace.clone(),
            session: self.session.digest(),
            destination: self.destination.clone(),
            expires_at: self.now + CODE_LIFETIME,
        }
    }
}

/// What OpenID does not say (protocol.md §4) stays as SAML left it.
fn with_what_openid_has_no_word_for(mut identity: Identity, records: &Records, now: Timestamp) -> Identity {
    if let Some(known) = records.group.as_ref().filter(|group| !is_over(group.expires_at, now)) {
        let (known, said) = (&known.group, &mut identity.group);
        said.currency = said.currency.take().or_else(|| known.currency.clone());
        said.free_trial_end_at = said.free_trial_end_at.or(known.free_trial_end_at);
        said.has_credit_card |= known.has_credit_card;
        said.org_id = said.org_id.take().or_else(|| known.org_id.clone());
    }
    if let Some(known) = records.user.as_ref().filter(|user| !is_over(user.expires_at, now)) {
        let company_name = identity.user.company_name.take();
        identity.user.company_name = company_name.or_else(|| known.user.company_name.clone());
    }
    identity
}
