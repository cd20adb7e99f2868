//! Stores and a provider that write down what they are asked, and do it.
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::delivery::SendError;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::domain::{
    AttemptKey, CounterKey, Host, Identifier, Role, SessionId, TokenDigest, UserId,
};
use doorcode::store::{
    Attempt, Attempts, Change, Committed, Count, Counters, Logins, NewLogin, OwnSession, Sessions,
    Standing, StepFn, StoreError, StoredSession, StoredUser, Take, Users, Which,
};
use doorcode::system::Timestamp;

/// What was called, in order.
#[derive(Default)]
pub(super) struct Record(Mutex<Vec<&'static str>>);

impl Record {
    fn note(&self, call: &'static str) {
        self.0.lock().unwrap().push(call);
    }

    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

/// A store whose calls are recorded.
pub(super) struct Recorded<T>(pub(super) Arc<T>, pub(super) Arc<Record>);

#[async_trait]
impl<T: Attempts> Attempts for Recorded<T> {
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        self.1.note("attempts.get");
        self.0.get(key).await
    }

    async fn update(&self, key: AttemptKey, step: &mut StepFn<'_>) -> Result<(), StoreError> {
        self.1.note("attempts.update");
        self.0.update(key, step).await
    }
}

#[async_trait]
impl<T: Counters> Counters for Recorded<T> {
    async fn take(&self, counts: &[Count], now: Timestamp) -> Result<Take, StoreError> {
        self.1.note("counters.take");
        self.0.take(counts, now).await
    }

    async fn give_back(&self, counts: &[Count], at: Timestamp) -> Result<(), StoreError> {
        self.1.note("counters.give_back");
        self.0.give_back(counts, at).await
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.1.note("counters.clear");
        self.0.clear(key, window).await
    }
}

#[async_trait]
impl<T: Logins> Logins for Recorded<T> {
    async fn commit(&self, login: &NewLogin) -> Result<Committed, StoreError> {
        self.1.note("logins.commit");
        self.0.commit(login).await
    }
}

#[async_trait]
impl<T: Users> Users for Recorded<T> {
    async fn with_number(&self, identifier: &Identifier) -> Result<Option<StoredUser>, StoreError> {
        self.1.note("users.with_number");
        self.0.with_number(identifier).await
    }

    async fn enrol(
        &self,
        people: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.1.note("users.enrol");
        self.0.enrol(people, at).await
    }

    async fn set_blocked(
        &self,
        identifier: &Identifier,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.1.note("users.set_blocked");
        self.0.set_blocked(identifier, blocked, at).await
    }

    async fn set_roles(
        &self,
        identifier: &Identifier,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<UserId>, StoreError> {
        self.1.note("users.set_roles");
        self.0.set_roles(identifier, roles).await
    }
}

#[async_trait]
impl<T: Sessions> Sessions for Recorded<T> {
    async fn find(&self, token: &TokenDigest) -> Result<Option<StoredSession>, StoreError> {
        self.1.note("sessions.find");
        self.0.find(token).await
    }

    async fn with_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError> {
        self.1.note("sessions.with_id");
        self.0.with_id(session).await
    }

    async fn of_user(&self, user: UserId, now: Timestamp) -> Result<Vec<OwnSession>, StoreError> {
        self.1.note("sessions.of_user");
        self.0.of_user(user, now).await
    }

    async fn add_token(
        &self,
        session: SessionId,
        token: &TokenDigest,
        host: &Host,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.1.note("sessions.add_token");
        self.0.add_token(session, token, host, at).await
    }

    async fn end(
        &self,
        user: UserId,
        which: Which,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.1.note("sessions.end");
        self.0.end(user, which, at).await
    }

    async fn replace(
        &self,
        former: SessionId,
        next: SessionId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.1.note("sessions.replace");
        self.0.replace(former, next, at).await
    }

    async fn note_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        self.1.note("sessions.note_seen");
        self.0.note_seen(seen).await
    }

    async fn standing(&self, user: UserId) -> Result<Option<Standing>, StoreError> {
        self.1.note("sessions.standing");
        self.0.standing(user).await
    }

    async fn changes(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        self.1.note("sessions.changes");
        self.0.changes(seq).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.1.note("sessions.ping");
        self.0.ping().await
    }
}

/// Takes every text.
pub(super) struct Provider {
    pub(super) record: Arc<Record>,
    pub(super) texts: Arc<Mutex<Vec<(String, String)>>>,
}

#[async_trait]
impl SmsProvider for Provider {
    fn name(&self) -> &'static str {
        "recording"
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        self.record.note("send");
        let text = (message.to.e164().to_owned(), message.text.to_owned());
        self.texts.lock().unwrap().push(text);
        Ok(Receipt { provider: "recording", id: "1".to_owned(), segments: None })
    }
}
