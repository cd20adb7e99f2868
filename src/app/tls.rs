use std::sync::Arc;

use super::error::AppError;
use crate::config::Config;
use crate::metrics::{ObservedState, TLS_CERTIFICATE_END, TLS_HANDSHAKES_FAILED};
use crate::proxy::{BackgroundJob, CertificateRequests, Certificates, Renewal, Tls};
use crate::system::System;

/// TLS as configured, with its background job and metrics.
#[derive(Clone)]
pub(super) struct Secured {
    pub(super) tls: Option<Tls>,
    certificates: Option<Arc<Certificates>>,
}

impl Secured {
    pub(super) fn of(config: &Config) -> Result<Self, AppError> {
        let certificates = Certificates::new(config.proxy.tls.clone());
        let asking = &config.proxy.client_roots;
        let tls = certificates.as_ref().map(|shown| Tls::new(shown, asking)).transpose()?;
        Ok(Self { tls, certificates })
    }

    /// How the clients of `config`'s hosts will be asked for a certificate.
    pub(super) fn asking(&self, config: &Config) -> Result<CertificateRequests, AppError> {
        let asking = self.tls.as_ref().map(|tls| tls.asking(&config.proxy.client_roots));
        Ok(asking.transpose()?.unwrap_or_default())
    }

    /// Shows the certificates of `config` from now on, and asks clients for theirs.
    pub(super) fn replace(&self, config: &Config, asking: CertificateRequests) {
        if let Some((tls, certificates)) = self.tls.as_ref().zip(self.certificates.as_ref()) {
            certificates.replace(&config.proxy.tls);
            tls.ask(asking);
        }
    }

    pub(super) fn job(&self, system: &System) -> Option<BackgroundJob> {
        let renewal = Renewal::new(self.certificates.clone()?);
        Some(BackgroundJob { name: "certificates", run: Box::pin(renewal.run(system.clone())) })
    }

    pub(super) fn watched(&self) -> [ObservedState; 2] {
        let (tls, certificates) = (self.tls.clone(), self.certificates.clone());
        let failed = move || tls.as_ref().map_or(0, Tls::failed);
        let end = move || {
            let end = certificates.as_ref().map(|certificates| certificates.end().as_millis());
            end.and_then(|end| u64::try_from(end / 1000).ok()).unwrap_or(0)
        };
        [
            ObservedState { row: &TLS_HANDSHAKES_FAILED, now: Box::new(failed) },
            ObservedState { row: &TLS_CERTIFICATE_END, now: Box::new(end) },
        ]
    }
}
