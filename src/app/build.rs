use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::future::{BoxFuture, join};
use tokio::sync::mpsc;

use super::changes::ChangePolling;
use super::decorate::{Assembled, Decorator, Undecorated};
use super::error::AppError;
use super::nodes::{Heartbeat, NodeStatus};
use super::provider_sessions::ProviderSessions;
use super::reload::Reloader;
use super::runtime::{Observers, Runtime, open_runtime};
use super::tls::Secured;
use super::{
    cleanup, configured, demo, engine_watch, engines, keys, last_seen, readiness, secret, stores,
    upstreams,
};
use crate::config::Config;
use crate::domain::NodeId;
use crate::login::{
    FollowUps, Outbox, OutboxReceiver, OutboxSender, OutboxWorker, SentTexts, SentTextsReceiver,
    SentTextsWorker, TextSettings,
};
use crate::metrics::{self, ObservedState};
use crate::oauth::KeyRotation;
use crate::proxy::{
    self, AccessLog, AdminRequest, AdminRequests, BackgroundJob, ConfigSnapshot, Connections,
    Drain, DrainSignal, Exchanges, FileLimit, Jobs, Readiness, ReadinessChecks, Shared,
    SystemLookup,
};
use crate::system::System;

/// Dependencies that tests replace.
pub struct AppDeps {
    pub system: System,
    pub access_log: AccessLog,
    /// Called after the drain, to end the process.
    pub exit: Box<dyn Fn() + Send + Sync>,
    /// Who may ask for a reload, and what they asked.
    pub reloads: (AdminRequests, mpsc::Receiver<AdminRequest>),
    /// The node that this one takes the place of.
    pub predecessor: Option<NodeId>,
}

/// Opens the stores and keys of a configuration and assembles the server. Must be called within a
/// tokio runtime that lives as long as the server: the database's pool stays on it.
///
/// # Errors
///
/// When the server cannot start.
pub async fn build(config: Config, around: AppDeps) -> Result<proxy::ServerDeps, AppError> {
    Ok(assemble(config, around, &Undecorated).await?.server)
}

/// Assembles the same server, with `decorator` between it and its stores and providers.
///
/// # Errors
///
/// As [`build`].
pub async fn assemble(
    config: Config,
    around: AppDeps,
    decorator: &dyn Decorator,
) -> Result<Assembled, AppError> {
    let AppDeps { system, access_log, exit, reloads: (reloads, requests), predecessor } = around;
    let keyring = secret::keyring(&config, &system)?;
    let stores = stores::open(&config, &keyring, &system, decorator).await?;
    let (demo, secured) = (demo::Demo::bind_if(demo::is_used(&config))?, Secured::of(&config)?);
    let ((outbox, sent), (jobs, receipts)) = queues(&config, &system);
    let apps = (demo.as_ref(), decorator.names(Arc::new(SystemLookup)));
    let observers = Observers::new(&config.store, &stores.sql, sent, &system)?;
    let (texts, (sessions, session_job)) = texts(&config, (&system, &observers), decorator)?;
    let (sending, watching) = ((outbox, Arc::clone(&texts)), (observers, config.store.outage));
    let runtime = open_runtime((system, keyring), stores, sending, apps, watching)?;
    configured::expect(&config, &runtime);
    let snapshot = Arc::new(ArcSwap::from_pointee(configured::snapshot(&config, &runtime)?));
    let (access_log, exchanges) = (Arc::new(access_log), Exchanges::new(config.proxy.exchanges));
    let heartbeat = heartbeat(&config, &runtime, predecessor);
    let nodes = heartbeat.as_ref().map_or_else(|| Arc::new(NodeStatus::alone()), Heartbeat::status);
    let (node, settings) = heartbeat.as_ref().map(|beat| (beat.id(), beat.settings())).unzip();
    let receipts = Arc::new(sent_texts(&runtime, receipts, &texts));
    let drain = drain(&runtime, (&access_log, &receipts, &texts), (&nodes, node), exit);
    let workers = (OutboxWorker::new(jobs, sender(&runtime, &texts)), receipts);
    let mut jobs = background(&runtime, &snapshot, workers, demo);
    let rotation = Arc::new(ArcSwap::from_pointee(keys::rotation(&config, &runtime)));
    jobs.extend(upkeep(&config, &runtime, (&secured, &drain), &rotation)?);
    jobs.extend(heartbeat.map(Heartbeat::job).into_iter().chain([session_job]));
    let mut watched = watched(&runtime, &access_log);
    let others = secured.watched().into_iter().chain(nodes.watched()).chain(watched_files());
    watched.extend(watched_traffic(&drain, &exchanges).into_iter().chain(others));
    let required = readiness::checks(&runtime.store, runtime.redis.as_ref(), &nodes);
    let checks = ReadinessChecks::new(required, secured.notes());
    let login = configured::login(&config, &runtime);
    let reloader = Reloader {
        config: config.clone(),
        runtime: runtime.clone(),
        snapshot: Arc::clone(&snapshot),
        texts,
        sessions,
        rotation,
        secured: secured.clone(),
        node: settings,
    };
    jobs.push(reloader.job(requests));
    let Runtime { system, events, metrics, store: database, sessions, upstreams, memory, .. } =
        runtime;
    let (settings, tls, challenges) = (config.proxy, secured.tls, secured.challenges);
    let shared =
        Shared { snapshot, upstreams, access_log, drain, exchanges, events, challenges, system };
    let server = proxy::ServerDeps {
        settings,
        tls,
        shared,
        checks,
        metrics,
        watched,
        jobs,
        reloads,
        upgrades: None,
        begins_later: false,
    };
    Ok(Assembled { server, login, sessions, database, node, memory })
}

