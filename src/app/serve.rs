use std::error::Error;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};

use tokio::runtime::Builder;
use tracing::warn;
use tracing_subscriber::EnvFilter;

use super::{AppError, Surroundings, build};
use crate::config::Config;
use crate::delivery::sms::ProviderSettings;
use crate::proxy::{self, AccessLog, Signals, Stop};
use crate::system::System;

/// Pingora's proxy writes whole request lines, with their queries, for every failure: ours tells
/// the same in the access line, without.
const LOGGED: &str = "info,pingora_proxy=off,pingora_core=warn,sqlx=warn";

/// Runs the server of a configuration until a signal ends it. Blocks.
pub fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_env("DOORCODE_LOG").unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.try_init().map_err(|error| error.to_string())?;
    said_at_every_start(&config).for_each(|text| warn!("{text}"));
    can_listen(&config)?;
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

/// Access lines go to standard output, unless the console provider prints texts there: among them
/// nobody would find a code.
fn access_log(config: &Config) -> std::io::Result<AccessLog> {
    let console = |provider: &ProviderSettings| matches!(provider, ProviderSettings::Console);
    if config.providers.iter().any(console) {
        return Ok(AccessLog::off());
    }
    AccessLog::to(std::io::stdout())
}

/// One row for each key that makes something unsafe possible.
fn said_at_every_start(config: &Config) -> impl Iterator<Item = &'static str> + use<> {
    let rows = [
        (
            config.development_exposed,
            "server.unsafe_development_exposed is on: what is meant for this machine only is open \
             to others",
        ),
        (
            config.test_numbers_exposed,
            "login.unsafe_test_numbers_exposed is on: who knows the code of a test number signs in",
        ),
    ];
    rows.into_iter().filter_map(|(on, text)| on.then_some(text))
}

/// Pingora panics in a thread of its own when it cannot bind; an operator gets a sentence.
fn can_listen(config: &Config) -> Result<(), AppError> {
    let own = config.proxy.listen.iter().map(|address| ("server.listen", *address));
    let try_to = |(key, address): (&'static str, SocketAddr)| {
        let bound = TcpListener::bind(address);
        bound.map(drop).map_err(|why| AppError::Listen { key, address, why })
    };
    own.chain([("admin.listen", config.proxy.admin)]).try_for_each(try_to)
}

fn greeting(config: &Config) -> String {
    let line = |site: &crate::gate::Site| format!("  {}  {}/\n", site.name, site.place);
    let sites: String = config.sites.iter().map(line).collect();
    format!("\nDoorcode is running. Open:\n{sites}")
}
