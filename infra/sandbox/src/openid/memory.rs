//! What a marketplace's provider remembers: its private association, the requests people are still answering, and the
//! assertions nobody has asked about yet.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::association::PrivateAssociation;
use super::message::Message;
use super::request::CheckId;
use crate::app::lock;
use crate::random;

/// How many requests and how many assertions are remembered; the oldest are forgotten first.
const REMEMBERED: usize = 1_000;
const VISIT_ID_LENGTH: usize = 24;

/// A request that is being answered, and who is answering it.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) request: CheckId,
    pub(super) user_uid: Option<String>,
}

pub(crate) struct Memory {
    association: PrivateAssociation,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    visits: VecDeque<(String, Visit)>,
    /// Nonces of assertions.
    unchecked: VecDeque<String>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { association: PrivateAssociation::generate(), recent: Mutex::default() }
    }

    /// Everything but the association.
    pub(crate) fn clear(&self) {
        *lock(&self.recent) = Recent::default();
    }

    /// Keeps a request until it is answered, under an id nobody can guess.
    pub(super) fn begin(&self, request: CheckId) -> String {
        let id = random::token(VISIT_ID_LENGTH);
        let visit = Visit { request, user_uid: None };
        push(&mut lock(&self.recent).visits, (id.clone(), visit));
        id
    }

    pub(super) fn visit(&self, id: &str) -> Option<Visit> {
        lock(&self.recent).visits.iter().find(|(known, _)| known == id).map(|(_, visit)| visit.clone())
    }

    /// Notes who is answering.
    pub(super) fn identify(&self, id: &str, user_uid: &str) {
        if let Some((_, visit)) = lock(&self.recent).visits.iter_mut().find(|(known, _)| known == id) {
            visit.user_uid = Some(user_uid.to_owned());
        }
    }

    /// A request is answered once.
    pub(super) fn end(&self, id: &str) {
        lock(&self.recent).visits.retain(|(known, _)| known != id);
    }

    /// Signs an assertion, which may then be asked about once.
    pub(super) fn sign(&self, message: &mut Message) {
        self.association.sign(message);
        if let Some(nonce) = message.get("response_nonce") {
            push(&mut lock(&self.recent).unchecked, nonce.to_owned());
        }
    }

    /// Whether this provider signed the assertion and is asked about it for the first time.
    pub(super) fn confirm(&self, assertion: &Message) -> bool {
        // The nonce is signed with the rest: every assertion made here has one.
        self.association.has_signed(assertion) && assertion.get("response_nonce").is_some_and(|nonce| self.spend(nonce))
    }

    /// Whether an association of that name is in use.
    pub(super) fn knows(&self, handle: &str) -> bool {
        self.association.is_called(Some(handle))
    }

    fn spend(&self, nonce: &str) -> bool {
        let mut recent = lock(&self.recent);
        let before = recent.unchecked.len();
        recent.unchecked.retain(|known| known != nonce);
        recent.unchecked.len() < before
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    queue.push_back(item);
    if queue.len() > REMEMBERED {
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assertion(memory: &Memory) -> Message {
        let mut message = Message::of_mode("id_res");
        message.push("response_nonce", "2030-01-15T10:00:07Zx");
        memory.sign(&mut message);
        message
    }

    #[test]
    fn an_assertion_is_confirmed_once() {
        let memory = Memory::new();
        let assertion = assertion(&memory);
        assert!(memory.confirm(&assertion));
        assert!(!memory.confirm(&assertion));
    }

    #[test]
    fn a_forgotten_assertion_is_not_confirmed() {
        let memory = Memory::new();
        let assertion = assertion(&memory);
        memory.clear();
        assert!(!memory.confirm(&assertion));
    }

    #[test]
    fn an_assertion_of_another_memory_is_not_confirmed() {
        let assertion = assertion(&Memory::new());
        assert!(!Memory::new().confirm(&assertion));
    }
}
