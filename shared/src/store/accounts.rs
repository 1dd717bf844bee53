//! Reading who is signed in, redeeming codes, ending sessions.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue},
};
use jiff::Timestamp;

use super::{
    StoreError,
    item::{CodeItem, GroupItem, Item, MemberItem, SessionItem, UserItem},
    keys::{Key, PARTITION_KEY},
};
use crate::{
    domain::VirtualUser,
    identity::MarketplaceSession,
    session::{ActiveSession, Created, Destination, Session, Token, TokenDigest},
};

/// The accounts table.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(super) client: Client,
    pub(super) table: String,
}

impl Accounts {
    /// The table of this name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The table of this name in the execution environment's own account.
    #[must_use]
    pub fn connect(config: &SdkConfig, table: String) -> Self {
        Self::new(Client::new(config), table)
    }

    /// The session with this id, if it holds: it exists, it has not expired, and the membership it rests on is still the same.
    ///
    /// # Errors
    /// [`StoreError`]: whether it holds is not known, so it must not be relied on.
    pub async fn session(&self, id: &TokenDigest, now: Timestamp) -> Result<Option<ActiveSession>, StoreError> {
        let Some(session) = self.get::<SessionItem>(Key::session(id)).await? else { return Ok(None) };
        self.active(session, now).await
    }

    /// Redeems a one-time code: the id of the session behind it, once, and where the person wanted to go.
    ///
    /// # Errors
    /// [`StoreError`]: the code may have been used up.
    pub async fn redeem_code(
        &self,
        code: &Token,
        now: Timestamp,
    ) -> Result<Option<(TokenDigest, Destination)>, StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::code(&code.digest()).into_attributes()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(StoreError::request("DeleteItem"))?;
        let Some(item) = deleted.attributes else { return Ok(None) };
        let code = CodeItem::read(item)?;
        Ok((now < code.expires_at).then_some((code.session, code.destination)))
    }

    /// Notes that the marketplace was asked and says that a session holds, until `recheck_at` (protocol.md §3.11). One that has
    /// ended meanwhile stays ended.
    ///
    /// # Errors
    /// [`StoreError`]: it will be asked again.
    pub async fn session_rechecked(
        &self,
        id: &TokenDigest,
        checked_at: Timestamp,
        recheck_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.update_session(id, "SET checked_at = :a, recheck_at = :b", [(":a", checked_at), (":b", recheck_at)]).await
    }

    /// Notes that the marketplace did not answer, and when to ask it again.
    ///
    /// # Errors
    /// [`StoreError`]: it will be asked at once.
    pub async fn session_not_rechecked(&self, id: &TokenDigest, ask_again_at: Timestamp) -> Result<(), StoreError> {
        self.update_session(id, "SET ask_again_at = :a", [(":a", ask_again_at)]).await
    }

    /// Changes a session that is there.
    async fn update_session<const N: usize>(
        &self,
        id: &TokenDigest,
        expression: &str,
        values: [(&str, Timestamp); N],
    ) -> Result<(), StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::session(id).into_attributes()))
            .update_expression(expression)
            .condition_expression("attribute_exists(#key)")
            .expression_attribute_names("#key", PARTITION_KEY);
        for (name, at) in values {
            update = update.expression_attribute_values(name, AttributeValue::S(at.to_string()));
        }
        let outcome = update.send().await;
        let is_refused = UpdateItemError::is_conditional_check_failed_exception;
        StoreError::unless_refused(outcome, "UpdateItem", is_refused).map(drop)
    }

    /// Ends a session. Ending one that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`]: it may still hold.
    pub async fn end_session(&self, id: &TokenDigest) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::session(id).into_attributes()))
            .send()
            .await
            .map_err(StoreError::request("DeleteItem"))?;
        Ok(())
    }

    /// Opens a connection and checks that the table is there, before the first request needs it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        self.get::<SessionItem>(Key::session(&Token::generate().digest())).await.map(|_| ())
    }

    async fn active(&self, session: SessionItem, now: Timestamp) -> Result<Option<ActiveSession>, StoreError> {
        if session.expires_at <= now {
            return Ok(None);
        }
        let SessionItem { marketplace, user, group, .. } = &session;
        let (found_user, found_group, found_member) = tokio::try_join!(
            self.get::<UserItem>(Key::user(marketplace, user)),
            self.get::<GroupItem>(Key::group(marketplace, group)),
            self.get::<MemberItem>(Key::member(marketplace, group, user)),
        )?;
        let (Some(user), Some(group), Some(member)) = (found_user, found_group, found_member) else { return Ok(None) };
        // What ended and began again since is another membership, of which this session knows nothing.
        let is_served = group.cancelled_at.is_none() && group.since == session.group_since;
        let belongs = member.removed_at.is_none() && member.since == session.member_since;
        if !(is_served && belongs) {
            return Ok(None);
        }
        // The sign-in that made a record is the one whose session is as old.
        let by_this_sign_in = |since: Timestamp| since == session.created_at;
        Ok(Some(ActiveSession {
            created: Created {
                group: by_this_sign_in(group.since),
                user: by_this_sign_in(user.since),
                member: by_this_sign_in(member.since),
            },
            virtual_user: VirtualUser {
                id: VirtualUser::id_of(&session.user, &session.group),
                email: member.virtual_email,
            },
            user: user.user,
            group: group.group,
            role: member.role,
            session: Session {
                marketplace: session.marketplace,
                user: session.user,
                group: session.group,
                created_at: session.created_at,
                expires_at: session.expires_at,
                creation_mode: session.creation_mode,
                marketplace_session: MarketplaceSession {
                    token: session.marketplace_session.into(),
                    recheck_at: session.recheck_at,
                },
                checked_at: session.checked_at,
                ask_again_at: session.ask_again_at,
            },
        }))
    }

    pub(super) async fn get<T: Item>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::request("GetItem"))?;
        found.item.map(T::read).transpose()
    }
}
