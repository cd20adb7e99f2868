use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;

use super::changes::ChangePolling;
use super::decorate::{Assembled, Decorator, StoreSet, Undecorated};
use super::error::AppError;
use super::nodes::{Heartbeat, NodeStatus};
use super::stores::{self, Stores};
use super::tls::Secured;
use super::{cleanup, demo, engine_watch, engines, keys, last_seen, readiness, secret, upstreams};
use crate::access::{AccessTokenCache, AuthorizationPolicy, Authorizer, AuthorizerDeps};
use crate::config::Config;
use crate::delivery::Delivery;
use crate::delivery::sms::{self, SmsProvider};
use crate::domain::{Keyring, NodeId};
use crate::events::{EventLog, EventSink, EventSinks};
use crate::gate::SiteMap;
use crate::login::{self, CodeKeys, Limiter, Login, LoginDeps, Outbox, OutboxSender, OutboxWorker};
use crate::metrics::{self, Metrics, ObservedState};
use crate::oauth::{KeyRotation, SigningKeys};
use crate::pages::views::Views;
use crate::proxy::{
    self, AccessLog, BackgroundJob, ConfigSnapshot, ConfigSnapshotDeps, Connections, DECISIONS,
    Drain, DrainSignal, Exchanges, Jobs, NameLookup, Readiness, Shared, SystemLookup, Upstreams,
};
use crate::session::Sessions;
use crate::store::{MemoryAttempts, RedisCells, SqlStore, StoreSettings};
use crate::system::System;
use crate::users::Directory;
use crate::web::{Web, WebDeps};
use crate::words::{SmsTemplate, SmsTemplates};

/// Dependencies that tests replace.
pub struct AppDeps {
    pub system: System,
    pub access_log: AccessLog,
    /// Called after the drain, to end the process.
    pub exit: Box<dyn Fn() + Send + Sync>,
}

/// What outlives a change of the configuration.
struct Runtime {
    system: System,
    events: Arc<dyn EventSink>,
    metrics: Arc<Metrics>,
    keyring: Keyring,
    store: Arc<SqlStore>,
    sessions: Arc<Sessions>,
    tokens: Arc<AccessTokenCache>,
    keys: Arc<SigningKeys>,
    outbox: Arc<Outbox>,
    login: LoginDeps,
    attempts: Option<Arc<MemoryAttempts>>,
    redis: Option<Arc<RedisCells>>,
    for_requests: StoreSet,
    for_texts: StoreSet,
    upstreams: Arc<Upstreams>,
    /// See [`ChangePolling`].
    outage: Duration,
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
    let AppDeps { system, access_log, exit } = around;
    let templates = Arc::new(templates(&config)?);
    let keyring = secret::keyring(&config, &system)?;
    let stores = stores::open(&config, &keyring, &system, decorator).await?;
    let demo = demo::Demo::bind_if(demo::is_used(&config))?;
    let secured = Secured::of(&config)?;
    let (outbox, jobs) = Outbox::new();
    let apps = (demo.as_ref(), decorator.names(Arc::new(SystemLookup)));
    let runtime = open_runtime((system, keyring), stores, outbox, apps, &config.store)?;
    expect(&config, &runtime);
    let snapshot = Arc::new(ArcSwap::from_pointee(snapshot(&config, &runtime)?));
    let providers = decorator.providers(config.providers.iter().map(sms::provider).collect());
    let worker = OutboxWorker::new(jobs, sender(&runtime, providers, templates));
    let access_log = Arc::new(access_log);
    let heartbeat = Heartbeat::new(&config, &runtime.keyring, &runtime.store, &runtime.system);
    let heartbeat = heartbeat.map(|heartbeat| heartbeat.on(runtime.redis.as_ref()));
    let nodes = heartbeat.as_ref().map_or_else(|| Arc::new(NodeStatus::alone()), Heartbeat::status);
    let node = heartbeat.as_ref().map(Heartbeat::id);
    let drain = Arc::new(drain(&runtime, &access_log, (&nodes, node), exit));
    let mut jobs = background(&runtime, &snapshot, worker, demo);
    jobs.push(keys::job(KeyRotation {
        store: Arc::clone(&runtime.store) as _,
        keyring: runtime.keyring.clone(),
        system: runtime.system.clone(),
        keys: Arc::clone(&runtime.keys),
        wanted: keys::wanted(&config),
        pace: config.oauth.pace(),
    }));
    jobs.extend(secured.job(&runtime.system));
    jobs.extend(heartbeat.map(Heartbeat::job));
    jobs.push(engine_watch::job(&runtime.store, runtime.redis.as_ref(), &runtime.system));
    let exchanges = Exchanges::new(config.proxy.exchanges);
    let mut watched = watched(&runtime, &access_log);
    watched.extend(watched_traffic(&drain, &exchanges));
    watched.extend(secured.watched());
    watched.extend(nodes.watched());
    let redis = runtime.redis.as_ref().map(|redis| redis.usage());
    watched.extend(engines::watched(&runtime.store, redis.as_ref()));
    let checks = readiness::checks(&runtime.store, runtime.redis.as_ref(), &nodes);
    let login = login(&config, &runtime);
    let Runtime { system, events, metrics, store: database, sessions, upstreams, .. } = runtime;
    let shared = Shared { snapshot, upstreams, access_log, drain, exchanges, events, system };
    let (settings, tls) = (config.proxy, secured.tls);
    let server = proxy::ServerDeps { settings, tls, shared, checks, metrics, watched, jobs };
    Ok(Assembled { server, login, sessions, database })
}

