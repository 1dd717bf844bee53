//! What the queues hold, where the embedded SQS looks for it. One account and one region, whichever it asks for, and queue URLs that
//! lead to our endpoint.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use winterbaume_sqs::{
    SendMessageOutput, SqsBackend, SqsState, SqsStateView, StateViewError,
    state::SqsError,
    types::{Message, MessageAttribute, MessageMoveTask, Queue},
};

use super::{ACCOUNT, url};
use crate::stores::REGION;

type Answer<T, E = SqsError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

#[derive(Debug)]
pub(super) struct Store {
    endpoint: String,
    state: Mutex<SqsState>,
}

impl Store {
    pub(super) fn new(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), state: Mutex::default() }
    }

    /// Creates a queue, or answers with the one that is there.
    pub(super) fn create(
        &self,
        name: &str,
        attributes: &HashMap<String, String>,
        tags: Option<&HashMap<String, String>>,
    ) -> Result<Queue, SqsError> {
        let mut state = self.state();
        state.create_queue(name, REGION, ACCOUNT, attributes, tags)?;
        let queue = &mut state.queues.get_mut(name).ok_or(SqsError::NonExistentQueue)?.queue;
        queue.url = url(&self.endpoint, name);
        Ok(queue.clone())
    }

    /// Takes what can be received now, for the queue's visibility timeout.
    pub(super) fn receive(&self, queue: &str, at_most: usize) -> Result<Vec<Message>, SqsError> {
        self.state().receive_message(queue, at_most, None)
    }

    pub(super) fn delete(&self, queue: &str, handle: &str) -> Result<(), SqsError> {
        self.state().delete_message(queue, handle)
    }

    /// Each message's body, and its reason if it has one.
    pub(super) fn messages(&self, queue: &str) -> Vec<(String, Option<String>)> {
        let state = self.state();
        let messages = state.queues.get(queue).into_iter().flat_map(|queue| &queue.messages);
        let reason = |message: &Message| message.message_attributes.get("Reason")?.string_value.clone();
        messages.map(|message| (message.body.clone(), reason(message))).collect()
    }

    fn state(&self) -> MutexGuard<'_, SqsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ready<T: Send + 'static, E: Send + 'static>(result: Result<T, E>) -> Answer<T, E> {
    Box::pin(std::future::ready(result))
}

/// The first two parameters are the account and the region.
impl SqsBackend for Store {
    fn create_queue(
        &self,
        _: String,
        _: String,
        name: String,
        attributes: HashMap<String, String>,
        tags: Option<HashMap<String, String>>,
    ) -> Answer<Queue> {
        ready(self.create(&name, &attributes, tags.as_ref()))
    }

    fn delete_queue(&self, _: String, _: String, queue: String) -> Answer<()> {
        ready(self.state().delete_queue(&queue))
    }

    fn get_queue_url(&self, _: String, _: String, queue: String) -> Answer<String> {
        ready(self.state().get_queue_url(&queue).map(ToOwned::to_owned))
    }

    fn get_queue_attributes(&self, _: String, _: String, queue: String) -> Answer<HashMap<String, String>> {
        ready(self.state().get_queue_attributes(&queue))
    }

    fn set_queue_attributes(
        &self,
        _: String,
        _: String,
        queue: String,
        attributes: HashMap<String, String>,
    ) -> Answer<()> {
        ready(self.state().set_queue_attributes(&queue, &attributes))
    }

    fn list_queues(&self, _: String, _: String, prefix: Option<String>) -> Answer<Vec<Queue>> {
        ready(Ok(self.state().list_queues(prefix.as_deref()).into_iter().cloned().collect()))
    }

    fn send_message(
        &self,
        _: String,
        _: String,
        queue: String,
        body: String,
        delay_seconds: Option<u32>,
        attributes: HashMap<String, MessageAttribute>,
        group_id: Option<String>,
        deduplication_id: Option<String>,
    ) -> Answer<SendMessageOutput> {
        let (group_id, deduplication_id) = (group_id.as_deref(), deduplication_id.as_deref());
        let sent = self.state().send_message(&queue, &body, delay_seconds, attributes, group_id, deduplication_id);
        ready(sent.map(|sent| SendMessageOutput { message_id: sent.message_id, body_md5: sent.body_md5 }))
    }

