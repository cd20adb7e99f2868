use std::fs::Permissions;
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use pingora_core::apps::http_app::HttpServer;
use pingora_core::apps::{HttpServerOptions, ServerApp};
use pingora_core::listeners::{ListenerConfig, TcpSocketOptions};
use pingora_core::protocols::TcpKeepalive;
use pingora_core::protocols::http::v2::server::default_h2_options;
use pingora_core::protocols::l4::stream::L4BufferSettings;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{ListenFds, RunArgs, Server, ShutdownWatch};
use pingora_core::services::Service as PingoraService;
use pingora_core::services::background::{BackgroundService, background_service};
use pingora_core::services::listening::Service;
use pingora_proxy::HttpProxy;
use tracing::info;

use super::admin::{Admin, ReadinessChecks};
use super::admin_requests::AdminRequests;
use super::connections::ListenerGuard;
use super::drain::{self, Drain, Drainer, SignalWatch, Stop};
use super::gateway::Gateway;
use super::http2_session::Http2Sessions;
use super::listener::ListenerService;
use super::reclaim::Reclaimer;
use super::redirect::HttpsRedirect;
use super::settings::{ListenAddress, ProxySettings};
use super::snapshot::Shared;
use super::sockets::{self, SocketError, Sockets};
use super::tls::Tls;
use crate::gate;
use crate::metrics::{Metrics, ObservedState};

/// Read buffer of a connection, bytes. Pingora's default of 64 KiB would be most of an idle
/// connection's memory.
const READ_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER: usize = 1460;

/// Streams that a client may have open on one HTTP/2 connection. A client waits with the next; a page
/// of many files needs no more, and each may hold memory and a connection to the app.
const STREAMS: u32 = 32;
/// What is written to an HTTP/2 stream and not sent yet, bytes. A client that takes nothing from its
/// socket makes us hold it for each stream.
const STREAM_BUFFER: usize = 2 * 1024;

/// How often a request is sent at most, each time to another address of the app where it has several.
const ATTEMPTS: usize = 4;

/// A background task, on a runtime of its own, that runs until no request and no text is left.
pub struct BackgroundJob {
    pub name: &'static str,
    pub run: BoxFuture<'static, ()>,
}

/// What a server is made of.
pub struct ServerDeps {
    pub settings: ProxySettings,
    /// `None`: listeners speak plain http.
    pub tls: Option<Tls>,
    pub shared: Shared,
    /// What else must hold before it is ready.
    pub checks: ReadinessChecks,
    pub metrics: Arc<Metrics>,
    /// Values that are read when metrics are collected.
    pub watched: Vec<ObservedState>,
    pub jobs: Vec<BackgroundJob>,
    /// Asked at the admin listener.
    pub reloads: AdminRequests,
    /// The same; `None`: no other process can take over.
    pub upgrades: Option<AdminRequests>,
    /// Whether a job says when connections are accepted (`Readiness::begin`); else they are at once.
    pub begins_later: bool,
}