fn open_runtime(
    (system, keyring): (System, Keyring),
    stores: Stores,
    outbox: Outbox,
    (demo, lookup): (Option<&demo::Demo>, Arc<dyn NameLookup>),
    settings: &StoreSettings,
) -> Result<Runtime, AppError> {
    let Stores { sql: store, attempts, redis, keys, for_requests, for_texts } = stores;
    let keys = Arc::new(keys);
    let metrics = Arc::new(Metrics::new()?);
    let counted = Arc::clone(metrics.event_counters());
    let events: Arc<dyn EventSink> =
        Arc::new(EventSinks(vec![Arc::new(EventLog::new(Arc::clone(&system.clock))), counted]));
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
        limiter: Arc::new(Limiter::new(Arc::clone(&for_requests.counters), &keyring)),
        keys: Arc::new(CodeKeys::new(&keyring)),
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
        attempts,
        redis,
        for_requests,
        for_texts,
        upstreams,
        outage: settings.outage,
    })
}

/// The value that a change of the configuration replaces.
fn snapshot(config: &Config, runtime: &Runtime) -> Result<ConfigSnapshot, AppError> {
    let (issuer, sites) = (config.issuer.clone(), config.sites.clone());
    let map = Arc::new(SiteMap::new(issuer, config.prefix.clone(), sites));
    let directory = Arc::new(Directory::new(config.users.clone()));
    let parts = WebDeps {
        login: login(config, runtime),
        sessions: Arc::clone(&runtime.sessions),
        session: config.session,
        personal_tokens: config.personal_tokens,
        directory: Arc::clone(&directory),
        map: Arc::clone(&map),
        pages: pages(config)?,
        tickets: runtime.for_requests.tickets.clone(),
        keys: Arc::clone(&runtime.keys),
        oauth: config.oauth.clone(),
        grants: Arc::clone(&runtime.for_requests.grants),
        events: Arc::clone(&runtime.events),
        system: runtime.system.clone(),
    };
    let web = Arc::new(Web::new(parts, &runtime.keyring));
    let sites: Vec<&str> = map.sites().iter().map(|site| site.name.as_str()).collect();
    let requests = runtime.metrics.requests(&sites, DECISIONS)?;
    let authorizer = authorizer(config, runtime, &map, directory);
    let pools = runtime.upstreams.adopt(map.sites())?;
    let parts = ConfigSnapshotDeps { map, authorizer, web, requests, pools };
    Ok(ConfigSnapshot::new(parts, &config.proxy))
}

fn login(config: &Config, runtime: &Runtime) -> Login {
    Login::new(runtime.login.clone(), config.login.clone(), config.session)
}

fn authorizer(
    config: &Config,
    runtime: &Runtime,
    map: &Arc<SiteMap>,
    directory: Arc<Directory>,
) -> Authorizer {
    let policy = AuthorizationPolicy {
        map: Arc::clone(map),
        clients: config.oauth.clients.clone(),
        directory,
        session: config.session,
    };
    let deps = AuthorizerDeps {
        sessions: Arc::clone(&runtime.sessions),
        tokens: Arc::clone(&runtime.tokens),
        keys: Arc::clone(&runtime.keys),
        system: runtime.system.clone(),
    };
    Authorizer::new(policy, deps)
}