    fn receive_messages(
        &self,
        _: String,
        _: String,
        queue: String,
        at_most: usize,
        visibility_timeout: Option<u32>,
    ) -> Answer<Vec<Message>> {
        ready(self.state().receive_message(&queue, at_most, visibility_timeout))
    }

    fn delete_message(&self, _: String, _: String, queue: String, handle: String) -> Answer<()> {
        ready(self.delete(&queue, &handle))
    }

    fn purge_queue(&self, _: String, _: String, queue: String) -> Answer<()> {
        ready(self.state().purge_queue(&queue))
    }

    fn change_message_visibility(&self, _: String, _: String, queue: String, handle: String, to: u32) -> Answer<()> {
        ready(self.state().change_message_visibility(&queue, &handle, to))
    }

    fn change_message_visibility_batch(
        &self,
        _: String,
        _: String,
        queue: String,
        entries: Vec<(String, String, u32)>,
    ) -> Answer<Vec<String>> {
        ready(self.state().change_message_visibility_batch(&queue, &entries))
    }

    fn list_queue_tags(&self, _: String, _: String, queue: String) -> Answer<HashMap<String, String>> {
        ready(self.state().list_queue_tags(&queue))
    }

    fn tag_queue(&self, _: String, _: String, queue: String, tags: HashMap<String, String>) -> Answer<()> {
        ready(self.state().tag_queue(&queue, &tags))
    }

    fn untag_queue(&self, _: String, _: String, queue: String, tags: Vec<String>) -> Answer<()> {
        ready(self.state().untag_queue(&queue, &tags))
    }

    fn add_permission(
        &self,
        _: String,
        _: String,
        queue: String,
        label: String,
        accounts: Vec<String>,
        actions: Vec<String>,
    ) -> Answer<()> {
        ready(self.state().add_permission(&queue, &label, accounts, actions))
    }

    fn remove_permission(&self, _: String, _: String, queue: String, label: String) -> Answer<()> {
        ready(self.state().remove_permission(&queue, &label))
    }

    fn list_dead_letter_source_queues(&self, _: String, _: String, queue: String) -> Answer<Vec<String>> {
        ready(self.state().list_dead_letter_source_queues(&queue))
    }

    fn start_message_move_task(
        &self,
        _: String,
        _: String,
        from: String,
        to: Option<String>,
        per_second: Option<i32>,
    ) -> Answer<String> {
        ready(self.state().start_message_move_task(&from, to.as_deref(), per_second))
    }

    fn cancel_message_move_task(&self, _: String, _: String, task: String) -> Answer<i64> {
        ready(self.state().cancel_message_move_task(&task))
    }

    fn list_message_move_tasks(&self, _: String, _: String, from: String) -> Answer<Vec<MessageMoveTask>> {
        ready(Ok(self.state().list_message_move_tasks(&from).into_iter().cloned().collect()))
    }

    fn scopes_with_state(&self) -> Vec<(String, String)> {
        vec![(ACCOUNT.to_owned(), REGION.to_owned())]
    }

    fn snapshot(&self, _: String, _: String) -> Pin<Box<dyn Future<Output = SqsStateView> + Send>> {
        Box::pin(std::future::ready(SqsStateView::from(&*self.state())))
    }

    fn restore(&self, _: String, _: String, _: SqsStateView) -> Answer<(), StateViewError> {
        ready(Err(not_kept()))
    }

    fn merge(&self, _: String, _: String, _: SqsStateView) -> Answer<(), StateViewError> {
        ready(Err(not_kept()))
    }
}

fn not_kept() -> StateViewError {
    StateViewError::Invalid("queues are not kept from one run to the next".to_owned())
}
