use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::header_cache::HeaderCache;
use super::person::{People, Person};
use super::revoked::Revoked;
use super::shared::{ById, Session};
use super::watch::Watches;
use super::{SessionToken, Settings};
use crate::domain::{Host, Keyring, PhoneNumber, SessionId, Subkey, TokenDigest, UserId};
use crate::store::{self, StoreError, StoredSession, Which};
use crate::system::{System, Timestamp};
use crate::users::Roles;

/// Sessions that this process knows without asking the store.
const KNOWN: u64 = 200_000;

/// A session's last use is noted in memory at most this often, so that a busy session does not
/// write the same cache line at every request.
const NOTED: Duration = Duration::from_secs(30);

/// Proof that a request comes from somebody who is signed in. Only [`Sessions::check`] makes one,
/// and [`Sessions::of_id`].
#[derive(Clone, Debug)]
pub struct SignedIn(pub(super) Arc<Known>);

impl SignedIn {
    pub fn user(&self) -> UserId {
        self.0.session.user
    }

    pub fn session(&self) -> SessionId {
        self.0.session.id
    }

    pub fn phone(&self) -> &PhoneNumber {
        &self.0.session.phone
    }

    /// When the person typed the code that the session began with.
    pub fn began(&self) -> Timestamp {
        self.0.session.began
    }

    /// The session's absolute end.
    pub fn expires(&self) -> Timestamp {
        self.0.session.expires
    }

    /// The roles that the store gives the user now; the configuration may give more.
    pub fn stored_roles(&self) -> Roles {
        self.0.person.roles()
    }

    pub(super) fn shared(&self) -> Arc<Session> {
        Arc::clone(&self.0.session)
    }

    /// Ready-made headers for requests of this session on this host.
    pub fn header_cache(&self) -> &HeaderCache {
        &self.0.header_cache
    }

    /// The user's id as text, made once for the session.
    pub fn user_text(&self) -> &Bytes {
        &self.0.session.user_text
    }

    /// The number in E.164 as text, made once for the session.
    pub fn phone_text(&self) -> &Bytes {
        &self.0.session.phone_text
    }
}

/// One token of a session: each host has its own. Or the session itself, by its id, on no host.
#[derive(Debug)]
pub(super) struct Known {
    /// `None`: it was found by its id.
    host: Option<Host>,
    pub(super) session: Arc<Session>,
    person: Arc<Person>,
    header_cache: HeaderCache,
}

/// A session that is about to begin: its id and token are made before the transaction that
/// writes it.
#[derive(Debug)]
pub struct PreparedSession {
    pub id: SessionId,
    pub token: SessionToken,
    pub digest: TokenDigest,
    pub host: Host,
    pub expires: Timestamp,
}

/// All signed-in browsers: a cache of those that this process has seen, before the store.
pub struct Sessions {
    pub(super) store: Arc<dyn store::Sessions>,
    /// `None`: the store was asked and knows no such session; tokens cannot be guessed, so that
    /// stays true.
    pub(super) known: Cache<TokenDigest, Option<Arc<Known>>>,
    /// The same for sessions that others name by their id.
    pub(super) named: Cache<SessionId, Option<Arc<Known>>>,
    pub(super) by_id: ById,
    pub(super) revoked: Revoked,
    pub(super) people: People,
    pub(super) watches: Watches,
    /// The number of the newest change in the store that this process has learned of.
    pub(super) followed: tokio::sync::Mutex<i64>,
    keys: Vec<Subkey>,
    pub(super) system: System,
}

impl Sessions {
    pub fn new(store: Arc<dyn store::Sessions>, keyring: &Keyring, system: System) -> Self {
        let known = Cache::builder().max_capacity(KNOWN).eviction_policy(EvictionPolicy::lru());
        let named = Cache::builder().max_capacity(KNOWN).eviction_policy(EvictionPolicy::lru());
        Self {
            store,
            known: known.build(),
            named: named.build(),
            by_id: ById::default(),
            revoked: Revoked::default(),
            people: People::default(),
            watches: Watches::default(),
            followed: tokio::sync::Mutex::default(),
            keys: keyring.subkeys("session token"),
            system,
        }
    }

    /// Makes the id and the token of a session at `host`. The token follows from `seed`, which
    /// must be unpredictable: the same seed gives the same token, so that the answer to a double
    /// click can be given twice.
    pub fn prepare(&self, host: &Host, seed: &[u8; 32], settings: Settings) -> PreparedSession {
        let token = SessionToken::new(seed, &self.keys[0]);
        PreparedSession {
            id: SessionId::from_bytes(self.system.random()),
            digest: token.digest(),
            token,
            host: host.clone(),
            expires: self.system.now() + settings.lifetime,
        }
    }

