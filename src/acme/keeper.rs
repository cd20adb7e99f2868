use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use super::account::account;
use super::challenges::Challenges;
use super::error::{AcmeError, AcmeErrorKind};
use super::folder::{AcmeFile, AcmeFolder, FolderError};
use super::history::{Failures, OrderHistory};
use super::http::AcmeHttp;
use super::order::OrderDeps;
use super::schedule::{Chance, Validity};
use super::settings::{AcmeSettings, ChallengeKind};
use super::status::AcmeStatus;
use crate::domain::Host;
use crate::system::{System, Timestamp};

/// Interval at which the clock is read.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

/// Interval at which the folder is read for hosts that need a certificate and may not order one yet.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);

/// Who shows certificates to visitors.
pub trait ShownCertificates: Send + Sync {
    /// Shows a chain with its key, in PEM, from now on.
    ///
    /// # Errors
    /// When they cannot be used for the host.
    fn show(&self, host: &Host, pem: &[u8]) -> Result<Validity, String>;

    /// Shows nothing any more for any other host.
    fn keep_only(&self, hosts: &[Host]);
}

/// What a keeper is made of.
pub struct KeeperDeps {
    pub settings: AcmeSettings,
    /// Which hosts need a certificate. A reload replaces it.
    pub hosts: Arc<ArcSwap<Vec<Host>>>,
    pub folder: AcmeFolder,
    pub challenges: Arc<Challenges>,
    pub shown: Arc<dyn ShownCertificates>,
    pub status: Arc<AcmeStatus>,
    pub system: System,
}

/// Gets a certificate for each host, and another before it ends.
pub struct CertificateKeeper {
    deps: KeeperDeps,
    hosts: BTreeMap<Host, HostState>,
    /// What failed because of the authority.
    authority: OrderHistory,
    /// When the folder was last read.
    looked: Timestamp,
}

#[derive(Default)]
struct HostState {
    /// When the next certificate is due; `None`: there is none.
    renewal: Option<Timestamp>,
    history: OrderHistory,
}

impl HostState {
    /// Whether it is time for a certificate.
    fn wants(&self, now: Timestamp) -> bool {
        self.renewal.is_none_or(|at| now >= at)
    }

    /// Whether one may be ordered, too.
    fn is_due(&self, now: Timestamp) -> bool {
        self.wants(now) && !self.history.holds(now)
    }
}

impl CertificateKeeper {
    /// Shows what the folder has. Asks nobody.
    pub fn new(deps: KeeperDeps) -> Self {
        let authority = OrderHistory::load(&deps.folder, AcmeFile::Authority);
        let looked = deps.system.now();
        let mut keeper = Self { deps, hosts: BTreeMap::new(), authority, looked };
        keeper.follow_hosts();
        keeper.tell();
        keeper
    }

