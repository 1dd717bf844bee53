//! One sign-in, one transaction: the assertion and the request are used up, group, user and membership are there and
//! up to date, session and code exist; or nothing has happened.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Accounts, StoreError,
    item::{Attributes, CodeItem, ConsumedItem, GroupItem, Item, MemberItem, SessionItem, TraceItem, UserItem},
    keys::{Key, PARTITION_KEY},
};
use crate::{
    domain::{CreationMode, MarketplaceKey},
    identity::{Assertion, Identity},
    random,
    session::{CODE_LIFETIME, Destination, SESSION_LIFETIME, Token, TokenDigest},
    trace::{Protocol, SignInTrace, reason_codes},
};

/// A used request is remembered for longer than the cookie that can present it lives.
const REQUEST_MEMORY: SignedDuration = SignedDuration::from_mins(15);
/// A used assertion is remembered for longer than it can be accepted: clocks differ, and the table counts whole seconds.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// How often a transaction that met another one is tried.
pub(super) const ATTEMPTS: u32 = 6;
/// The first pause between attempts; it doubles, and is cut short at random.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Where in the transaction the two uses stand.
const ASSERTION_AT: usize = 0;
const REQUEST_AT: usize = 1;

/// What OpenID has no word for (protocol.md §4): it stays as SAML left it.
const UNSAID_BY_OPENID: [&str; 5] = ["company_name", "currency", "free_trial_end_at", "has_credit_card", "org_id"];

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
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

reason_codes! {
    impl SignInError {
        Self::AssertionConsumed => "assertion-consumed",
        Self::RequestConsumed => "request-consumed",
        Self::Store(_) => "store",
    }
}

impl Accounts {
    /// Signs a person in.
    ///
    /// # Errors
    /// [`SignInError`]: nothing was written, unless the table's answer was lost, in which case the assertion may be used up.
    pub async fn sign_in(&self, sign_in: &SignIn<'_>) -> Result<(), SignInError> {
        let items = sign_in.items(&self.table)?;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let sent = self.client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
            let Err(error) = sent else { break };
            let reasons = cancellation_reasons(&error);
            if has(reasons, ASSERTION_AT, "ConditionalCheckFailed") {
                return Err(SignInError::AssertionConsumed);
            }
            if has(reasons, REQUEST_AT, "ConditionalCheckFailed") {
                return Err(SignInError::RequestConsumed);
            }
            let met_another = (0..reasons.len()).any(|at| has(reasons, at, "TransactionConflict"));
            if !met_another || attempt == ATTEMPTS {
                return Err(StoreError::request("TransactWriteItems")(error).into());
            }
            tokio::time::sleep(pause.mul_f64(f64::from(u32::from_be_bytes(random::bytes())) / f64::from(u32::MAX)))
                .await;
            pause *= 2;
        }
        Ok(())
    }
}

impl SignIn<'_> {
    fn items(&self, table: &str) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (group, user) = (&self.identity.group.id, &self.identity.user.id);
        let unsaid = match self.trace.protocol {
            Protocol::Saml => &[][..],
            Protocol::OpenId => &UNSAID_BY_OPENID[..],
        };
        let until = |expires_at| ConsumedItem { marketplace: self.marketplace.clone(), expires_at };
        let mut items = vec![
            create(
                table,
                until(self.assertion.consumable_until.saturating_add(MARGIN).unwrap_or(Timestamp::MAX))
                    .at(Key::consumed_assertion(self.marketplace, &self.assertion.id))?,
            )?,
            upsert(table, Key::group(self.marketplace, group), self.group().attributes()?, unsaid, self.now)?,
            upsert(table, Key::user(self.marketplace, user), self.user().attributes()?, unsaid, self.now)?,
            upsert(table, Key::member(self.marketplace, group, user), self.member().attributes()?, unsaid, self.now)?,
            create(table, self.session_item().at(Key::session(&self.session.digest()))?)?,
            create(table, self.code_item().at(Key::code(&self.code.digest()))?)?,
            create(table, TraceItem::of(self.trace).at(Key::trace(&self.trace.reference))?)?,
        ];
        if let Some(request_id) = &self.assertion.request_id {
            let used = until(self.now + REQUEST_MEMORY).at(Key::consumed_request(self.marketplace, request_id))?;
            items.insert(REQUEST_AT, create(table, used)?);
        }
        if let Some(session) = self.replaces {
            items.push(delete(table, Key::session(session))?);
        }
        Ok(items)
    }

    fn group(&self) -> GroupItem {
        GroupItem {
            marketplace: self.marketplace.clone(),
            group: self.identity.group.clone(),
            updated_at: self.now,
            created_at: None,
        }
    }

    fn user(&self) -> UserItem {
        UserItem {
            marketplace: self.marketplace.clone(),
            user: self.identity.user.clone(),
            updated_at: self.now,
            created_at: None,
        }
    }

    fn member(&self) -> MemberItem {
        MemberItem {
            marketplace: self.marketplace.clone(),
            group: self.identity.group.id.clone(),
            user: self.identity.user.id.clone(),
            role: self.identity.role.clone(),
            virtual_email: self.identity.virtual_user.email.clone(),
            updated_at: self.now,
            created_at: None,
        }
    }

    fn session_item(&self) -> SessionItem {
        let longest = self.now + SESSION_LIFETIME;
        SessionItem {
            marketplace: self.marketplace.clone(),
            user: self.identity.user.id.clone(),
            group: self.identity.group.id.clone(),
            marketplace_session: self.identity.session.token.expose().to_owned(),
            recheck_at: self.identity.session.recheck_at,
            checked_at: self.now,
            ask_again_at: None,
            creation_mode: self.creation_mode,
            created_at: self.now,
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

/// Writes an item that must not be there yet.
fn create(table: &str, item: Attributes) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(#key)")
        .expression_attribute_names("#key", PARTITION_KEY)
        .build()
        .map_err(StoreError::build("Put"))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Removes an item, if it is there.
fn delete(table: &str, key: Key) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder().table_name(table).set_key(Some(key.into_attributes()));
    let delete = delete.build().map_err(StoreError::build("Delete"))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Writes the attributes of an item, whether or not it is there, and keeps when it was first written, and `unsaid` attributes that
/// it has.
fn upsert(
    table: &str,
    key: Key,
    attributes: Attributes,
    unsaid: &[&str],
    now: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    let mut update = Update::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()))
        .expression_attribute_names("#created_at", "created_at")
        .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
    let mut expression = "SET #created_at = if_not_exists(#created_at, :now)".to_owned();
    for (at, (name, value)) in attributes.into_iter().enumerate() {
        expression.push_str(&if unsaid.contains(&name.as_str()) {
            format!(", #a{at} = if_not_exists(#a{at}, :a{at})")
        } else {
            format!(", #a{at} = :a{at}")
        });
        update = update
            .expression_attribute_names(format!("#a{at}"), name)
            .expression_attribute_values(format!(":a{at}"), value);
    }
    let update = update.update_expression(expression).build().map_err(StoreError::build("Update"))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

fn has(reasons: &[CancellationReason], at: usize, code: &str) -> bool {
    reasons.get(at).and_then(CancellationReason::code) == Some(code)
}