fn pages(config: &Config) -> Result<Views, AppError> {
    let pages = Views::new(&config.brand)?;
    for correction in pages.corrections() {
        tracing::warn!("{correction}");
    }
    Ok(pages)
}

fn templates(config: &Config) -> Result<SmsTemplates, AppError> {
    let read = |text: &str| SmsTemplate::parse(text, &config.brand.name);
    let mut templates = SmsTemplates::new(read(&config.sms_template)?);
    for (tag, text) in &config.sms_templates {
        templates.add(tag, read(text)?);
    }
    for (tag, text) in &config.sms_built_in {
        templates.add_built_in(tag, read(text)?);
    }
    Ok(templates)
}

fn sender(
    runtime: &Runtime,
    providers: Vec<Arc<dyn SmsProvider>>,
    templates: Arc<SmsTemplates>,
) -> OutboxSender {
    OutboxSender {
        attempts: Arc::clone(&runtime.for_texts.attempts),
        users: Arc::clone(&runtime.for_texts.users),
        keys: Arc::clone(&runtime.login.keys),
        delivery: Arc::new(Delivery::new(providers, runtime.system.clone())),
        templates,
        events: Arc::clone(&runtime.events),
        system: runtime.system.clone(),
    }
}

fn drain(
    runtime: &Runtime,
    access_log: &Arc<AccessLog>,
    (nodes, node): (&Arc<NodeStatus>, Option<NodeId>),
    exit: Box<dyn Fn() + Send + Sync>,
) -> Drain {
    let (outbox, lines) = (Arc::clone(&runtime.outbox), Arc::clone(access_log));
    let (sessions, store) = (Arc::clone(&runtime.sessions), Arc::clone(&runtime.store));
    let nodes = Arc::clone(nodes);
    let finish = move || -> BoxFuture<'static, ()> {
        let (sessions, store) = (Arc::clone(&sessions), Arc::clone(&store));
        let (lines, nodes) = (Arc::clone(&lines), Arc::clone(&nodes));
        Box::pin(async move {
            last_seen::write(&sessions).await;
            nodes.leave(&store, node).await;
            store.close().await;
            lines.flush().await;
        })
    };
    Drain {
        readiness: Readiness::default(),
        connections: Connections::default(),
        drain_signal: Arc::new(DrainSignal::default()),
        jobs: Jobs::default(),
        unsent: Box::new(move || outbox.unfinished()),
        finish: Box::new(finish),
        exit,
    }
}

fn background(
    runtime: &Runtime,
    snapshot: &Arc<ArcSwap<ConfigSnapshot>>,
    worker: OutboxWorker,
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
        BackgroundJob { name: "changes", run: Box::pin(changes.run()) },
        last_seen::job(Arc::clone(&runtime.sessions)),
        BackgroundJob {
            name: "cleanup",
            run: Box::pin(cleanup::run(Arc::clone(&runtime.store), runtime.system.clone())),
        },
        upstreams::job(&runtime.upstreams, &runtime.events),
    ];
    jobs.extend(demo.map(|demo| BackgroundJob { name: "demo app", run: Box::pin(demo.run()) }));
    jobs
}

/// Makes counters of expected events start at zero.
fn expect(config: &Config, runtime: &Runtime) {
    let providers = config.providers.iter().map(sms::ProviderSettings::name);
    let happened = runtime.metrics.event_counters();
    happened
        .expect(providers, login::LIMITS.iter().chain([&login::TEXT_SPACING]).map(|row| row.key));
    for client in config.oauth.clients.all() {
        happened.expect_client(client.id.as_str(), client.grants.iter().map(|grant| grant.name()));
    }
}

/// Gauges of values that exist elsewhere.
fn watched(runtime: &Runtime, access_log: &Arc<AccessLog>) -> Vec<ObservedState> {
    let (sessions, outbox) = (Arc::clone(&runtime.sessions), Arc::clone(&runtime.outbox));
    let (attempts, lines) = (runtime.attempts.clone(), Arc::clone(access_log));
    vec![
        ObservedState { row: &metrics::SESSIONS, now: Box::new(move || sessions.cached()) },
        ObservedState {
            row: &metrics::ATTEMPTS,
            now: Box::new(move || attempts.as_ref().map_or(0, |attempts| attempts.count())),
        },
        ObservedState {
            row: &metrics::TEXTS_WAITING,
            now: Box::new(move || count(outbox.unfinished())),
        },
        ObservedState {
            row: &metrics::ACCESS_LINES_DROPPED,
            now: Box::new(move || lines.dropped()),
        },
    ]
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

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
