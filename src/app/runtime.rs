//! The parts of a server that outlive a change of its configuration.
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::attempt_history::{HistorySink, HistoryWriter, history};
use super::decorate::StoreSet;
use super::demo;
use super::error::AppError;
use super::stores::Stores;
use super::upstreams;
use crate::access::AccessTokenCache;
use crate::domain::Keyring;
use crate::events::{EventLog, EventSink, EventSinks};
use crate::login::{CodeChecks, CodeKeys, Limiter, LoginDeps, Outbox, SentTexts, TextSettings};
use crate::metrics::Metrics;
use crate::oauth::SigningKeys;
use crate::proxy::{NameLookup, Upstreams};
use crate::session::Sessions;
use crate::store::{MemoryStores, RedisCells, SqlStore, StoreSettings};
use crate::system::System;

/// What outlives a change of the configuration.
#[derive(Clone)]
pub(super) struct Runtime {
    pub(super) system: System,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) keyring: Keyring,
    pub(super) store: Arc<SqlStore>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) tokens: Arc<AccessTokenCache>,
    pub(super) keys: Arc<SigningKeys>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) login: LoginDeps,
    pub(super) memory: Option<Arc<MemoryStores>>,
    pub(super) redis: Option<Arc<RedisCells>>,
    pub(super) for_requests: StoreSet,
    pub(super) for_texts: StoreSet,
    pub(super) upstreams: Arc<Upstreams>,
    /// `None`: what becomes of login attempts is not kept.
    pub(super) history: Option<(Arc<HistorySink>, Arc<HistoryWriter>)>,
    /// What was sent and what became of it, on its way to the database.
    pub(super) sent: Arc<SentTexts>,
    /// See [`ChangePolling`].
    pub(super) outage: Duration,
}

/// Who learns of what happens.
pub(super) struct Observers {
    metrics: Arc<Metrics>,
    pub(super) events: Arc<dyn EventSink>,
    history: Option<(Arc<HistorySink>, Arc<HistoryWriter>)>,
    pub(super) sent: Arc<SentTexts>,
}

impl Observers {
    pub(super) fn new(
        settings: &StoreSettings,
        store: &Arc<SqlStore>,
        sent: SentTexts,
        system: &System,
    ) -> Result<Self, AppError> {
        let metrics = Arc::new(Metrics::new()?);
        let counted = Arc::clone(metrics.event_counters());
        let history = settings
            .attempt_history
            .map(|kept| history(kept, Arc::clone(store) as _, system.clone()));
        let mut sinks: Vec<Arc<dyn EventSink>> =
            vec![Arc::new(EventLog::new(Arc::clone(&system.clock))), counted];
        let sent = Arc::new(sent);
        sinks.push(Arc::clone(&sent) as _);
        sinks.extend(history.as_ref().map(|(sink, _)| Arc::clone(sink) as _));
        Ok(Self { metrics, events: Arc::new(EventSinks(sinks)), history, sent })
    }
}

pub(super) fn open_runtime(
    (system, keyring): (System, Keyring),
    stores: Stores,
    (outbox, texts): (Outbox, Arc<ArcSwap<TextSettings>>),
    (demo, lookup): (Option<&demo::Demo>, Arc<dyn NameLookup>),
    (observers, outage): (Observers, Duration),
) -> Result<Runtime, AppError> {
    let Stores { sql: store, memory, redis, keys, for_requests, for_texts } = stores;
    let keys = Arc::new(keys);
    let Observers { metrics, events, history, sent } = observers;
    let sessions = Arc::clone(&for_requests.sessions);
    let sessions = Arc::new(Sessions::new(sessions, &keyring, system.clone()));
    let tokens = AccessTokenCache::new(
        Arc::clone(&for_requests.grants),
        Arc::clone(&sessions),
        Arc::clone(&keys),
        system.clone(),
    );
    let outbox = Arc::new(outbox);
    let login = LoginDeps {
        attempts: Arc::clone(&for_requests.attempts),
        logins: Arc::clone(&for_requests.logins),
        users: Arc::clone(&for_requests.users),
        sessions: Arc::clone(&sessions),
        outbox: Arc::clone(&outbox),
        limiter: Arc::new(Limiter::new(
            Arc::clone(&for_requests.counters),
            &keyring,
            system.steady(),
        )),
        keys: Arc::new(CodeKeys::new(&keyring)),
        code_checks: Arc::new(CodeChecks::new(texts)),
        events: Arc::clone(&events),
        system: system.clone(),
    };
    let upstreams = upstreams::open(demo, lookup, &metrics)?;
    Ok(Runtime {
        system,
        events,
        metrics,
        keyring,
        store,
        sessions,
        tokens: Arc::new(tokens),
        keys,
        outbox,
        login,
        memory,
        redis,
        for_requests,
        for_texts,
        upstreams,
        history,
        sent,
        outage,
    })
}
