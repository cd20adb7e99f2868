use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use tokio::runtime::Builder;
use tracing::{info, warn};

use super::build::{AppDeps, assemble};
use super::decorate::{Assembled, Undecorated};
use super::error::AppError;
use super::log;
use super::upgrade::{self, Upgrader};
use crate::config::{Config, ConfigWarning};
use crate::delivery::sms::ProviderSettings;
use crate::gate::Site;
use crate::proxy::{
    self, AccessLog, AdminRequests, FileLimit, GivenSockets, Predecessor, Signals, Sockets,
    StartingAdmin, Stop,
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
    let (predecessor, given) = match Predecessor::find()? {
        Some((predecessor, given)) => (Some(predecessor), given),
        None => (None, GivenSockets::by_service_manager()?),
    };
    let sockets = Arc::new(Sockets::bind(&config.proxy, given)?);
    let greeting = Greeting::of(&config);
    // Must live as long as the server: the database's pool and the signal handlers stay on it.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (reloads, upgrades) = (AdminRequests::new(), AdminRequests::new());
    let asked = (reloads.0.clone(), upgrades.0.clone());
    let signals = runtime.block_on(async { Signals::catch(asked.0, asked.1) })?;
    let around = AppDeps {
        system: System::real(),
        access_log: access_log(&config)?,
        exit: Box::new(|| std::process::exit(0)),
        reloads,
        predecessor: predecessor.as_ref().and_then(Predecessor::node),
    };
    let kept = config.clone();
    let build = assemble(config, around, &Undecorated);
    let made = match predecessor {
        // Until then that process answers.
        Some(_) => runtime.block_on(build)?,
        None => runtime.block_on(answer_during(build, &kept, &sockets))?,
    };
    let hands_over = Upgrader::new(&kept, &sockets, &made).job(upgrades.1);
    let mut jobs = vec![hands_over, upgrade::tell_of_start(&made)];
    let begins_later = predecessor.is_some();
    jobs.extend(predecessor.map(|predecessor| upgrade::take_over(predecessor, &made)));
    let mut server = made.server;
    server.jobs.extend(jobs);
    (server.upgrades, server.begins_later) = (Some(upgrades.0), begins_later);
    greeting.say()?;
    proxy::run(server, Stop::Signals(signals), sockets)?;
    Ok(())
}

/// Makes the server. The admin listener answers meanwhile, which may take long.
async fn answer_during(
    build: impl Future<Output = Result<Assembled, AppError>>,
    config: &Config,
    sockets: &Sockets,
) -> Result<Assembled, Box<dyn Error>> {
    let database = &config.store.database;
    let problem = || Database::opening(database).unwrap_or("starting");
    Ok(StartingAdmin::on(sockets)?.answer_during(build, problem).await??)
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
