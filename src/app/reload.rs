//! Reads the configuration anew while the server runs. A file with a mistake changes nothing.
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use super::configured;
use super::demo;
use super::error::AppError;
use super::keys;
use super::nodes::NodeSettings;
use super::provider_sessions::ProviderSessions;
use super::runtime::Runtime;
use super::secret;
use super::serve::{prints_texts, warn_of};
use super::tls::Secured;
use crate::config::Config;
use crate::domain::Keyring;
use crate::gate::RuleMode;
use crate::login::TextSettings;
use crate::oauth::KeyRotation;
use crate::proxy::{
    AdminRequest, AdminResult, BackgroundJob, ConfigSnapshot, DrainSignal, end_streams,
};
use crate::users;

/// Limit for reading the file and what it names.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// What a change of the configuration replaces.
pub(super) struct Reloader {
    /// What the server runs with.
    pub(super) config: Config,
    pub(super) runtime: Runtime,
    pub(super) snapshot: Arc<ArcSwap<ConfigSnapshot>>,
    pub(super) texts: Arc<ArcSwap<TextSettings>>,
    pub(super) sessions: ProviderSessions,
    pub(super) rotation: Arc<ArcSwap<KeyRotation>>,
    pub(super) secured: Secured,
    /// What the other servers on the database are told.
    pub(super) node: Option<NodeSettings>,
}

impl Reloader {
    pub(super) fn job(self, requests: mpsc::Receiver<AdminRequest>) -> BackgroundJob {
        BackgroundJob { name: "reload", run: Box::pin(self.run(requests)) }
    }

    async fn run(mut self, mut requests: mpsc::Receiver<AdminRequest>) {
        let mut ending = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(()) = ending.next(), if !ending.is_empty() => {}
                request = requests.recv() => {
                    let Some(request) = request else { break };
                    let (result, gone) = self.reload().await;
                    ending.push(end_streams(gone));
                    tell(&result, "nothing is reloaded");
                    request.answer(result);
                }
            }
        }
    }

    /// What came of it, and what ends the long-lived requests of sites that are gone.
    async fn reload(&mut self) -> (AdminResult, Vec<Arc<DrainSignal>>) {
        tracing::info!("reloading the configuration");
        let config = match self.read().await {
            Ok(config) => config,
            Err(why) => return (Err(why), Vec::new()),
        };
        warn_of(&config);
        match self.apply(&config).await {
            Ok(gone) => {
                let (source, sites) = (&config.source, config.sites.len());
                let reports = reporting(&config);
                let text =
                    format!("reloaded {source} (sites: {sites}, gone: {}){reports}\n", gone.len());
                self.config = config;
                (Ok(text), gone)
            }
            Err(why) => (Err(format!("{why}\n")), Vec::new()),
        }
    }

    /// The file as it is now. On a thread of its own, since a file system may not answer.
    async fn read(&self) -> Result<Config, String> {
        let running = self.config.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = running.reread(&|name: &str| std::env::var(name).ok())?;
            Some(read.map(|config| {
                let secret = secret::of_existing(&config).ok().flatten();
                (config, secret)
            }))
        });
        let read = tokio::time::timeout(READ_WITHIN, read).await;
        let read = read.map_err(|_| "the file, or one that it names, cannot be read in time\n")?;
        let read = read.map_err(|why| format!("{why}\n"))?;
        let read = read.ok_or("there is no file to read again\n")?;
        let (config, secret) = read.map_err(|problems| format!("{problems}\n"))?;
        let fixed = self.needs_restart(&config, secret);
        if fixed.is_empty() {
            return Ok(config);
        }
        let all = fixed.join(", ");
        Err(format!("read at the start only, so that a restart is needed to change it: {all}\n"))
    }

    /// The keys that changed and that only a start reads. `secret`: what `newer` is to be used with;
    /// `None`: it cannot be read.
    fn needs_restart(&self, newer: &Config, secret: Option<Keyring>) -> Vec<String> {
        let mut keys = self.config.changed_at_start(newer);
        let is_same = secret.is_some_and(|secret| secret.is_same(&self.runtime.keyring));
        if !is_same && keys.iter().all(|key| !key.ends_with("server.secret")) {
            keys.push(format!("server.secret ({})", newer.secret_file.display()));
        }
        if prints_texts(&self.config) != prints_texts(newer) {
            keys.push(
                "sms.providers: `console`, instead of which there is an access log,".to_owned(),
            );
        }
        if demo::is_used(newer) && !demo::is_used(&self.config) {
            keys.push("site.upstreams: `demo`".to_owned());
        }
        keys
    }

    /// Replaces everything, or nothing. Returns what ends the long-lived requests of sites that are gone.
    async fn apply(&self, config: &Config) -> Result<Vec<Arc<DrainSignal>>, AppError> {
        let runtime = &self.runtime;
        let texts = configured::texts(
            config,
            (&runtime.system, &runtime.events),
            &runtime.sent,
            &super::Undecorated,
        )?;
        let asking = self.secured.asking(config)?;
        let failed = AppError::of_store(&config.store.database);
        users::ensure_users(&*runtime.store, &config.users, &runtime.system)
            .await
            .map_err(failed)?;
        // A site may need a key of another kind.
        let rotation = keys::rotation(config, runtime);
        rotation.turn().await?;
        let mut snapshot = configured::snapshot(config, runtime)?;
        let gone = snapshot.take_over(&self.snapshot.load());
        configured::expect(config, runtime);
        self.secured.replace(config, asking);
        self.sessions.keep(&texts.delivery);
        self.texts.store(Arc::new(texts));
        self.rotation.store(Arc::new(rotation));
        self.snapshot.store(Arc::new(snapshot));
        if let Some(node) = &self.node {
            node.set(config, &runtime.keyring);
        }
        Ok(gone)
    }
}

/// The sites that refuse nothing, for whoever asked for the reload.
fn reporting(config: &Config) -> String {
    let reports = config.sites.iter().filter(|site| site.mode == RuleMode::Report);
    let names: Vec<&str> = reports.map(|site| site.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!("; mode `report`: {}", names.join(", ")) }
}

/// Logs what came of a request of the operator; `refused` says what did not happen.
pub(super) fn tell(result: &AdminResult, refused: &str) {
    match result {
        Ok(text) => tracing::info!("{}", text.trim_end()),
        Err(why) => tell_refused(refused, why.trim_end()),
    }
}

fn tell_refused(what: &str, why: &str) {
    tracing::error!("{what}: {why}");
}
