//! Callers to judge. Only `Sessions::check` makes one who is signed in, so it is asked.
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorcode::domain::{
    Host, Keyring, Origin, PhoneNumber, Role, ServerSecret, SessionId, TokenDigest, UserId,
};
use doorcode::gate::Caller;
use doorcode::session::{SessionSettings, Sessions};
use doorcode::store::{
    self, Change, InsertedToken, NewPersonalToken, PersonalTokenSummary, SessionKind,
    SessionSelection, SessionSummary, StoreError, StoredPersonalToken, StoredSession, UserRevision,
};
use doorcode::system::{System, Timestamp};

/// A store that holds one session under every token.
struct OneSession(StoredSession);

#[async_trait]
impl store::PersonalTokenStore for OneSession {
    async fn find_personal_token(
        &self,
        _: &TokenDigest,
    ) -> Result<Option<StoredPersonalToken>, StoreError> {
        Ok(None)
    }

    async fn insert_personal_token(
        &self,
        _: SessionId,
        _: &NewPersonalToken,
        _: u32,
        _: Timestamp,
    ) -> Result<InsertedToken, StoreError> {
        Ok(InsertedToken::Ended)
    }

    async fn personal_tokens(
        &self,
        _: UserId,
        _: Timestamp,
    ) -> Result<Vec<PersonalTokenSummary>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl store::SessionStore for OneSession {
    async fn find(&self, _token: &TokenDigest) -> Result<Option<StoredSession>, StoreError> {
        Ok(Some(self.0.clone()))
    }

    async fn add_token(
        &self,
        _session: SessionId,
        _token: &TokenDigest,
        _host: &Host,
        _at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn find_by_id(&self, _: SessionId) -> Result<Option<StoredSession>, StoreError> {
        Ok(Some(self.0.clone()))
    }

    async fn owner(&self, _: &TokenDigest, _: &Host) -> Result<Option<UserId>, StoreError> {
        Ok(Some(self.0.user))
    }

    async fn list_by_user(
        &self,
        _: UserId,
        _: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        Ok(Vec::new())
    }

    async fn end(
        &self,
        _: UserId,
        _: SessionSelection,
        _: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(Vec::new())
    }

    async fn replace(&self, _: SessionId, _: SessionId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn revision(&self, _: UserId) -> Result<Option<UserRevision>, StoreError> {
        Ok(None)
    }

    async fn changes_after(&self, _: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        Ok(Vec::new())
    }

    async fn record_last_seen(&self, _seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Somebody with this number and these roles, signed in.
pub(crate) fn signed_in(phone: &str, roles: &[&str]) -> Caller {
    let system = System::real();
    let hour = Duration::from_hours(1);
    let settings = SessionSettings { idle: hour, lifetime: hour };
    let host = Origin::parse("https://a.example").unwrap().host().clone();
    let stored = StoredSession {
        id: SessionId::from_bytes([1; 16]),
        user: UserId::from_bytes([2; 12]),
        kind: SessionKind::Browser,
        phone: PhoneNumber::parse(phone, None).unwrap(),
        revision: UserRevision::default(),
        host: Some(host.clone()),
        created: system.now(),
        last_seen: system.now(),
        expires: system.now() + hour,
    };
    let keyring = Keyring::new(ServerSecret::new(&"k".repeat(32)).unwrap(), Vec::new());
    let sessions = Sessions::new(Arc::new(OneSession(stored)), &keyring, system);
    let token = sessions.prepare(&host, &[3; 32], settings).token;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(sessions.check(&token, &host, settings)).unwrap();
    let roles: BTreeSet<Role> = roles.iter().map(|role| Role::parse(role).unwrap()).collect();
    Caller::Session(found.unwrap(), Arc::new(roles))
}
