//! Before stores and providers: writes down what they are asked.
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::app::{Decorator, StoreSet};
use doorcode::delivery::SendError;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::domain::{
    AttemptKey, CounterKey, Host, Identifier, Role, SessionId, TextChannel, TokenDigest, UserId,
};
use doorcode::store::{
    Attempt, AttemptStore, Change, CounterCapacity, CounterStore, FoundUser, Increment,
    InsertedToken, LoginOutcome, LoginStore, MemoryCounters, NewLogin, NewPersonalToken,
    PersonalTokenStore, PersonalTokenSummary, SessionSelection, SessionStore, SessionSummary,
    StoreError, StoredPersonalToken, StoredSession, StoredUser, TakeOutcome, UpdateFn,
    UserRevision, UserStore,
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
struct Recorded<T: ?Sized>(Arc<T>, Arc<Record>);

#[async_trait]
impl<T: AttemptStore + ?Sized> AttemptStore for Recorded<T> {
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        self.1.note("attempts.get");
        self.0.get(key).await
    }

    async fn update(&self, key: AttemptKey, step: &mut UpdateFn<'_>) -> Result<(), StoreError> {
        self.1.note("attempts.update");
        self.0.update(key, step).await
    }
}

#[async_trait]
impl<T: CounterStore + ?Sized> CounterStore for Recorded<T> {
    async fn take(&self, counts: &[Increment], now: Timestamp) -> Result<TakeOutcome, StoreError> {
        self.1.note("counters.take");
        self.0.take(counts, now).await
    }

    async fn give_back(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        self.1.note("counters.give_back");
        self.0.give_back(counts, at).await
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.1.note("counters.clear");
        self.0.clear(key, window).await
    }
}

#[async_trait]
impl<T: LoginStore + ?Sized> LoginStore for Recorded<T> {
    async fn commit(&self, login: &NewLogin) -> Result<LoginOutcome, StoreError> {
        self.1.note("logins.commit");
        self.0.commit(login).await
    }
}

#[async_trait]
impl<T: UserStore + ?Sized> UserStore for Recorded<T> {
    async fn find_by_identifier(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<StoredUser>, StoreError> {
        self.1.note("users.with_number");
        self.0.find_by_identifier(identifier).await
    }

    async fn find_by_ending(&self, ending: &str) -> Result<Vec<FoundUser>, StoreError> {
        self.1.note("users.by_ending");
        self.0.find_by_ending(ending).await
    }

    async fn ensure_users(
        &self,
        people: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.1.note("users.enrol");
        self.0.ensure_users(people, at).await
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
impl<T: SessionStore + ?Sized> PersonalTokenStore for Recorded<T> {
    async fn find_personal_token(
        &self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredPersonalToken>, StoreError> {
        self.1.note("tokens.find");
        self.0.find_personal_token(digest).await
    }

    async fn insert_personal_token(
        &self,
        maker: SessionId,
        token: &NewPersonalToken,
        most: u32,
        at: Timestamp,
    ) -> Result<InsertedToken, StoreError> {
        self.1.note("tokens.insert");
        self.0.insert_personal_token(maker, token, most, at).await
    }

    async fn personal_tokens(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<PersonalTokenSummary>, StoreError> {
        self.1.note("tokens.of_user");
        self.0.personal_tokens(user, now).await
    }
}

#[async_trait]
impl<T: SessionStore + ?Sized> SessionStore for Recorded<T> {
    async fn find(&self, token: &TokenDigest) -> Result<Option<StoredSession>, StoreError> {
        self.1.note("sessions.find");
        self.0.find(token).await
    }

    async fn find_by_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError> {
        self.1.note("sessions.with_id");
        self.0.find_by_id(session).await
    }

    async fn owner(&self, token: &TokenDigest, host: &Host) -> Result<Option<UserId>, StoreError> {
        self.1.note("sessions.owner");
        self.0.owner(token, host).await
    }

    async fn list_by_user(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.1.note("sessions.of_user");
        self.0.list_by_user(user, now).await
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
        which: SessionSelection,
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

    async fn record_last_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        self.1.note("sessions.note_seen");
        self.0.record_last_seen(seen).await
    }

    async fn revision(&self, user: UserId) -> Result<Option<UserRevision>, StoreError> {
        self.1.note("sessions.standing");
        self.0.revision(user).await
    }

    async fn changes_after(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        self.1.note("sessions.changes");
        self.0.changes_after(seq).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.1.note("sessions.ping");
        self.0.ping().await
    }
}

#[async_trait]
impl<T: SmsProvider + ?Sized> SmsProvider for Recorded<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn channel(&self) -> TextChannel {
        self.0.channel()
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        self.1.note("send");
        self.0.send(message).await
    }
}

/// Records what is called for the answers, and what is called for the texts behind them. Counts
/// are in memory.
pub(super) struct Recording<'r> {
    pub(super) front: &'r Arc<Record>,
    pub(super) behind: &'r Arc<Record>,
}

impl Decorator for Recording<'_> {
    fn stores_for_requests(&self, stores: StoreSet) -> StoreSet {
        recorded(stores, self.front)
    }

    fn stores_for_texts(&self, stores: StoreSet) -> StoreSet {
        recorded(stores, self.behind)
    }

    fn providers(&self, providers: Vec<Arc<dyn SmsProvider>>) -> Vec<Arc<dyn SmsProvider>> {
        let recorded = |provider| Arc::new(Recorded(provider, Arc::clone(self.behind))) as _;
        providers.into_iter().map(recorded).collect()
    }
}

fn recorded(stores: StoreSet, record: &Arc<Record>) -> StoreSet {
    let counters: Arc<dyn CounterStore> =
        Arc::new(MemoryCounters::sized(CounterCapacity::default()));
    StoreSet {
        attempts: Arc::new(Recorded(stores.attempts, Arc::clone(record))),
        counters: Arc::new(Recorded(counters, Arc::clone(record))),
        logins: Arc::new(Recorded(stores.logins, Arc::clone(record))),
        users: Arc::new(Recorded(stores.users, Arc::clone(record))),
        sessions: Arc::new(Recorded(stores.sessions, Arc::clone(record))),
        ..stores
    }
}
