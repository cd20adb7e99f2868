//! Hosts whose certificates are obtained while the server runs.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;
use tracing::warn;

use crate::domain::Host;

/// The hosts that are to have one.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) hosts: ArcSwap<Vec<Host>>,
    /// Handshakes for one of them that had none.
    refused: AtomicU64,
}

impl Expected {
    /// Logs the 1st, 2nd, 4th, 8th, … handshake for a host of ours. Other names are of no interest: any
    /// client could fill the log with them.
    pub(super) fn refuse(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        if self.hosts.load().iter().any(|host| host.as_str() == name) {
            let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
            if refused.is_power_of_two() {
                warn!(host = name, refused, "acme: TLS handshake refused: no certificate yet");
            }
        }
        None
    }
}
