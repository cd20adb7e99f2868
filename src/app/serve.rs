use std::error::Error;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};

use tokio::runtime::Builder;
use tracing::{Level, Metadata, warn};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::build::{AppDeps, build};
use super::error::AppError;
use crate::config::Config;
use crate::delivery::sms::ProviderSettings;
use crate::events::LogFormat;
use crate::proxy::{self, AccessLog, FileLimit, Signals, Stop};
use crate::system::System;

/// The level without `DOORCODE_LOG`.
const DEFAULT_LEVEL: &str = "info";

/// Runs the server of a configuration until a signal ends it. Blocks.
///
/// # Errors
///
/// When the server cannot start.
pub fn serve(mut config: Config) -> Result<(), Box<dyn Error>> {
    let filter =
        EnvFilter::try_from_env("DOORCODE_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_LEVEL));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let log =
        tracing_subscriber::registry().with(filter_fn(is_safe_to_log)).with(filter).with(lines);
    log.try_init()?;
    let doubts = config.tls_doubts(System::real().now());
    let doubts = doubts.into_iter().chain(FileLimit::raise().lower(&mut config.proxy));
    for warning in unsafe_settings(&config).map(str::to_owned).chain(doubts) {
        warn!("{warning}");
    }
    check_listen(&config)?;
    exit_on_listener_failure();
    let greeting = greeting(&config);
    // Must live as long as the server: the database's pool and the signal handlers stay on it.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let signals = runtime.block_on(async { Signals::catch() })?;
    let around = AppDeps {
        system: System::real(),
        access_log: access_log(&config)?,
        exit: Box::new(|| std::process::exit(0)),
    };
    let parts = runtime.block_on(build(config, around))?;
    writeln!(std::io::stdout(), "{greeting}")?;
    proxy::run(parts, Stop::Signals(signals));
    Ok(())
}

/// Warnings about `unsafe_…` keys that are set.
fn unsafe_settings(config: &Config) -> impl Iterator<Item = &'static str> {
    let table = [
        (
            config.development_exposed,
            "server.unsafe_development_exposed is on: development features may be reachable from other machines",
        ),
        (
            config.shared_origin,
            "server.unsafe_shared_origin is on: scripts of an app may sign its visitors in to sites on other hosts",
        ),
        (
            config.test_numbers_exposed,
            "login.unsafe_test_numbers_exposed is on: anyone who knows the code of a test number can sign in",
        ),
    ];
    table.into_iter().filter_map(|(on, said)| on.then_some(said))
}

/// The access log goes to standard output, unless the console provider prints texts there, which
/// would be hard to find among its lines.
fn access_log(config: &Config) -> std::io::Result<AccessLog> {
    let console = |provider: &ProviderSettings| matches!(provider, ProviderSettings::Console);
    if config.providers.iter().any(console) {
        return Ok(AccessLog::off());
    }
    AccessLog::to(std::io::stdout())
}

/// Limits libraries to warnings, whatever `DOORCODE_LOG` says: at lower levels they log whole
/// requests, with cookies, codes and numbers. Pingora's proxy logs requests even with its errors;
/// the access log has the same information without them. Other parts of Pingora warn about each
/// client that closes an unused connection, as browsers do with preconnected ones.
fn is_safe_to_log(about: &Metadata<'_>) -> bool {
    let of = |module: &str| {
        let rest = about.target().strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let quiet = || SILENCED.iter().any(|module| of(module));
    of(env!("CARGO_CRATE_NAME")) || (*about.level() <= Level::WARN && !quiet())
}

const SILENCED: &[&str] = &["pingora_proxy", "pingora_core::apps", "pingora_core::protocols::tls"];

/// Checks that all addresses can be bound, for a readable error: Pingora panics in a thread.
fn check_listen(config: &Config) -> Result<(), AppError> {
    let own = config.proxy.listen.iter().map(|address| ("server.listen", *address));
    let try_to = |(key, address): (&'static str, SocketAddr)| {
        let bound = TcpListener::bind(address);
        bound.map(drop).map_err(|why| AppError::Listen { key, address, why })
    };
    own.chain([("admin.listen", config.proxy.admin)]).try_for_each(try_to)
}

/// Ends the process if a listener panics. A port may be taken between [`check_listen`] and
/// Pingora's own bind; Pingora then panics in the listener's thread only, and the process would go
/// on without serving, unnoticed by supervisors.
fn exit_on_listener_failure() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map(std::panic::Location::file).unwrap_or_default();
        if file.contains("pingora-core") && file.ends_with("services/listening.rs") {
            let _ = writeln!(std::io::stderr(), "doorcode: a listener failed: {panic}");
            std::process::exit(1);
        }
        previous(panic);
    }));
}

fn greeting(config: &Config) -> String {
    let line = |site: &crate::gate::Site| format!("  {}  {}/\n", site.name, site.url);
    let sites: String = config.sites.iter().map(line).collect();
    if sites.is_empty() {
        return format!("\nDoorcode is running. Its issuer, for apps:\n  {}\n", config.issuer);
    }
    format!("\nDoorcode is running. Open:\n{sites}")
}
