//! Stores that do as they are told, except at the one call where a test says otherwise.
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::app::StoreSet;
use doorcode::domain::{
    AttemptKey, CounterKey, Host, Identifier, Role, SessionId, TokenDigest, UserId,
};
use doorcode::store::{
    Attempt, AttemptStore, Change, CounterStore, FoundUser, Increment, InsertedToken, LoginOutcome,
    LoginStore, NewLogin, NewPersonalToken, PersonalTokenStore, PersonalTokenSummary,
    SessionSelection, SessionStore, SessionSummary, StoreError, StoredPersonalToken, StoredSession,
    StoredUser, TakeOutcome, UpdateFn, UserRevision, UserStore,
};
use doorcode::system::Timestamp;
use std::collections::BTreeSet;
use tokio::sync::Notify;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The store has done nothing.
    Before,
    /// The store has done it.
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// This call fails and no other.
    Fails,
    /// From this call on, everything fails.
    GoesDown,
    /// The request is dropped here: whoever asked has gone away.
    IsDropped,
    /// What [`Trap::on_break`] says happens to the engines, and the call goes on.
    Breaks,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// Of the calls since it was armed, from 0.
    pub(crate) nth: usize,
    pub(crate) when: When,
    pub(crate) how: How,
}

#[derive(Default)]
struct State {
    calls: Vec<&'static str>,
    fault: Option<Fault>,
    met: bool,
}

#[derive(Default)]
pub(crate) struct Trap {
    state: Mutex<State>,
    hung: Notify,
    breaks: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Trap {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Counts calls from now on; `None` only listens.
    pub(crate) fn arm(&self, fault: Option<Fault>) {
        *self.state() = State { fault, ..State::default() };
    }

    /// Everything works again. Tells what was called, and whether the fault was met.
    pub(crate) fn disarm(&self) -> (Vec<&'static str>, bool) {
        let state = std::mem::take(&mut *self.state());
        (state.calls, state.met)
    }

    /// What [`How::Breaks`] does.
    pub(crate) fn on_break(&self, breaks: impl Fn() + Send + 'static) {
        *self.breaks.lock().unwrap() = Some(Box::new(breaks));
    }

    /// As soon as a call waits for ever.
    pub(crate) async fn hung(&self) {
        self.hung.notified().await;
    }

    fn note(&self, call: &'static str) -> usize {
        let mut state = self.state();
        state.calls.push(call);
        state.calls.len() - 1
    }

    async fn pass(&self, nth: usize, when: When) -> Result<(), StoreError> {
        let how = {
            let mut state = self.state();
            let Some(fault) = state.fault else { return Ok(()) };
            let here = (fault.nth, fault.when) == (nth, when);
            let later = fault.how == How::GoesDown && state.met;
            state.met |= here;
            (here || later).then_some(fault.how)
        };
        match how {
            None => Ok(()),
            Some(How::Fails | How::GoesDown) => {
                Err(StoreError::File(std::io::Error::other("a fail point")))
            }
            Some(How::Breaks) => {
                self.breaks.lock().unwrap().as_ref().expect("something that breaks")();
                Ok(())
            }
            Some(How::IsDropped) => {
                self.hung.notify_one();
                pending().await
            }
        }
    }
}

/// The same stores, with `trap` before each that a login calls.
pub(crate) fn trapped(stores: StoreSet, trap: &Arc<Trap>) -> StoreSet {
    StoreSet {
        attempts: Arc::new(Trapped(stores.attempts, Arc::clone(trap))),
        counters: Arc::new(Trapped(stores.counters, Arc::clone(trap))),
        logins: Arc::new(Trapped(stores.logins, Arc::clone(trap))),
        users: Arc::new(Trapped(stores.users, Arc::clone(trap))),
        sessions: Arc::new(Trapped(stores.sessions, Arc::clone(trap))),
        ..stores
    }
}

/// A store with a trap before it.
struct Trapped<T: ?Sized>(Arc<T>, Arc<Trap>);

impl<T: ?Sized> Trapped<T> {
    async fn call<R>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<R, StoreError>> + Send,
    ) -> Result<R, StoreError> {
        let nth = self.1.note(name);
        self.1.pass(nth, When::Before).await?;
        let done = work.await?;
        self.1.pass(nth, When::After).await?;
        Ok(done)
    }
}

