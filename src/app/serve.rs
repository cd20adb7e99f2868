use std::error::Error;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};

use tokio::runtime::Builder;
use tracing::{Level, Metadata, warn};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::{AppError, Surroundings, build};
use crate::config::Config;
use crate::delivery::sms::ProviderSettings;
use crate::events::LogFormat;
use crate::proxy::{self, AccessLog, Signals, Stop};
use crate::system::System;

const LOGGED: &str = "info";

/// Runs the server of a configuration until a signal ends it. Blocks.
pub fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_env("DOORCODE_LOG").unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let log = tracing_subscriber::registry().with(filter_fn(is_harmless)).with(filter).with(lines);
    log.try_init()?;
    let doubts = config.tls_doubts(System::real().now());
    for said in unsafe_settings(&config).map(str::to_owned).chain(doubts) {
        warn!("{said}");
    }
    can_listen(&config)?;
    end_when_a_listener_is_lost();
    let greeting = greeting(&config);
    // Lives as long as the server: the database's pool and the signals stay on it.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let signals = runtime.block_on(async { Signals::catch() })?;
    let around = Surroundings {
        system: System::real(),
        access_log: access_log(&config)?,
        exit: Box::new(|| std::process::exit(0)),
    };
    let parts = runtime.block_on(build(config, around))?;
    writeln!(std::io::stdout(), "{greeting}")?;
    proxy::run(parts, Stop::Signals(signals));
    Ok(())
}

/// What an operator allowed against our advice.
fn unsafe_settings(config: &Config) -> impl Iterator<Item = &'static str> {
    let table = [
        (
            config.development_exposed,
            "server.unsafe_development_exposed is on: what is meant for this machine only is open to others",
        ),
        (
            config.shared_origin,
            "server.unsafe_shared_origin is on: scripts of an app may sign its visitors in to sites on other hosts",
        ),
        (
            config.test_numbers_exposed,
            "login.unsafe_test_numbers_exposed is on: whoever knows the code of a test number signs in",
        ),
    ];
    table.into_iter().filter_map(|(on, said)| on.then_some(said))
}

/// Access lines go to standard output, unless the console provider prints texts there: among them
/// nobody would find a code.
fn access_log(config: &Config) -> std::io::Result<AccessLog> {
    let console = |provider: &ProviderSettings| matches!(provider, ProviderSettings::Console);
    if config.providers.iter().any(console) {
        return Ok(AccessLog::off());
    }
    AccessLog::to(std::io::stdout())
}

/// Whatever `DOORCODE_LOG` asks for, of the libraries only warnings are written: in their finer
/// levels they print requests whole, with cookies, codes and numbers. Pingora's proxy does so for
/// every failure; the access line tells the same, without. Other parts of it complain of whoever
/// leaves without a word, as browsers do with connections that they opened in advance.
fn is_harmless(about: &Metadata<'_>) -> bool {
    let of = |module: &str| {
        let rest = about.target().strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let quiet = || SILENCED.iter().any(|module| of(module));
    of(env!("CARGO_CRATE_NAME")) || (*about.level() <= Level::WARN && !quiet())
}

const SILENCED: &[&str] = &["pingora_proxy", "pingora_core::apps", "pingora_core::protocols::tls"];

/// Pingora panics in a thread of its own when it cannot bind; an operator gets a sentence.
fn can_listen(config: &Config) -> Result<(), AppError> {
    let own = config.proxy.listen.iter().map(|address| ("server.listen", *address));
    let try_to = |(key, address): (&'static str, SocketAddr)| {
        let bound = TcpListener::bind(address);
        bound.map(drop).map_err(|why| AppError::Listen { key, address, why })
    };
    own.chain([("admin.listen", config.proxy.admin)]).try_for_each(try_to)
}

/// Between [`can_listen`] and Pingora's own binding somebody else may take a port. Pingora then
/// panics in that listener's thread and the process lives on, serving nothing: no supervisor would
/// see it.
fn end_when_a_listener_is_lost() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map(std::panic::Location::file).unwrap_or_default();
        if file.contains("pingora-core") && file.ends_with("services/listening.rs") {
            let _ = writeln!(std::io::stderr(), "doorcode: a listener was lost: {panic}");
            std::process::exit(1);
        }
        others(panic);
    }));
}

fn greeting(config: &Config) -> String {
    let line = |site: &crate::gate::Site| format!("  {}  {}/\n", site.name, site.place);
    let sites: String = config.sites.iter().map(line).collect();
    if sites.is_empty() {
        // Nobody opens it by hand: apps lead there.
        return format!("\nDoorcode is running. Its issuer, for apps:\n  {}\n", config.issuer);
    }
    format!("\nDoorcode is running. Open:\n{sites}")
}
