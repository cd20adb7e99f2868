//! Access tokens of ours in `Authorization` (RFC 6750 §2.1). A request that presents one is judged
//! by it alone.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::token_refusal::TokenRefusal;
use crate::domain::AccessTokenDigest;
use crate::gate;
use crate::oauth::{self, InvalidToken, Issuer, SigningKeys, TokenLogin, VerifiedAccessToken};
use crate::session::{Sessions, SignedIn};
use crate::store::{GrantState, GrantStore, StoreError};
use crate::system::System;

/// Verified tokens held in memory; the least recently used goes first.
const CAPACITY: u64 = 50_000;

/// Sentinel epoch: the grant has not been checked against the store yet.
const NEVER: u64 = u64::MAX;

/// A token that claims to be ours, and its SHA-256.
#[derive(Clone, Copy)]
pub(super) struct PresentedToken<'r> {
    text: &'r str,
    digest: AccessTokenDigest,
}

/// Verified access tokens by the SHA-256 of their text, so that a signature is checked once. What
/// can change (expiry, session, grant) is checked at every use.
pub struct AccessTokenCache {
    grants: Arc<dyn GrantStore>,
    sessions: Arc<Sessions>,
    keys: Arc<SigningKeys>,
    system: System,
    cached: Cache<AccessTokenDigest, Arc<CachedToken>>,
}

pub(super) struct CachedToken {
    access: Arc<VerifiedAccessToken>,
    /// `None`: the client acts for itself.
    login: Option<TokenLogin>,
    /// [`Sessions::revoked_epoch`] when the store last said that the grant is active.
    checked_epoch: AtomicU64,
}

impl CachedToken {
    pub(super) const fn access(&self) -> &Arc<VerifiedAccessToken> {
        &self.access
    }
}

impl AccessTokenCache {
    pub fn new(
        grants: Arc<dyn GrantStore>,
        sessions: Arc<Sessions>,
        keys: Arc<SigningKeys>,
        system: System,
    ) -> Self {
        let cached = Cache::builder().max_capacity(CAPACITY).eviction_policy(EvictionPolicy::lru());
        Self { grants, sessions, keys, system, cached: cached.build() }
    }

    /// The token in `Authorization` that has our `iss`, unverified. Any other `Authorization` proves
    /// nothing here and is the app's to read.
    pub(super) fn presented<'r>(
        &self,
        headers: &'r HeaderMap,
        issuer: &Issuer,
    ) -> Result<Option<PresentedToken<'r>>, TokenRefusal> {
        if gate::is_authorized_twice(headers) {
            return Err(TokenRefusal::Malformed);
        }
        let only = headers.get(AUTHORIZATION);
        let Some(text) = only.and_then(|only| only.to_str().ok()).and_then(oauth::bearer) else {
            return Ok(None);
        };
        if text.len() > oauth::LONGEST_TOKEN {
            return Err(TokenRefusal::Malformed);
        }
        let digest = AccessTokenDigest::of(text);
        let ours = self.cached.contains_key(&digest) || oauth::claims_issuer(issuer, text);
        Ok(ours.then_some(PresentedToken { text, digest }))
    }

    /// Checks signature, issuer and expiry. No I/O.
    pub(super) fn verify(
        &self,
        token: PresentedToken<'_>,
        issuer: &Issuer,
    ) -> Result<Arc<CachedToken>, TokenRefusal> {
        let now = self.system.now();
        let cached = if let Some(cached) = self.cached.get(&token.digest) {
            cached
        } else {
            let access = oauth::verify_access_token(&self.keys, issuer, token.text, now)?;
            let login = access.login()?;
            let new = CachedToken { login, access: access.into(), checked_epoch: NEVER.into() };
            // Another request may have been first, and have checked the grant: its entry stays.
            self.cached.entry(token.digest).or_insert(Arc::new(new)).into_value()
        };
        if now >= cached.access.expires {
            return Err(InvalidToken::Expired.into());
        }
        Ok(cached)
    }

    /// The user for whom the client acts; `None`: it acts for itself. Asks the store only for a
    /// session or grant that this process does not know.
    ///
    /// # Errors
    /// [`TokenRefusal::Ended`] when the session or grant has ended, [`TokenRefusal::Store`].
    pub(super) async fn user(
        &self,
        token: PresentedToken<'_>,
        cached: &CachedToken,
    ) -> Result<Option<SignedIn>, TokenRefusal> {
        let Some(login) = cached.login else { return Ok(None) };
        let user = match self.sessions.find_by_id(login.session).await? {
            Some(user) if self.is_granted(login, cached).await? => user,
            Some(_) => return Err(TokenRefusal::Ended),
            None => {
                let moved = self.moved(login, cached).await?;
                let session = moved.login.map_or(login.session, |login| login.session);
                self.cached.insert(token.digest, Arc::new(moved));
                self.sessions.find_by_id(session).await?.ok_or(TokenRefusal::Ended)?
            }
        };
        if user.user() != login.user {
            return Err(TokenRefusal::Ended);
        }
        Ok(Some(user))
    }

    /// The session of a token has ended. Its grant may have been moved to a newer session of the
    /// same browser: the token with that session. Asked once per grant: an ended one stays so.
    async fn moved(
        &self,
        login: TokenLogin,
        cached: &CachedToken,
    ) -> Result<CachedToken, TokenRefusal> {
        if self.sessions.is_revoked(login.grant) {
            return Err(TokenRefusal::Ended);
        }
        let checked_epoch = self.sessions.revoked_epoch().into();
        match self.grants.grant_state(login.grant).await? {
            GrantState::Active(grant) if login.is_of(&grant, &cached.access.client) => {
                let login = Some(TokenLogin { session: grant.session, ..login });
                Ok(CachedToken { access: Arc::clone(&cached.access), login, checked_epoch })
            }
            GrantState::Active(_) => Err(TokenRefusal::Ended),
            GrantState::Ended | GrantState::Blocked => {
                self.sessions.note_revoked(login.grant);
                Err(TokenRefusal::Ended)
            }
        }
    }

    async fn is_granted(
        &self,
        login: TokenLogin,
        cached: &CachedToken,
    ) -> Result<bool, StoreError> {
        if self.sessions.is_revoked(login.grant) {
            return Ok(false);
        }
        // Read before the store is asked: what is revoked from here on is announced.
        let epoch = self.sessions.revoked_epoch();
        if cached.checked_epoch.load(Ordering::Acquire) == epoch {
            return Ok(true);
        }
        let active = match self.grants.grant_state(login.grant).await? {
            GrantState::Active(grant) => {
                grant.session == login.session && login.is_of(&grant, &cached.access.client)
            }
            GrantState::Blocked => false,
            GrantState::Ended => {
                // Final: no other request needs to ask.
                self.sessions.note_revoked(login.grant);
                false
            }
        };
        if active {
            cached.checked_epoch.store(epoch, Ordering::Release);
        }
        Ok(active)
    }
}
