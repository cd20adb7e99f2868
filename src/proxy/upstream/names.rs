//! The addresses of upstream names. They are asked for in the background only: no request waits for
//! DNS, and Pingora never gets a name, which it would resolve blocking.
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{info, warn};

/// How often a name is resolved whose addresses work.
const INTERVAL: Duration = Duration::from_secs(30);
/// How often at most, where a connection failed or there is no address.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);
/// For one answer. A resolver that is asked in vain asks another one after five seconds.
const TIMEOUT: Duration = Duration::from_secs(10);

type Name = (String, u16);

/// Host names and ports, with the addresses that they stood for when they were last resolved.
pub(super) type Addresses = HashMap<Name, Vec<SocketAddr>>;

/// Resolves host names.
#[async_trait]
pub trait NameLookup: Send + Sync {
    /// All addresses of a name, of both families.
    ///
    /// # Errors
    /// When there is no answer, or the name does not exist.
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// As the operating system resolves them: `/etc/hosts`, then DNS.
pub struct SystemLookup;

#[async_trait]
impl NameLookup for SystemLookup {
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// The names of all upstreams.
pub(super) struct UpstreamNames {
    lookup: Arc<dyn NameLookup>,
    known: ArcSwap<Addresses>,
    wanted: ArcSwap<HashSet<Name>>,
    /// Names to ask for anew. Locked only when a connection failed.
    doubted: Mutex<HashSet<Name>>,
    changed: Notify,
}

/// A name that is asked for, or will be.
struct Schedule {
    /// When it was last asked for.
    asked: Option<Instant>,
    due: Instant,
    is_asked: bool,
    has_failed: bool,
}

impl UpstreamNames {
    pub(super) fn new(lookup: Arc<dyn NameLookup>) -> Self {
        Self {
            lookup,
            known: ArcSwap::default(),
            wanted: ArcSwap::default(),
            doubted: Mutex::default(),
            changed: Notify::new(),
        }
    }

    pub(super) fn known(&self) -> Arc<Addresses> {
        self.known.load_full()
    }

    /// The names that are resolved from now on. What is known of the others is forgotten.
    pub(super) fn want(&self, names: HashSet<Name>) {
        self.known.rcu(|known| {
            let kept = known.iter().filter(|(name, _)| names.contains(*name));
            kept.map(|(name, found)| (name.clone(), found.clone())).collect::<Addresses>()
        });
        self.wanted.store(Arc::new(names));
        self.changed.notify_one();
    }

    /// A connection to an address of the name failed: asks for it anew, once a second at most.
    pub(super) fn doubt(&self, host: &str, port: u16) {
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        if doubted.insert((host.to_owned(), port)) {
            self.changed.notify_one();
        }
    }

    /// Resolves again and again; never returns. `found` is called after each change. While there is no
    /// answer, the known addresses stay in use.
    pub(super) async fn run(&self, found: impl Fn() + Send) {
        let mut schedules: HashMap<Name, Schedule> = HashMap::new();
        let mut under_way = FuturesUnordered::new();
        loop {
            self.plan(&mut schedules);
            let now = Instant::now();
            for (name, schedule) in &mut schedules {
                if !schedule.is_asked && schedule.due <= now {
                    (schedule.is_asked, schedule.asked) = (true, Some(now));
                    under_way.push(self.ask(name.clone()));
                }
            }
            let waiting = schedules.values().filter(|schedule| !schedule.is_asked);
            let next = waiting.map(|schedule| schedule.due).min().unwrap_or(now + INTERVAL);
            tokio::select! {
                Some((name, answer)) = under_way.next(), if !under_way.is_empty() => {
                    if let Some(schedule) = schedules.get_mut(&name) {
                        let is_new = self.answered(&name, answer, schedule);
                        if is_new { found() }
                    }
                }
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    /// Adds new names and drops those that nobody wants, and brings forward those that are doubted.
    fn plan(&self, schedules: &mut HashMap<Name, Schedule>) {
        let (wanted, now) = (self.wanted.load(), Instant::now());
        schedules.retain(|name, _| wanted.contains(name));
        for name in wanted.iter() {
            let at_once = || Schedule { asked: None, due: now, is_asked: false, has_failed: false };
            schedules.entry(name.clone()).or_insert_with(at_once);
        }
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        for name in doubted.drain() {
            if let Some(schedule) = schedules.get_mut(&name).filter(|schedule| !schedule.is_asked) {
                let soonest = schedule.asked.map_or(now, |asked| asked + LEAST_INTERVAL);
                schedule.due = schedule.due.min(soonest);
            }
        }
    }

    async fn ask(&self, name: Name) -> (Name, io::Result<Vec<SocketAddr>>) {
        let asked = self.lookup.addresses(&name.0, name.1);
        let answer = tokio::time::timeout(TIMEOUT, asked).await;
        let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let none = || Err(io::Error::other("the name has no address"));
        let answer = answer.and_then(|found| if found.is_empty() { none() } else { Ok(found) });
        (name, answer)
    }

    /// Returns whether the addresses are others than before.
    fn answered(
        &self,
        name: &Name,
        answer: io::Result<Vec<SocketAddr>>,
        schedule: &mut Schedule,
    ) -> bool {
        let is_known = self.known.load().contains_key(name);
        let wait = if answer.is_err() && !is_known { LEAST_INTERVAL } else { INTERVAL };
        (schedule.is_asked, schedule.due) = (false, Instant::now() + wait);
        let failed = std::mem::replace(&mut schedule.has_failed, answer.is_err());
        tell(&name.0, &answer, failed);
        let Ok(mut found) = answer else { return false };
        // Servers rotate their answers.
        found.sort_unstable();
        found.dedup();
        if self.known.load().get(name) == Some(&found) {
            return false;
        }
        self.known.rcu(|known| {
            let mut known = Addresses::clone(known);
            known.insert(name.clone(), found.clone());
            known
        });
        true
    }
}

/// Logs that a name cannot be resolved, when that begins and when it ends. `failed`: the time before.
fn tell(host: &str, answer: &io::Result<Vec<SocketAddr>>, failed: bool) {
    match (answer, failed) {
        (Err(error), false) => tell_failed(host, error),
        (Ok(_), true) => info!(host, "resolved an upstream name again"),
        _ => {}
    }
}

fn tell_failed(host: &str, error: &io::Error) {
    warn!(host, %error, "failed to resolve an upstream name");
}