/// How texts are worded and sent; a reload replaces it.
type Texts = Arc<ArcSwap<TextSettings>>;

/// Those of the configuration, and the job of their providers' sessions.
fn texts(
    config: &Config,
    (system, observers): (&System, &Observers),
    decorator: &dyn Decorator,
) -> Result<(Texts, (ProviderSessions, BackgroundJob)), AppError> {
    let around = (system, &observers.events);
    let texts = configured::texts(config, around, &observers.sent, decorator)?;
    let (sessions, job) = ProviderSessions::new();
    sessions.keep(&texts.delivery);
    Ok((Arc::new(ArcSwap::from_pointee(texts)), (sessions, job)))
}

fn sender(runtime: &Runtime, texts: &Texts) -> OutboxSender {
    OutboxSender {
        attempts: Arc::clone(&runtime.for_texts.attempts),
        users: Arc::clone(&runtime.for_texts.users),
        keys: Arc::clone(&runtime.login.keys),
        texts: Arc::clone(texts),
        sent: Arc::clone(&runtime.sent),
        events: Arc::clone(&runtime.events),
        system: runtime.system.clone(),
    }
}

/// The queues of texts and of what becomes of them, and their receiving ends.
fn queues(
    config: &Config,
    system: &System,
) -> ((Outbox, SentTexts), (OutboxReceiver, SentTextsReceiver)) {
    let kept = config.store.attempt_history.unwrap_or_default();
    let ((outbox, jobs), (sent, receipts)) = (Outbox::new(), SentTexts::new(kept, system.clone()));
    ((outbox, sent), (jobs, receipts))
}

/// Writes what was sent, and what providers say of it.
fn sent_texts(runtime: &Runtime, receiver: SentTextsReceiver, texts: &Texts) -> SentTextsWorker {
    let follow_ups = FollowUps {
        attempts: Arc::clone(&runtime.for_texts.attempts),
        sent: Arc::clone(&runtime.store) as _,
        outbox: Arc::clone(&runtime.outbox),
        limiter: Arc::clone(&runtime.login.limiter),
        texts: Arc::clone(texts),
        events: Arc::clone(&runtime.events),
        system: runtime.system.clone(),
    };
    SentTextsWorker::new(receiver, Arc::clone(&runtime.store) as _, follow_ups)
}

