//! Certificates that are obtained while the server runs, one for each host.
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::certificate::Certificate;
use super::certificates::Certificates;
use super::expected::Expected;
use crate::acme::{ShownCertificates, Validity};
use crate::domain::Host;

impl Certificates {
    /// None yet.
    pub fn to_be_obtained() -> Arc<Self> {
        Arc::new(Self { all: ArcSwap::default(), expected: Some(Expected::default()) })
    }
}

/// The name by which a host's certificate is found again.
fn read(host: &Host, pem: &[u8]) -> Result<Certificate, String> {
    let read = Certificate::of_text(Path::new(host.as_str()), pem);
    let read = read.map_err(|why| why.to_string())?;
    let is_for = read.names.cover(host);
    is_for.then_some(read).ok_or_else(|| format!("it is not for {host}"))
}

impl ShownCertificates for Certificates {
    fn show(&self, host: &Host, pem: &[u8]) -> Result<Validity, String> {
        let new = Arc::new(read(host, pem)?);
        let (from, until) = new.valid;
        self.all.rcu(|all| {
            let other = |old: &&Arc<Certificate>| old.files != new.files;
            let kept = all.iter().filter(other).map(Arc::clone);
            let mut all: Vec<_> = kept.chain([Arc::clone(&new)]).collect();
            self.in_order(&mut all);
            all
        });
        Ok(Validity { from, until })
    }

    fn keep_only(&self, hosts: &[Host]) {
        if let Some(expected) = &self.expected {
            expected.hosts.store(Arc::new(hosts.to_vec()));
        }
        self.all.rcu(|all| {
            let is_kept = |one: &&Arc<Certificate>| hosts.iter().any(|host| is_of(one, host));
            let mut all: Vec<_> = all.iter().filter(is_kept).map(Arc::clone).collect();
            self.in_order(&mut all);
            all
        });
    }
}

impl Certificates {
    /// In the order of the hosts: a client that names none is shown the first.
    fn in_order(&self, all: &mut [Arc<Certificate>]) {
        let Some(expected) = &self.expected else { return };
        let hosts = expected.hosts.load();
        all.sort_by_key(|one| hosts.iter().position(|host| is_of(one, host)));
    }
}

fn is_of(certificate: &Certificate, host: &Host) -> bool {
    certificate.files.certificate == Path::new(host.as_str())
}
