//! Access tokens of ours at the gate (RFC 6750 §2.1). Whoever presents one is judged by it alone.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::live::{Live, Shared};
use crate::domain::{AccessTokenDigest, GrantId, SessionId, UserId};
use crate::gate::Bearer;
use crate::oauth::{self, InvalidToken, Issuer, Subject, VerifiedAccess};
use crate::session::{Sessions, SignedIn, Term};
use crate::store::{GrantState, Grants, StoreError, StoredGrant};

/// Tokens that this process knows without reading them again.
const KNOWN: u64 = 50_000;

/// Under which no grant was asked about yet.
const NEVER: u64 = u64::MAX;

/// What requests have in `Authorization`, as far as it is ours.
pub(super) enum Presented<'r> {
    /// Nothing, or what is not ours: it proves nothing, and is the app's to read.
    Nothing,
    Token(&'r str, AccessTokenDigest),
    /// More than one `Authorization`, or a token that is longer than any of ours.
    Excess,
}

/// Why a token of ours opens nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the token {0}")]
    Invalid(#[from] InvalidToken),
    #[error("the token is for another site, or its client may no more ask for one here")]
    Elsewhere,
    #[error("the session or grant of the token is over, or its user blocked")]
    Over,
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The access tokens that were presented: their claims by the SHA-256 of their text.
pub struct Bearers {
    grants: Arc<dyn Grants>,
    known: Cache<AccessTokenDigest, Arc<Known>>,
}

/// A token that was verified. What may change is asked at every use.
struct Known {
    access: Arc<VerifiedAccess>,
    /// `None`: the client's own.
    login: Option<Login>,
    /// [`Sessions::revoked_epoch`] when the store last said that the grant is good.
    asked: AtomicU64,
}

/// The login that a token came from.
#[derive(Clone, Copy)]
struct Login {
    user: UserId,
    session: SessionId,
    grant: GrantId,
}

impl Bearers {
    pub fn new(grants: Arc<dyn Grants>) -> Self {
        let known = Cache::builder().max_capacity(KNOWN).eviction_policy(EvictionPolicy::lru());
        Self { grants, known: known.build() }
    }

    /// Looks for a token of ours: one that says so of itself, true or not.
    pub(super) fn presented<'r>(&self, headers: &'r HeaderMap, issuer: &Issuer) -> Presented<'r> {
        let mut all = headers.get_all(AUTHORIZATION).iter();
        let token = match (all.next(), all.next()) {
            (Some(_), Some(_)) => return Presented::Excess,
            (Some(only), None) => only.to_str().ok().and_then(oauth::bearer),
            (None, _) => None,
        };
        match token {
            Some(token) if token.len() > oauth::LONGEST => Presented::Excess,
            Some(token) => {
                let digest = AccessTokenDigest::of(token);
                let ours = self.known.contains_key(&digest) || oauth::claims_issuer(issuer, token);
                if ours { Presented::Token(token, digest) } else { Presented::Nothing }
            }
            None => Presented::Nothing,
        }
    }

    /// Who holds a token, if it is good for the site now. No I/O for a token that this process
    /// knows.
    pub(super) async fn holder(
        &self,
        (text, digest): (&str, AccessTokenDigest),
        site: usize,
        live: &Live,
        shared: &Shared,
    ) -> Result<Bearer, Refused> {
        let known = self.verified((text, digest), live, shared)?;
        if shared.system.now() >= known.access.expires {
            return Err(InvalidToken::Expired.into());
        }
        if !is_for(&known.access, site, live) {
            return Err(Refused::Elsewhere);
        }
        let who = match &known.login {
            Some(login) => {
                let who = self.person(digest, *login, &known, &shared.sessions).await?;
                let roles = live.directory.roles(who.phone(), &who.stored_roles());
                Some((who, roles))
            }
            None => None,
        };
        Ok(Bearer { access: Arc::clone(&known.access), who })
    }

    fn verified(
        &self,
        (text, digest): (&str, AccessTokenDigest),
        live: &Live,
        shared: &Shared,
    ) -> Result<Arc<Known>, Refused> {
        if let Some(known) = self.known.get(&digest) {
            return Ok(known);
        }
        let (issuer, now) = (live.map.issuer(), shared.system.now());
        let access = oauth::verify_access(&shared.keys, issuer, text, now)?;
        let known = Known { login: login(&access)?, access: access.into(), asked: NEVER.into() };
        // Another request may have been first: what the store told it is kept.
        Ok(self.known.entry(digest).or_insert(Arc::new(known)).into_value())
    }

    /// The person for whom the client acts, as long as the session and the grant live.
    async fn person(
        &self,
        digest: AccessTokenDigest,
        login: Login,
        known: &Known,
        sessions: &Sessions,
    ) -> Result<SignedIn, Refused> {
        let who = match sessions.of_id(login.session).await? {
            Some(who) if self.is_granted(login, known, sessions).await? => who,
            Some(_) => return Err(Refused::Over),
            None => {
                let moved = self.moved(login, known, sessions).await?;
                let session = moved.login.map_or(login.session, |login| login.session);
                self.known.insert(digest, Arc::new(moved));
                sessions.of_id(session).await?.ok_or(Refused::Over)?
            }
        };
        if who.user() != login.user {
            return Err(Refused::Over);
        }
        Ok(who)
    }

    /// The session of a token is over: what is known of the token now, if its grant goes on with
    /// another, since the person has signed in again in the same browser. Asked once: what is over
    /// is over for good.
    async fn moved(
        &self,
        login: Login,
        known: &Known,
        sessions: &Sessions,
    ) -> Result<Known, Refused> {
        if sessions.is_revoked(login.grant) {
            return Err(Refused::Over);
        }
        let asked = sessions.revoked_epoch().into();
        match self.grants.grant(login.grant).await? {
            GrantState::Good(grant) if is_of(&grant, login, known) => {
                let login = Some(Login { session: grant.session, ..login });
                Ok(Known { access: Arc::clone(&known.access), login, asked })
            }
            GrantState::Good(_) => Err(Refused::Over),
            GrantState::Over | GrantState::Blocked => {
                sessions.note_revoked(login.grant);
                Err(Refused::Over)
            }
        }
    }

    async fn is_granted(
        &self,
        login: Login,
        known: &Known,
        sessions: &Sessions,
    ) -> Result<bool, StoreError> {
        if sessions.is_revoked(login.grant) {
            return Ok(false);
        }
        // Before the store is asked: what is revoked from here on is told.
        let epoch = sessions.revoked_epoch();
        if known.asked.load(Ordering::Acquire) == epoch {
            return Ok(true);
        }
        let good = match self.grants.grant(login.grant).await? {
            GrantState::Good(grant) => {
                grant.session == login.session && is_of(&grant, login, known)
            }
            GrantState::Blocked => false,
            GrantState::Over => {
                // For good: nobody needs to ask again.
                sessions.note_revoked(login.grant);
                false
            }
        };
        if good {
            known.asked.store(epoch, Ordering::Release);
        }
        Ok(good)
    }
}

fn is_of(grant: &StoredGrant, login: Login, known: &Known) -> bool {
    grant.user == login.user && grant.client == known.access.client
}

/// The ends that a token has of its own.
pub(super) fn term(access: &VerifiedAccess) -> Term {
    Term { grant: access.grant, expires: access.expires }
}

/// What a token came from. One for a user always names a session and a grant.
fn login(access: &VerifiedAccess) -> Result<Option<Login>, InvalidToken> {
    let Subject::User(user) = access.subject else { return Ok(None) };
    let (Some(session), Some(grant)) = (access.session, access.grant) else {
        return Err(InvalidToken::Malformed);
    };
    Ok(Some(Login { user, session, grant }))
}

/// Whether a token is for the site, and its client one that may still have such.
fn is_for(access: &VerifiedAccess, site: usize, live: &Live) -> bool {
    let Some(audience) = live.audiences.get(site) else { return false };
    let client = live.clients.find(access.client.as_str());
    access.is_for(audience) && client.is_some_and(|client| client.has_audience(audience))
}