/// Listens and serves until `stop`. Blocks, and must not be called on a tokio runtime.
///
/// # Errors
/// When an address cannot be listened on.
pub fn run(parts: ServerDeps, stop: Stop, sockets: Arc<Sockets>) -> Result<(), SocketError> {
    let ServerDeps { settings, tls, shared, checks, metrics, watched, jobs, .. } = parts;
    let (reloads, upgrades) = (parts.reloads, parts.upgrades);
    // Pingora would do it later, in a thread of its own: who is told that this is ready could come before.
    sockets.listen()?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let conf = ServerConf {
        threads,
        max_retries: ATTEMPTS,
        // Longer than the drain, which ends the process.
        grace_period_seconds: Some((drain::MAX_DURATION + settings.upgrade_drain).as_secs() + 5),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let drain = Arc::clone(&shared.drain);
    if !settings.redirect_listen.is_empty() {
        let bound = sockets.of(sockets::REDIRECT)?;
        server.add_service(BoundService::new(redirect(&settings, &shared), bound, &drain));
    }
    let service = gateway(&server.configuration, &settings, &shared, tls);
    server.add_service(BoundService::new(service, sockets.of(sockets::LISTEN)?, &drain));
    let (of_drain, snapshot) = (Arc::clone(&drain), Arc::clone(&shared.snapshot));
    let admin_app =
        Admin { drain: of_drain, checks, metrics, watched, reloads, upgrades, snapshot };
    let probes = HttpServer::new_app(admin_app);
    let mut service = Service::new("admin".to_owned(), probes);
    service.add_tcp(&settings.admin.to_string());
    server.add_service(BoundService::new(service, sockets.of(sockets::ADMIN)?, &drain));
    for job in jobs {
        let run = RunsOnce { job: Mutex::new(Some(job.run)), drain: Arc::clone(&drain) };
        server.add_service(background_service(job.name, run));
    }
    let (stop, delay) = (Arc::new(stop), settings.drain_delay);
    let longest = drain::MAX_DURATION.saturating_sub(delay);
    let after_upgrade = settings.upgrade_drain;
    let drainer =
        Drainer { drain: Arc::clone(&drain), stop: Arc::clone(&stop), longest, after_upgrade };
    server.add_service(background_service("drain", drainer));
    if !parts.begins_later {
        drain.readiness.begin();
    }
    info!(listen = ?settings.listen, admin = %settings.admin, "listening");
    let watch = SignalWatch { stop, drain, delay, sockets };
    server.run(RunArgs { shutdown_signal: Box::new(watch) });
    Ok(())
}

/// `tls`: `None` for plain http.
fn guard(settings: &ProxySettings, shared: &Shared, tls: Option<Tls>) -> ListenerGuard {
    let snapshot = Arc::clone(&shared.snapshot);
    ListenerGuard {
        limits: settings.connections,
        is_trusted: Arc::new(move |from| {
            gate::is_trusted_proxy(from, &snapshot.load().trusted_proxies)
        }),
        balancers: settings.proxy_protocol_from.clone(),
        tls,
    }
}

/// The service of the public listeners.
fn gateway(
    conf: &Arc<ServerConf>,
    settings: &ProxySettings,
    shared: &Shared,
    tls: Option<Tls>,
) -> Service<ListenerService<Http2Sessions<HttpProxy<Gateway>>>> {
    let limits = settings.connections;
    let reclaimer = Reclaimer::default();
    let gateway = Gateway::new(shared.clone(), reclaimer.clone());
    let mut proxy = pingora_proxy::http_proxy(conf, gateway);
    let mut options = HttpServerOptions::default();
    options.h2c = settings.h2c;
    options.h2_idle_timeout = Some(limits.idle);
    proxy.server_options = Some(options);
    let mut h2 = default_h2_options();
    h2.max_concurrent_streams(STREAMS).max_send_buffer_size(STREAM_BUFFER);
    proxy.h2_options = Some(h2);
    let guard = guard(settings, shared, tls);
    let listener = ListenerService::new(Http2Sessions(Arc::new(proxy)), shared, guard, reclaimer);
    let mut service = Service::new("gateway".to_owned(), listener);
    for address in &settings.listen {
        let buffers = L4BufferSettings::new(READ_BUFFER, WRITE_BUFFER);
        service.add_listener(listener_at(address, settings).l4_buffer(buffers));
    }
    service
}

/// The service that leads from http to https.
fn redirect(
    settings: &ProxySettings,
    shared: &Shared,
) -> Service<ListenerService<HttpServer<HttpsRedirect>>> {
    let snapshot = Arc::clone(&shared.snapshot);
    let challenges = Arc::clone(&shared.challenges);
    let inner = HttpServer::new_app(HttpsRedirect { snapshot, challenges });
    let guard = guard(settings, shared, None);
    let listener = ListenerService::new(inner, shared, guard, Reclaimer::default());
    let mut service = Service::new("redirect".to_owned(), listener);
    for address in &settings.redirect_listen {
        let buffers = L4BufferSettings::new(READ_BUFFER, WRITE_BUFFER);
        let address = ListenAddress::Tcp(*address);
        service.add_listener(listener_at(&address, settings).l4_buffer(buffers));
    }
    service
}

fn listener_at(address: &ListenAddress, settings: &ProxySettings) -> ListenerConfig {
    match address {
        ListenAddress::Tcp(address) => {
            let mut sockets = TcpSocketOptions::default();
            sockets.tcp_keepalive = Some(probing());
            ListenerConfig::tcp(address.to_string()).tcp_socket_options(sockets)
        }
        ListenAddress::Unix(_) => {
            // Pingora sets them again.
            let permissions = Permissions::from_mode(settings.socket_mode);
            ListenerConfig::uds(sockets::name(address)).permissions(permissions)
        }
    }
}

/// Finds a websocket whose client is out of reach within two minutes.
fn probing() -> TcpKeepalive {
    TcpKeepalive {
        idle: Duration::from_mins(1),
        interval: Duration::from_secs(15),
        count: 4,
        user_timeout: Duration::ZERO,
    }
}

/// A service on sockets that are bound already.
struct BoundService<A> {
    service: Service<A>,
    /// By address.
    bound: Vec<(String, OwnedFd)>,
    drain: Arc<Drain>,
}

impl<A> BoundService<A> {
    fn new(service: Service<A>, bound: Vec<(String, OwnedFd)>, drain: &Arc<Drain>) -> Self {
        Self { service, bound, drain: Arc::clone(drain) }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> PingoraService for BoundService<A> {
    async fn start_service(
        &mut self,
        sockets: Option<ListenFds>,
        mut shutdown: ShutdownWatch,
        listeners: usize,
    ) {
        tokio::select! {
            () = self.drain.readiness.begun() => {}
            _ = shutdown.changed() => return,
        }
        // Pingora takes the sockets that it finds here, and owns them from then on.
        for (address, bound) in self.bound.drain(..) {
            if let Some(sockets) = &sockets {
                sockets.lock().add(address, bound.into_raw_fd());
            }
        }
        PingoraService::start_service(&mut self.service, sockets, shutdown, listeners).await;
    }

    fn name(&self) -> &str {
        PingoraService::name(&self.service)
    }
}

struct RunsOnce {
    job: Mutex<Option<BoxFuture<'static, ()>>>,
    drain: Arc<Drain>,
}

#[async_trait]
impl BackgroundService for RunsOnce {
    /// Runs on after the shutdown signal, so that queued texts are sent.
    async fn start(&self, _shutdown: ShutdownWatch) {
        let job = self.job.lock().ok().and_then(|mut job| job.take());
        if let Some(job) = job {
            self.drain.jobs.run(job).await;
        }
    }
}