#[async_trait]
impl<T: AttemptStore + ?Sized> AttemptStore for Trapped<T> {
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        self.call("attempts.get", self.0.get(key)).await
    }

    async fn update(&self, key: AttemptKey, step: &mut UpdateFn<'_>) -> Result<(), StoreError> {
        self.call("attempts.update", self.0.update(key, step)).await
    }
}

#[async_trait]
impl<T: CounterStore + ?Sized> CounterStore for Trapped<T> {
    async fn take(&self, counts: &[Increment], now: Timestamp) -> Result<TakeOutcome, StoreError> {
        self.call("counters.take", self.0.take(counts, now)).await
    }

    async fn give_back(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        self.call("counters.give_back", self.0.give_back(counts, at)).await
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.call("counters.clear", self.0.clear(key, window)).await
    }
}

#[async_trait]
impl<T: LoginStore + ?Sized> LoginStore for Trapped<T> {
    async fn commit(&self, login: &NewLogin) -> Result<LoginOutcome, StoreError> {
        self.call("logins.commit", self.0.commit(login)).await
    }
}

#[async_trait]
impl<T: UserStore + ?Sized> UserStore for Trapped<T> {
    async fn find_by_identifier(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<StoredUser>, StoreError> {
        self.call("users.with_number", self.0.find_by_identifier(identifier)).await
    }

    async fn find_by_ending(&self, ending: &str) -> Result<Vec<FoundUser>, StoreError> {
        self.call("users.by_ending", self.0.find_by_ending(ending)).await
    }

    async fn ensure_users(
        &self,
        people: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call("users.enrol", self.0.ensure_users(people, at)).await
    }

    async fn set_blocked(
        &self,
        identifier: &Identifier,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.call("users.set_blocked", self.0.set_blocked(identifier, blocked, at)).await
    }

    async fn set_roles(
        &self,
        identifier: &Identifier,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<UserId>, StoreError> {
        self.call("users.set_roles", self.0.set_roles(identifier, roles)).await
    }
}

#[async_trait]
impl<T: SessionStore + ?Sized> PersonalTokenStore for Trapped<T> {
    async fn find_personal_token(
        &self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredPersonalToken>, StoreError> {
        self.call("tokens.find", self.0.find_personal_token(digest)).await
    }

    async fn insert_personal_token(
        &self,
        maker: SessionId,
        token: &NewPersonalToken,
        most: u32,
        at: Timestamp,
    ) -> Result<InsertedToken, StoreError> {
        self.call("tokens.insert", self.0.insert_personal_token(maker, token, most, at)).await
    }

    async fn personal_tokens(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<PersonalTokenSummary>, StoreError> {
        self.call("tokens.of_user", self.0.personal_tokens(user, now)).await
    }
}

#[async_trait]
impl<T: SessionStore + ?Sized> SessionStore for Trapped<T> {
    async fn find(&self, token: &TokenDigest) -> Result<Option<StoredSession>, StoreError> {
        self.call("sessions.find", self.0.find(token)).await
    }

    async fn find_by_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError> {
        self.call("sessions.with_id", self.0.find_by_id(session)).await
    }

    async fn owner(&self, token: &TokenDigest, host: &Host) -> Result<Option<UserId>, StoreError> {
        self.call("sessions.owner", self.0.owner(token, host)).await
    }

    async fn list_by_user(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.call("sessions.of_user", self.0.list_by_user(user, now)).await
    }

    async fn add_token(
        &self,
        session: SessionId,
        token: &TokenDigest,
        host: &Host,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.call("sessions.add_token", self.0.add_token(session, token, host, at)).await
    }

    async fn end(
        &self,
        user: UserId,
        which: SessionSelection,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.call("sessions.end", self.0.end(user, which, at)).await
    }

    async fn replace(
        &self,
        former: SessionId,
        next: SessionId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call("sessions.replace", self.0.replace(former, next, at)).await
    }

    async fn record_last_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        self.call("sessions.note_seen", self.0.record_last_seen(seen)).await
    }

    async fn revision(&self, user: UserId) -> Result<Option<UserRevision>, StoreError> {
        self.call("sessions.standing", self.0.revision(user)).await
    }

    async fn changes_after(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        self.call("sessions.changes", self.0.changes_after(seq)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.call("sessions.ping", self.0.ping()).await
    }
}