/// The signs of life of a server that may have others beside it.
fn heartbeat(config: &Config, runtime: &Runtime, predecessor: Option<NodeId>) -> Option<Heartbeat> {
    let heartbeat = Heartbeat::new(config, &runtime.keyring, &runtime.store, &runtime.system)?;
    Some(heartbeat.on(runtime.redis.as_ref()).in_place_of(predecessor))
}

fn drain(
    runtime: &Runtime,
    (access_log, receipts, texts): (&Arc<AccessLog>, &Arc<SentTextsWorker>, &Texts),
    (nodes, node): (&Arc<NodeStatus>, Option<NodeId>),
    exit: Box<dyn Fn() + Send + Sync>,
) -> Arc<Drain> {
    let (outbox, lines) = (Arc::clone(&runtime.outbox), Arc::clone(access_log));
    let (sessions, store) = (Arc::clone(&runtime.sessions), Arc::clone(&runtime.store));
    let (nodes, receipts) = (Arc::clone(nodes), Arc::clone(receipts));
    let texts = Arc::clone(texts);
    let history = runtime.history.as_ref().map(|(_, writer)| Arc::clone(writer));
    let finish = move || -> BoxFuture<'static, ()> {
        let (sessions, store) = (Arc::clone(&sessions), Arc::clone(&store));
        let (lines, nodes) = (Arc::clone(&lines), Arc::clone(&nodes));
        let (history, receipts) = (history.clone(), Arc::clone(&receipts));
        let texts = texts.load_full();
        let written = async move {
            last_seen::write(&sessions).await;
            receipts.flush().await;
            if let Some(history) = history {
                history.flush().await;
            }
            nodes.leave(&store, node).await;
            store.close().await;
            lines.flush().await;
        };
        // Beside it: an SMSC that does not answer may not hold up what is to be written.
        Box::pin(async move {
            join(written, texts.delivery.close()).await;
        })
    };
    Arc::new(Drain {
        readiness: Readiness::default(),
        connections: Connections::default(),
        drain_signal: Arc::new(DrainSignal::default()),
        listeners_closed: Arc::default(),
        released: Arc::default(),
        jobs: Jobs::default(),
        unsent: Box::new(move || outbox.unfinished()),
        finish: Box::new(finish),
        exit,
    })
}

fn background(
    runtime: &Runtime,
    snapshot: &Arc<ArcSwap<ConfigSnapshot>>,
    (worker, receipts): (OutboxWorker, Arc<SentTextsWorker>),
    demo: Option<demo::Demo>,
) -> Vec<BackgroundJob> {
    let changes = ChangePolling {
        sessions: Arc::clone(&runtime.sessions),
        snapshot: Arc::clone(snapshot),
        system: runtime.system.clone(),
        outage: runtime.outage,
    };
    let mut jobs = vec![
        BackgroundJob { name: "texts", run: Box::pin(async move { worker.run().await }) },
        BackgroundJob { name: "receipts", run: Box::pin(async move { receipts.run().await }) },
        BackgroundJob { name: "changes", run: Box::pin(changes.run()) },
        last_seen::job(Arc::clone(&runtime.sessions)),
        BackgroundJob {
            name: "cleanup",
            run: Box::pin(cleanup::run(Arc::clone(&runtime.store), runtime.system.clone())),
        },
        upstreams::job(&runtime.upstreams, &runtime.events),
    ];
    jobs.extend(runtime.history.as_ref().map(|(_, writer)| Arc::clone(writer).job()));
    jobs.extend(demo.map(|demo| BackgroundJob { name: "demo app", run: Box::pin(demo.run()) }));
    jobs
}

