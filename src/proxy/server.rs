use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use pingora_core::apps::HttpServerOptions;
use pingora_core::apps::http_app::HttpServer;
use pingora_core::listeners::{ListenerConfig, TcpSocketOptions};
use pingora_core::protocols::TcpKeepalive;
use pingora_core::protocols::l4::stream::L4BufferSettings;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server, ShutdownWatch};
use pingora_core::services::background::{BackgroundService, background_service};
use pingora_core::services::listening::Service;
use pingora_proxy::HttpProxy;
use tracing::info;

use super::admin::Admin;
use super::connection::Front;
use super::connections::Door;
use super::drain::{self, Drainer, Stop, Watch};
use super::gateway::Gateway;
use super::live::Shared;
use super::refusals::Refusals;
use super::settings::Settings;
use super::tls::Tls;
use crate::metrics::{Metrics, Watched};
use crate::store;

/// Pingora's own 64 KiB for each connection would be most of an idle connection's memory.
const READ_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER: usize = 1460;

/// Something that runs beside the requests, on a runtime of its own, until the process ends.
pub struct Job {
    pub name: &'static str,
    pub run: BoxFuture<'static, ()>,
}

/// What a server is made of.
pub struct Parts {
    pub settings: Settings,
    /// `None` where listeners speak plain http.
    pub tls: Option<Tls>,
    pub shared: Shared,
    pub store: Arc<dyn store::Sessions>,
    pub metrics: Arc<Metrics>,
    /// Further numbers beside those of `metrics`.
    pub watched: Vec<Watched>,
    pub jobs: Vec<Job>,
}

/// Listens and serves until `stop`. Blocks; must not be called on a tokio runtime.
pub fn run(parts: Parts, stop: Stop) {
    let Parts { settings, tls, shared, store, metrics, watched, jobs } = parts;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let conf = ServerConf {
        threads,
        max_retries: 2,
        // Longer than the drain, which ends the process itself.
        grace_period_seconds: Some(drain::LONGEST.as_secs() + 5),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let drain = Arc::clone(&shared.drain);
    server.add_service(gateway(&server.configuration, &settings, shared, tls));
    let admin = HttpServer::new_app(Admin { drain: Arc::clone(&drain), store, metrics, watched });
    let mut admin = Service::new("admin".to_owned(), admin);
    admin.add_tcp(&settings.admin.to_string());
    server.add_service(admin);
    for job in jobs {
        server.add_service(background_service(job.name, RunsOnce(Mutex::new(Some(job.run)))));
    }
    let (stop, delay) = (Arc::new(stop), settings.drain_delay);
    let longest = drain::LONGEST.saturating_sub(delay);
    let drainer = Drainer { drain: Arc::clone(&drain), stop: Arc::clone(&stop), longest };
    server.add_service(background_service("drain", drainer));
    drain.readiness.set(true);
    info!(listen = ?settings.listen, admin = %settings.admin, "listening");
    server.run(RunArgs { shutdown_signal: Box::new(Watch { stop, drain, delay }) });
}

/// Where visitors come in.
fn gateway(
    conf: &Arc<ServerConf>,
    settings: &Settings,
    shared: Shared,
    tls: Option<Tls>,
) -> Service<Front<HttpProxy<Gateway>>> {
    let limits = settings.connections;
    let (connections, refusals) = (shared.drain.connections.clone(), Refusals::new(shared.clone()));
    let mut proxy = pingora_proxy::http_proxy(conf, Gateway::new(shared));
    let mut options = HttpServerOptions::default();
    options.h2c = settings.h2c;
    options.h2_idle_timeout = Some(limits.idle);
    proxy.server_options = Some(options);
    let door = Door { limits, trusted: settings.trusted_proxies.clone(), tls };
    let front = Front::new(proxy, connections, door, refusals);
    let mut service = Service::new("gateway".to_owned(), front);
    for address in &settings.listen {
        let buffers = L4BufferSettings::new(READ_BUFFER, WRITE_BUFFER);
        let mut sockets = TcpSocketOptions::default();
        sockets.tcp_keepalive = Some(probing());
        let listener = ListenerConfig::tcp(address.to_string());
        service.add_listener(listener.l4_buffer(buffers).tcp_socket_options(sockets));
    }
    service
}

/// An open websocket whose visitor went out of reach is found within two minutes.
fn probing() -> TcpKeepalive {
    TcpKeepalive {
        idle: Duration::from_mins(1),
        interval: Duration::from_secs(15),
        count: 4,
        user_timeout: Duration::ZERO,
    }
}

struct RunsOnce(Mutex<Option<BoxFuture<'static, ()>>>);

#[async_trait]
impl BackgroundService for RunsOnce {
    /// Runs beyond the shutdown signal: texts that wait are still sent then.
    async fn start(&self, _shutdown: ShutdownWatch) {
        let job = self.0.lock().ok().and_then(|mut job| job.take());
        if let Some(job) = job {
            job.await;
        }
    }
}
