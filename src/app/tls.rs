use std::sync::Arc;

use arc_swap::ArcSwap;

use super::error::AppError;
use crate::acme::{
    AcmeFolder, AcmeStatus, CertificateKeeper, Challenges, KeeperDeps, ShownCertificates,
};
use crate::config::Config;
use crate::domain::Host;
use crate::metrics::{
    ACME_HOSTS_FAILING, ACME_HOSTS_MISSING, ObservedState, TLS_CERTIFICATE_END,
    TLS_HANDSHAKES_FAILED,
};
use crate::proxy::{BackgroundJob, CertificateRequests, Certificates, Renewal, Tls};
use crate::system::System;

/// TLS as configured, with its background job and metrics.
#[derive(Clone)]
pub(super) struct Secured {
    pub(super) tls: Option<Tls>,
    pub(super) challenges: Arc<Challenges>,
    certificates: Option<Arc<Certificates>>,
    /// `tls = "acme"`: the hosts that need a certificate, and how they fare.
    hosts: Option<Arc<ArcSwap<Vec<Host>>>>,
    status: Arc<AcmeStatus>,
}

impl Secured {
    pub(super) fn of(config: &Config) -> Result<Self, AppError> {
        let obtained = config.acme.as_ref().map(|_| Certificates::to_be_obtained());
        let certificates = obtained.or_else(|| Certificates::new(config.proxy.tls.clone()));
        let (asking, challenges) = (&config.proxy.client_roots, Arc::default());
        let tls = certificates.as_ref().map(|shown| Tls::new(shown, asking, &challenges));
        let tls = tls.transpose()?;
        let hosts = || Arc::new(ArcSwap::from_pointee(hosts(config)));
        let hosts = config.acme.as_ref().map(|_| hosts());
        Ok(Self { tls, challenges, certificates, hosts, status: Arc::default() })
    }

    /// How the clients of `config`'s hosts will be asked for a certificate.
    pub(super) fn asking(&self, config: &Config) -> Result<CertificateRequests, AppError> {
        let asking = self.tls.as_ref().map(|tls| tls.asking(&config.proxy.client_roots));
        Ok(asking.transpose()?.unwrap_or_default())
    }

    /// Shows the certificates of `config` from now on, or orders those of its hosts, and asks clients for
    /// theirs.
    pub(super) fn replace(&self, config: &Config, asking: CertificateRequests) {
        if let Some((tls, certificates)) = self.tls.as_ref().zip(self.certificates.as_ref()) {
            match &self.hosts {
                Some(known) => known.store(Arc::new(hosts(config))),
                None => certificates.replace(&config.proxy.tls),
            }
            tls.ask(asking);
        }
    }

    /// What keeps the certificates up to date. Those that were obtained earlier are shown at once.
    pub(super) fn job(
        &self,
        config: &Config,
        system: &System,
    ) -> Result<Option<BackgroundJob>, AppError> {
        let Some(certificates) = self.certificates.clone() else { return Ok(None) };
        let name = "certificates";
        let (Some(settings), Some(hosts)) = (&config.acme, &self.hosts) else {
            let renewal = Renewal::new(certificates);
            return Ok(Some(BackgroundJob { name, run: Box::pin(renewal.run(system.clone())) }));
        };
        let shown: Arc<dyn ShownCertificates> = certificates;
        let keeper = CertificateKeeper::new(KeeperDeps {
            settings: settings.clone(),
            hosts: Arc::clone(hosts),
            folder: AcmeFolder::open(&settings.folder, &settings.directory, system)?,
            challenges: Arc::clone(&self.challenges),
            shown,
            status: Arc::clone(&self.status),
            system: system.clone(),
        });
        Ok(Some(BackgroundJob { name, run: Box::pin(keeper.run()) }))
    }

    /// The hosts without a certificate, for whoever asks whether the server is ready. It is: an authority
    /// may have to reach it through a balancer that leads only to servers that say so.
    pub(super) fn notes(&self) -> Box<dyn Fn() -> Vec<String> + Send + Sync> {
        let status = Arc::clone(&self.status);
        Box::new(move || status.missing())
    }

    pub(super) fn watched(&self) -> [ObservedState; 4] {
        let (tls, certificates) = (self.tls.clone(), self.certificates.clone());
        let failed = move || tls.as_ref().map_or(0, Tls::failed);
        let end = move || {
            let end = certificates.as_ref().map(|certificates| certificates.end().as_millis());
            end.and_then(|end| u64::try_from(end / 1000).ok()).unwrap_or(0)
        };
        let (missing, failing) = (Arc::clone(&self.status), Arc::clone(&self.status));
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let missing = move || count(missing.missing().len());
        let failing = move || count(failing.failing());
        [
            ObservedState { row: &TLS_HANDSHAKES_FAILED, now: Box::new(failed) },
            ObservedState { row: &TLS_CERTIFICATE_END, now: Box::new(end) },
            ObservedState { row: &ACME_HOSTS_MISSING, now: Box::new(missing) },
            ObservedState { row: &ACME_HOSTS_FAILING, now: Box::new(failing) },
        ]
    }
}

/// The hosts that need a certificate, that of the login pages first.
fn hosts(config: &Config) -> Vec<Host> {
    config.hosts().into_iter().map(|(_, host)| host.clone()).collect()
}
