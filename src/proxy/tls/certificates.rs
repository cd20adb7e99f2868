use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tracing::{error, info};

use super::certificate::{Certificate, CertificateError};
use super::expected::Expected;
use super::names::Fit;
use crate::domain::Host;
use crate::system::{System, Timestamp};

/// Interval at which the files are read again.
const RELOAD_INTERVAL: Duration = Duration::from_mins(1);
/// Interval at which the clock is read.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

/// The current certificates of `server.tls`.
pub struct Certificates {
    /// Never empty where they are from files.
    pub(super) all: ArcSwap<Vec<Arc<Certificate>>>,
    /// `None`: they are from files. Else no visitor is shown the certificate of another host than the one
    /// that was asked for.
    pub(super) expected: Option<Expected>,
}

impl Certificates {
    /// `None` for an empty list.
    pub fn new(read: Vec<Certificate>) -> Option<Arc<Self>> {
        let all: Vec<_> = read.into_iter().map(Arc::new).collect();
        let from_files = || Self { all: ArcSwap::from_pointee(all.clone()), expected: None };
        (!all.is_empty()).then(|| Arc::new(from_files()))
    }

    /// Shows others from now on, unless there are none.
    pub fn replace(&self, read: &[Certificate]) {
        if !read.is_empty() {
            self.all.store(Arc::new(read.iter().cloned().map(Arc::new).collect()));
        }
    }

    /// When the first of them expires; 0 if there is none.
    pub fn end(&self) -> Timestamp {
        let all = self.all.load();
        all.iter().map(|certificate| certificate.valid.1).min().unwrap_or_default()
    }

    /// The certificate for the SNI name: an exact match before a wildcard, among those preferably one
    /// whose key the client supports. Without SNI, or a match, the first; where they are obtained, none
    /// without a match.
    fn choose(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let rank = |certificate: &Certificate| {
            let fit: Option<Fit> = certificate.names.fit(name.as_deref()?);
            let schemes = hello.signature_schemes();
            Some((certificate.shown.key.choose_scheme(schemes).is_some(), fit?))
        };
        let mut best: Option<((bool, Fit), Arc<CertifiedKey>)> = None;
        let all = self.all.load();
        for certificate in all.iter() {
            match rank(certificate) {
                Some(rank) if best.as_ref().is_none_or(|(known, _)| rank > *known) => {
                    best = Some((rank, Arc::clone(&certificate.shown)));
                }
                _ => {}
            }
        }
        let first = || all.first().map(|certificate| Arc::clone(&certificate.shown));
        let expected = self.expected.as_ref().zip(name.as_deref());
        let otherwise = || expected.map_or_else(first, |(expected, name)| expected.refuse(name));
        best.map(|(_, shown)| shown).or_else(otherwise)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(&hello)
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

/// Reloads the files; new handshakes use them.
pub struct Renewal {
    certificates: Arc<Certificates>,
    /// The last error logged for each certificate's file, so that the same one is not logged every
    /// minute.
    last_errors: HashMap<PathBuf, String>,
}

impl Renewal {
    pub fn new(certificates: Arc<Certificates>) -> Self {
        Self { certificates, last_errors: HashMap::new() }
    }

    /// Reads the files once a minute; never returns. Compares contents: modification times miss changed
    /// links and restored copies.
    pub async fn run(mut self, system: System) {
        let mut last = system.now();
        loop {
            tokio::time::sleep(CLOCK_INTERVAL).await;
            let now = system.now();
            // A clock that was set back must not stop the reloads.
            if now < last || now.since(last) >= RELOAD_INTERVAL {
                last = now;
                self.reload();
            }
        }
    }

    /// On error the old certificate stays: the pair may be half written.
    fn reload(&mut self) {
        let before = self.certificates.all.load_full();
        let now: Vec<_> = before.iter().map(|old| self.read(old)).collect();
        let is_same = now.iter().zip(before.iter()).all(|(now, old)| Arc::ptr_eq(now, old));
        if !is_same {
            // Where others were put in their place meanwhile, those stay.
            self.certificates.all.compare_and_swap(&before, Arc::new(now));
        }
    }

    /// The certificate as it is in the files of an old one, or that where it cannot be read.
    fn read(&mut self, old: &Arc<Certificate>) -> Arc<Certificate> {
        let file = &old.files.certificate;
        match Certificate::read(&old.files) {
            Ok(new) => {
                self.last_errors.remove(file);
                if new.digest == old.digest {
                    return Arc::clone(old);
                }
                info!(file = %file.display(), end = %date(new.valid.1), "server.tls: certificate reloaded");
                Arc::new(new)
            }
            Err(why) => {
                self.log_once(&why, file);
                Arc::clone(old)
            }
        }
    }

    fn log_once(&mut self, why: &[CertificateError], file: &Path) {
        let text = why.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        if self.last_errors.get(file) != Some(&text) {
            error!(why = %text, "server.tls: failed to reload a certificate; the old one stays in use");
            self.last_errors.insert(file.to_owned(), text);
        }
    }
}

/// Warnings about valid files: browsers refuse certificates that are not valid `now`, and those that
/// do not name the host. `hosts`: the configured hosts, each with its configuration key. Each warning
/// has the key that it is about.
pub fn certificate_warnings(
    certificates: &[Certificate],
    hosts: &[(String, &Host)],
    now: Timestamp,
) -> Vec<(String, String)> {
    if certificates.is_empty() {
        return Vec::new();
    }
    let dated = certificates.iter().enumerate().filter_map(|(n, certificate)| {
        let (from, to) = certificate.valid;
        let (says, at) = match () {
            () if now < from => ("is valid only from", from),
            () if now > to => ("has not been valid since", to),
            () => return None,
        };
        let (n, file) = (n + 1, certificate.files.certificate.display());
        let text = format!("{file} {says} {}: browsers refuse it", date(at));
        Some((format!("server.tls[{n}]"), text))
    });
    let unnamed = hosts.iter().filter_map(|(key, host)| {
        let named = certificates.iter().any(|certificate| certificate.names.cover(host));
        let text =
            || format!("no certificate of server.tls is for {host}: browsers refuse to go there");
        (!named).then(|| (key.clone(), text()))
    });
    dated.chain(unnamed).collect()
}

/// The day, in UTC.
fn date(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis());
    at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}
