use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};

use tokio::runtime::Builder;
use tracing::{info, warn};

use super::build::{AppDeps, build};
use super::error::AppError;
use super::log;
use crate::config::{Config, ConfigWarning};
use crate::delivery::sms::ProviderSettings;
use crate::gate::Site;
use crate::proxy::{
    self, AccessLog, FileLimit, ListenAddress, Reloads, Signals, StartingAdmin, Stop,
};
use crate::store::Database;
use crate::system::System;

/// Runs the server of a configuration until a signal ends it. Blocks.
///
/// # Errors
///
/// When the server cannot start.
pub fn serve(mut config: Config) -> Result<(), Box<dyn Error>> {
    log::start(config.log)?;
    warn_of(&config);
    fit_to_files(&mut config);
    check_listen(&config)?;
    let admin = bind_admin(&config)?;
    exit_on_listener_failure();
    let greeting = Greeting::of(&config);
    // Must live as long as the server: the database's pool and the signal handlers stay on it.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let reloads = Reloads::new();
    let caught = reloads.0.clone();
    let signals = runtime.block_on(async { Signals::catch(caught) })?;
    let around = AppDeps {
        system: System::real(),
        access_log: access_log(&config)?,
        exit: Box::new(|| std::process::exit(0)),
        reloads,
    };
    let database = config.store.database.clone();
    let problem = || Database::opening(&database).unwrap_or("starting");
    let parts = runtime.block_on(admin.answer_during(build(config, around), problem))??;
    greeting.say()?;
    proxy::run(parts, Stop::Signals(signals), Some(admin)).map_err(AppError::from)?;
    Ok(())
}

/// Logs what production would regret.
pub(super) fn warn_of(config: &Config) {
    for ConfigWarning { at, key, text } in config.warnings(System::real().now()) {
        warn!(at, key, "{text}");
    }
}

/// Lowers the limits of connections to what there are files for.
fn fit_to_files(config: &mut Config) {
    if let Some(text) = FileLimit::raise().lower(&mut config.proxy) {
        warn!("{text}");
    }
}

/// The access log goes to standard output, unless the console provider prints texts there, which
/// would be hard to find among its lines.
fn access_log(config: &Config) -> std::io::Result<AccessLog> {
    if prints_texts(config) { Ok(AccessLog::off()) } else { AccessLog::to(std::io::stdout()) }
}

pub(super) fn prints_texts(config: &Config) -> bool {
    let console = |provider: &ProviderSettings| matches!(provider, ProviderSettings::Console);
    config.providers.iter().any(console)
}

/// Checks that the public addresses can be bound, for a readable error: Pingora panics in a thread.
fn check_listen(config: &Config) -> Result<(), AppError> {
    let can_bind =
        |key, address| TcpListener::bind(address).map(drop).map_err(not_bound(key, address));
    let proxy = &config.proxy;
    proxy
        .listen
        .iter()
        .filter_map(ListenAddress::tcp)
        .try_for_each(|at| can_bind("server.listen", at))?;
    proxy.redirect_listen.iter().try_for_each(|at| can_bind("server.redirect_listen", *at))?;
    Ok(proxy::check_sockets(&config.proxy)?)
}

/// Bound for good: it answers while the server starts, which may take long.
fn bind_admin(config: &Config) -> Result<StartingAdmin, AppError> {
    let address = config.proxy.admin;
    StartingAdmin::bind(address).map_err(not_bound("admin.listen", address))
}

fn not_bound(key: &'static str, address: SocketAddr) -> impl Fn(std::io::Error) -> AppError {
    move |why| AppError::Listen { key, address, why }
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

/// Where the server can be reached, to be told when it starts.
struct Greeting {
    /// Name and URL.
    sites: Vec<(String, String)>,
    issuer: String,
    /// Standard output is read by a person, and no access log goes there.
    to_terminal: bool,
    /// A number of the configuration that somebody can sign in with.
    number: Option<String>,
}

impl Greeting {
    fn of(config: &Config) -> Self {
        let site = |site: &Site| (site.name.clone(), format!("{}/", site.url));
        Self {
            sites: config.sites.iter().map(site).collect(),
            issuer: config.issuer.to_string(),
            to_terminal: prints_texts(config),
            number: config.users.first().map(|user| user.phone.e164().to_owned()),
        }
    }

    fn say(&self) -> std::io::Result<()> {
        if self.to_terminal {
            return writeln!(std::io::stdout(), "{self}");
        }
        let sites = self.sites.iter().map(|(site, url)| (Some(site), url));
        // The last are the login pages and the API.
        for (site, url) in sites.chain([(None, &self.issuer)]) {
            info!(site, url, "serving");
        }
        Ok(())
    }
}

impl fmt::Display for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sites.is_empty() {
            let issuer = &self.issuer;
            return write!(f, "\nDoorcode is running. Its issuer, for apps:\n  {issuer}\n");
        }
        f.write_str("\nDoorcode is running. Open:\n")?;
        self.sites.iter().try_for_each(|(name, url)| writeln!(f, "  {name}  {url}"))?;
        f.write_str("Type a number")?;
        self.number.iter().try_for_each(|number| write!(f, ", such as {number}"))?;
        f.write_str(". Its code appears here, instead of being texted.\n")
    }
}
