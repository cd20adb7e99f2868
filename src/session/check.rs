use std::sync::Arc;

use super::cached_user::CachedUser;
use super::header_cache::HeaderCache;
use super::sessions::Sessions;
use super::signed_in::{CachedSession, SessionPlace, SignedIn};
use super::state::{SessionSettings, SessionState};
use super::token::SessionToken;
use crate::domain::{Host, SessionId, TokenDigest, UserId};
use crate::store::{StoreError, StoredSession};

/// What a session is looked up by in the store.
#[derive(Clone, Copy)]
enum SessionLookup<'a> {
    /// SHA-256 of a token.
    Token(&'a TokenDigest),
    Id(SessionId),
    /// SHA-256 of a personal access token.
    PersonalToken(&'a TokenDigest),
}

impl Sessions {
    /// The session of `token` if it is valid on `host` now. Reads the store only for sessions
    /// that are not cached.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn check(
        &self,
        token: &SessionToken,
        host: &Host,
        settings: SessionSettings,
    ) -> Result<Option<SignedIn>, StoreError> {
        let digest = token.digest();
        let cached = match self.by_token.get(&digest) {
            Some(cached) => cached,
            None if !token.is_ours(&self.token_keys) => return Ok(None),
            // Rare. Boxed, so that it does not enlarge the future of every request.
            None => Box::pin(self.load(digest)).await?,
        };
        let now = self.system.now();
        Ok(cached.filter(|cached| cached.is_valid(host, now, settings)).map(|cached| {
            cached.record_use(now);
            SignedIn(cached)
        }))
    }

    /// Whose a token on `host` is, or was before its session ended, with its digest. Always reads the
    /// store, but for tokens that are not ours.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn owner(
        &self,
        token: &SessionToken,
        host: &Host,
    ) -> Result<Option<(UserId, TokenDigest)>, StoreError> {
        if !token.is_ours(&self.token_keys) {
            return Ok(None);
        }
        let digest = token.digest();
        Ok(self.store.owner(&digest, host).await?.map(|user| (user, digest)))
    }

    /// The session with an id, such as the `sid` of a verified token. `None` if it was ended, its
    /// user is blocked, or it is that of a ticket that was not redeemed. Its idle timeout and
    /// absolute end do not apply: what holds the id has an end of its own. Reads the store only
    /// for sessions that are not cached by their id.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn find_by_id(&self, session: SessionId) -> Result<Option<SignedIn>, StoreError> {
        let cached = if let Some(cached) = self.by_session.get(&session) {
            cached
        } else {
            let loaded = self.read_and_share(SessionLookup::Id(session)).await?;
            self.by_session.entry(session).or_insert(loaded).into_value()
        };
        Ok(cached.filter(|cached| !cached.session.has_ended()).map(SignedIn))
    }

    async fn load(&self, digest: TokenDigest) -> Result<Option<Arc<CachedSession>>, StoreError> {
        let loaded = self.read_and_share(SessionLookup::Token(&digest)).await?;
        Ok(self.keep(digest, loaded))
    }

    /// The same for the digest of a personal access token. No other token's digest is equal to it.
    pub(super) async fn load_personal_token(
        &self,
        digest: TokenDigest,
    ) -> Result<Option<Arc<CachedSession>>, StoreError> {
        let loaded = self.read_and_share(SessionLookup::PersonalToken(&digest)).await?;
        Ok(self.keep(digest, loaded))
    }

    fn keep(
        &self,
        digest: TokenDigest,
        loaded: Option<Arc<CachedSession>>,
    ) -> Option<Arc<CachedSession>> {
        // A concurrent request may have cached it, and the session may have been ended there:
        // the entry that is present wins.
        self.by_token.entry(digest).or_insert(loaded).into_value()
    }

    /// Reads a session from the store and joins it with what other tokens share of it.
    async fn read_and_share(
        &self,
        by: SessionLookup<'_>,
    ) -> Result<Option<Arc<CachedSession>>, StoreError> {
        let Some((stored, place)) = self.read(by).await? else { return Ok(None) };
        let session = self.states.get_or_insert_with(stored.id, || SessionState::new(&stored));
        let user = self.users.get_or_insert_with(stored.user, || CachedUser::new(&stored.revision));
        // Read again: a change before the two lines above is seen now, and a later one reaches
        // them through the change feed.
        match self.read(by).await? {
            Some((newer, _)) => user.update(newer.revision),
            None => session.end(),
        }
        let header_cache = HeaderCache::default();
        Ok(Some(Arc::new(CachedSession { place, session, user, header_cache })))
    }

    async fn read(
        &self,
        by: SessionLookup<'_>,
    ) -> Result<Option<(StoredSession, SessionPlace)>, StoreError> {
        let found = match by {
            SessionLookup::Token(digest) => self.store.find(digest).await?,
            SessionLookup::Id(session) => self.store.find_by_id(session).await?,
            SessionLookup::PersonalToken(digest) => {
                let found = self.store.find_personal_token(digest).await?;
                return Ok(found.map(|found| (found.session, SessionPlace::Site(found.site))));
            }
        };
        Ok(found.map(|session| {
            let place = session.host.clone().map_or(SessionPlace::Id, SessionPlace::Host);
            (session, place)
        }))
    }
}