    /// Who holds `token`, if it is good on `host` now. Asks the store only for sessions that
    /// this process does not know yet.
    pub async fn check(
        &self,
        token: &SessionToken,
        host: &Host,
        settings: Settings,
    ) -> Result<Option<SignedIn>, StoreError> {
        let digest = token.digest();
        let known = match self.known.get(&digest) {
            Some(known) => known,
            None if !token.is_ours(&self.keys) => return Ok(None),
            // Rare, and long: not a part of what each request has room for.
            None => Box::pin(self.load(digest)).await?,
        };
        let now = self.system.now();
        Ok(known.filter(|known| known.is_good(host, now, settings)).map(|known| {
            known.note_use(now);
            SignedIn(known)
        }))
    }

    /// How many tokens this process knows something about without asking the store.
    pub fn cached(&self) -> u64 {
        self.known.run_pending_tasks();
        self.known.entry_count()
    }

    async fn load(&self, digest: TokenDigest) -> Result<Option<Arc<Known>>, StoreError> {
        let known = self.ask(By::Token(&digest)).await?;
        // Another request may have loaded it meanwhile, and somebody may have ended that one:
        // what is already there wins.
        Ok(self.known.entry(digest).or_insert(known).into_value())
    }

    /// What the store knows, shared with all that this process knows of the session.
    pub(super) async fn ask(&self, by: By<'_>) -> Result<Option<Arc<Known>>, StoreError> {
        Ok(match self.read(by).await? {
            Some(stored) => Some(self.share(by, stored).await?),
            None => None,
        })
    }

    async fn read(&self, by: By<'_>) -> Result<Option<StoredSession>, StoreError> {
        match by {
            By::Token(digest) => self.store.find(digest).await,
            By::Id(session) => self.store.with_id(session).await,
        }
    }

    async fn share(&self, by: By<'_>, stored: StoredSession) -> Result<Arc<Known>, StoreError> {
        let session = self.by_id.shared(&stored);
        let person = self.people.shared(stored.user, &stored.standing);
        // Asked once more: what changed before the two lines above is told now, and what changes
        // from then on finds its way by them.
        match self.read(by).await? {
            Some(newer) => person.learn(newer.standing),
            None => session.end(),
        }
        let (host, header_cache) = (stored.host, HeaderCache::default());
        Ok(Arc::new(Known { host, session, person, header_cache }))
    }

    /// Makes a token for a further host of a browser's session that began elsewhere, or the first
    /// of one that began with a ticket: `None` when the session is over, or the ticket.
    pub async fn begin_at(
        &self,
        session: SessionId,
        host: &Host,
        settings: Settings,
    ) -> Result<Option<(SessionToken, SignedIn)>, StoreError> {
        let token = SessionToken::new(&self.system.random(), &self.keys[0]);
        let (digest, now) = (token.digest(), self.system.now());
        if !self.store.add_token(session, &digest, host, now).await? {
            return Ok(None);
        }
        // That of a ticket was nobody's before.
        self.named.invalidate(&session);
        let who = self.check(&token, host, settings).await?;
        Ok(who.map(|who| (token, who)))
    }

    /// Ends a session on all its hosts, in the store first: when that fails, nobody is told
    /// that it ended.
    pub async fn end(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.end_some(who, Which::Only(who.session())).await?;
        who.0.session.end();
        Ok(())
    }

    /// Ends the session that a browser had before `next` began in it; see
    /// [`crate::store::Sessions::replace`].
    pub async fn replace(&self, former: &SignedIn, next: &SignedIn) -> Result<(), StoreError> {
        let now = self.system.now();
        self.store.replace(former.session(), next.session(), now).await?;
        former.0.session.end();
        Ok(())
    }

    pub(super) async fn end_some(
        &self,
        who: &SignedIn,
        which: Which,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.store.end(who.user(), which, self.system.now()).await?;
        for session in &ended {
            self.note_end(*session);
        }
        Ok(ended)
    }

    /// Writes down when sessions were last used, all in one batch.
    pub async fn write_last_seen(&self) -> Result<usize, StoreError> {
        let newer = self.by_id.all().into_iter().filter_map(|session| {
            let seen = session.seen.load(Ordering::Relaxed);
            (seen > session.seen_in_store.load(Ordering::Relaxed)).then_some((session, seen))
        });
        let newer: Vec<_> = newer.collect();
        let rows: Vec<_> =
            newer.iter().map(|(s, seen)| (s.id, Timestamp::from_millis(*seen))).collect();
        if !rows.is_empty() {
            self.store.note_seen(&rows).await?;
        }
        for (session, seen) in newer {
            session.seen_in_store.store(seen, Ordering::Relaxed);
        }
        Ok(rows.len())
    }
}

/// What a session is found by in the store.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// SHA-256 of a token.
    Token(&'a TokenDigest),
    Id(SessionId),
}

impl Known {
    fn is_good(&self, host: &Host, now: Timestamp, settings: Settings) -> bool {
        self.host.as_ref() == Some(host) && self.session.is_good(now, settings)
    }

    fn note_use(&self, now: Timestamp) {
        let seen = Timestamp::from_millis(self.session.seen.load(Ordering::Relaxed));
        if now.since(seen) >= NOTED {
            self.session.seen.store(now.as_millis(), Ordering::Relaxed);
        }
    }
}