    /// Orders what is due; never returns. One order at a time.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(CLOCK_INTERVAL).await;
            self.follow_hosts();
            self.look();
            while let Some(host) = self.due() {
                self.renew(&host).await;
                self.tell();
            }
            self.tell();
        }
    }

    fn due(&self) -> Option<Host> {
        let now = self.deps.system.now();
        if self.authority.holds(now) {
            return None;
        }
        let due = |(host, state): (&Host, &HostState)| state.is_due(now).then(|| host.clone());
        self.hosts.iter().find_map(due)
    }

    /// Takes hosts in that are new, and forgets those that are gone.
    fn follow_hosts(&mut self) {
        let wanted = self.deps.hosts.load_full();
        let is_same = wanted.len() == self.hosts.len()
            && wanted.iter().all(|host| self.hosts.contains_key(host));
        if is_same {
            return;
        }
        self.hosts.retain(|host, _| wanted.contains(host));
        self.deps.shown.keep_only(&wanted);
        for host in wanted.iter() {
            if !self.hosts.contains_key(host) {
                let history = OrderHistory::load(&self.deps.folder, AcmeFile::Failure(host));
                let renewal = self.load(host);
                self.hosts.insert(host.clone(), HostState { renewal, history });
            }
        }
    }

    /// Looks for certificates that another server, which shares the folder, has got meanwhile.
    fn look(&mut self) {
        let now = self.deps.system.now();
        // A clock that was set back must not stop this.
        if now >= self.looked && now.since(self.looked) < LOOK_INTERVAL {
            return;
        }
        self.looked = now;
        let wanting = self.hosts.iter().filter(|(_, state)| state.wants(now));
        let wanting: Vec<Host> = wanting.map(|(host, _)| host.clone()).collect();
        for host in wanting {
            self.find(&host);
        }
    }

    /// Whether the folder has a certificate that need not be renewed yet: then it is used.
    fn find(&mut self, host: &Host) -> bool {
        let now = self.deps.system.now();
        let renewal = self.load(host).filter(|at| *at > now);
        renewal.inspect(|at| self.succeed(host, *at)).is_some()
    }

    /// Shows the certificate of the folder, if there is one, and returns when it is to be renewed.
    fn load(&self, host: &Host) -> Option<Timestamp> {
        let KeeperDeps { folder, shown, .. } = &self.deps;
        let bytes = folder.read(AcmeFile::Certificate(host)).map_err(|why| why.to_string());
        let loaded =
            bytes.and_then(|bytes| bytes.map(|bytes| shown.show(host, &bytes)).transpose());
        match loaded {
            Ok(validity) => validity.map(|validity| self.renewal(validity)),
            Err(why) => {
                error!(%host, %why, "acme: the certificate in the folder cannot be used");
                None
            }
        }
    }

    fn renewal(&self, validity: Validity) -> Timestamp {
        validity.renewal(Chance::of(self.deps.system.random()))
    }

    async fn renew(&mut self, host: &Host) {
        // Another server that shares the folder may have been first.
        if self.find(host) {
            return;
        }
        match self.begin(host) {
            // Where a failure cannot be kept, a restart would forget it.
            Err(why) => self.fail(host, &Before::default(), &why.into()),
            Ok(before) => match self.order(host, before.of_host.as_ref()).await {
                Ok(renewal) => {
                    info!(%host, "acme: certificate obtained");
                    self.succeed(host, renewal);
                }
                Err(why) => self.fail(host, &before, &why),
            },
        }
    }

    /// Notes an attempt, for its host and the authority. Returns what was known of both.
    fn begin(&mut self, host: &Host) -> Result<Before, FolderError> {
        let KeeperDeps { folder, system, .. } = &self.deps;
        let of_authority = self.authority.begin(folder, AcmeFile::Authority, system)?;
        let state = self.hosts.entry(host.clone()).or_default();
        let of_host = state.history.begin(folder, AcmeFile::Failure(host), system)?;
        Ok(Before { of_host, of_authority })
    }

    fn succeed(&mut self, host: &Host, renewal: Timestamp) {
        let state = self.hosts.entry(host.clone()).or_default();
        state.renewal = Some(renewal);
        let cleared = state.history.clear(&self.deps.folder, AcmeFile::Failure(host));
        let cleared =
            cleared.and_then(|()| self.authority.clear(&self.deps.folder, AcmeFile::Authority));
        if let Err(why) = cleared {
            warn!(%host, %why, "acme: failed to forget earlier failures");
        }
    }

    fn fail(&mut self, host: &Host, before: &Before, why: &AcmeError) {
        let KeeperDeps { folder, system, .. } = &self.deps;
        let state = self.hosts.entry(host.clone()).or_default();
        let file = (folder, AcmeFile::Failure(host));
        let kept = state.history.fail(file, before.of_host.as_ref(), why, system);
        let kept = kept.and_then(|()| match why.kind {
            AcmeErrorKind::Authority => {
                let file = (folder, AcmeFile::Authority);
                self.authority.fail(file, before.of_authority.as_ref(), why, system)
            }
            _ => self.authority.clear(folder, AcmeFile::Authority),
        });
        if let Err(why) = kept {
            warn!(%host, %why, "acme: failed to keep a failure");
        }
        self.log(host, why);
    }

    fn log(&self, host: &Host, why: &AcmeError) {
        let state = self.hosts.get(host);
        let failures = state.and_then(|state| state.history.last()).map_or(0, |last| last.count);
        let has_one = state.is_some_and(|state| state.renewal.is_some());
        if has_one { not_renewed(host, why, failures) } else { not_obtained(host, why, failures) }
    }

    /// Returns when the new certificate is to be renewed.
    async fn order(&self, host: &Host, before: Option<&Failures>) -> Result<Timestamp, AcmeError> {
        let http = AcmeHttp::new(self.deps.settings.roots.as_ref(), &self.deps.system)?;
        let failures = before.map_or(0, |before| before.count);
        let obtained = self.try_kinds(host, failures, &http).await;
        let pem = obtained.map_err(|mut why| {
            why.retry_after = why.retry_after.or_else(|| http.retry_after.take());
            why
        })?;
        let KeeperDeps { folder, shown, system, .. } = &self.deps;
        let unusable =
            |why: String| AcmeError::of_host(&format!("the authority's certificate: {why}"));
        // It is good whether or not it can be kept.
        let validity = shown.show(host, &pem).map_err(unusable)?;
        folder.write(AcmeFile::Certificate(host), &pem, system)?;
        Ok(self.renewal(validity))
    }

    /// After a first refusal the other kind of challenge is tried at once; later attempts take turns, so
    /// that each counts once at the authority.
    async fn try_kinds(
        &self,
        host: &Host,
        failures: u32,
        http: &AcmeHttp,
    ) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
        let kinds = &self.deps.settings.challenges;
        let turn = failures as usize % kinds.len().max(1);
        let kind = kinds.get(turn).copied().unwrap_or(ChallengeKind::TlsAlpn);
        let first = self.try_kind(host, kind, http).await;
        let Err(why) = first else { return first };
        let other = kinds.iter().find(|other| **other != kind);
        match (why.kind, other) {
            (AcmeErrorKind::AccountGone, _) => {
                self.deps.folder.remove(AcmeFile::Account)?;
                info!(%why, "acme: the authority does not know the account: a new one is made");
                self.try_kind(host, kind, http).await
            }
            (AcmeErrorKind::Challenge(_), Some(other)) if failures == 0 => {
                let next = self.try_kind(host, *other, http).await;
                next.map_err(|next| next.after(&why))
            }
            _ => Err(why),
        }
    }

    async fn try_kind(
        &self,
        host: &Host,
        kind: ChallengeKind,
        http: &AcmeHttp,
    ) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
        let KeeperDeps { settings, folder, challenges, system, .. } = &self.deps;
        let account = account(settings, folder, http, system).await?;
        let deps = OrderDeps { account: &account, retry_after: &http.retry_after, challenges };
        deps.obtain(host, kind).await
    }

    fn tell(&self) {
        let missing = self.hosts.iter().filter(|(_, state)| state.renewal.is_none());
        let reason = |(host, state): (&Host, &HostState)| {
            let last = state.history.last().or_else(|| self.authority.last());
            let why = last.map_or("it is not ordered yet", |last| &last.why);
            (host.clone(), why.to_owned())
        };
        let failing = self.hosts.values().filter(|state| state.history.last().is_some()).count();
        self.deps.status.set(missing.map(reason).collect(), failing);
    }
}

/// The failures of a host and of the authority before an attempt.
#[derive(Default)]
struct Before {
    of_host: Option<Failures>,
    of_authority: Option<Failures>,
}

fn not_renewed(host: &Host, why: &AcmeError, failures: u32) {
    warn!(%host, %why, failures, "acme: failed to renew; the old certificate stays in use");
}

fn not_obtained(host: &Host, why: &AcmeError, failures: u32) {
    error!(%host, %why, failures, "acme: failed to obtain a certificate; https fails there");
}