/// Looks after keys, certificates and engines.
fn upkeep(
    config: &Config,
    runtime: &Runtime,
    (secured, drain): (&Secured, &Arc<Drain>),
    rotation: &Arc<ArcSwap<KeyRotation>>,
) -> Result<Vec<BackgroundJob>, AppError> {
    let watch = engine_watch::job(&runtime.store, runtime.redis.as_ref(), &runtime.system);
    let mut jobs = vec![keys::job(Arc::clone(rotation)), watch];
    let certificates = secured.job(config, &runtime.system)?;
    jobs.extend(certificates.into_iter().map(|job| while_accepting(job, drain)));
    Ok(jobs)
}

/// Runs a job from when requests are accepted until another process takes over: an authority asks whoever
/// accepts.
fn while_accepting(job: BackgroundJob, drain: &Arc<Drain>) -> BackgroundJob {
    let (BackgroundJob { name, run }, drain) = (job, Arc::clone(drain));
    let run = Box::pin(async move {
        drain.readiness.begun().await;
        tokio::select! {
            () = run => {}
            () = drain.readiness.handed_over() => {}
        }
    });
    BackgroundJob { name, run }
}

/// Gauges of values that exist elsewhere.
fn watched(runtime: &Runtime, access_log: &Arc<AccessLog>) -> Vec<ObservedState> {
    let (sessions, outbox) = (Arc::clone(&runtime.sessions), Arc::clone(&runtime.outbox));
    let (memory, lines) = (runtime.memory.clone(), Arc::clone(access_log));
    let redis = runtime.redis.as_ref().map(|redis| redis.usage());
    let mut watched = vec![
        ObservedState { row: &metrics::SESSIONS, now: Box::new(move || sessions.cached()) },
        ObservedState {
            row: &metrics::ATTEMPTS,
            now: Box::new(move || memory.as_ref().map_or(0, |memory| memory.attempts.count())),
        },
        ObservedState {
            row: &metrics::TEXTS_WAITING,
            now: Box::new(move || count(outbox.unfinished())),
        },
        ObservedState {
            row: &metrics::ACCESS_LINES_DROPPED,
            now: Box::new(move || lines.dropped()),
        },
    ];
    let history = runtime.history.as_ref().map(|(sink, _)| Arc::clone(sink));
    let same = history.clone();
    watched.push(ObservedState {
        row: &metrics::HISTORY_LOST,
        now: Box::new(move || history.as_ref().map_or(0, |history| history.lost())),
    });
    watched.push(ObservedState {
        row: &metrics::HISTORY_LEFT_OUT,
        now: Box::new(move || same.as_ref().map_or(0, |history| history.left_out())),
    });
    let sent = Arc::clone(&runtime.sent);
    watched
        .push(ObservedState { row: &metrics::TEXT_NOTES_LOST, now: Box::new(move || sent.lost()) });
    watched.extend(engines::watched(&runtime.store, redis.as_ref()));
    watched
}

/// Connections and exchanges, open and refused.
fn watched_traffic(drain: &Drain, exchanges: &Exchanges) -> [ObservedState; 4] {
    let (open, refused) = (drain.connections.clone(), drain.connections.clone());
    let (under_way, too_many) = (exchanges.clone(), exchanges.clone());
    [
        ObservedState { row: &metrics::CONNECTIONS, now: Box::new(move || count(open.open())) },
        ObservedState {
            row: &metrics::CONNECTIONS_REFUSED,
            now: Box::new(move || refused.refused()),
        },
        ObservedState { row: &metrics::EXCHANGES, now: Box::new(move || count(under_way.open())) },
        ObservedState {
            row: &metrics::EXCHANGES_REFUSED,
            now: Box::new(move || too_many.refused()),
        },
    ]
}

/// Open files, which run out before memory does.
fn watched_files() -> [ObservedState; 2] {
    [
        ObservedState { row: &metrics::OPEN_FILES, now: Box::new(proxy::open_files) },
        ObservedState { row: &metrics::FILE_LIMIT, now: Box::new(FileLimit::now) },
    ]
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
