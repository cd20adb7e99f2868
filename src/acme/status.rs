use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::domain::Host;

/// What operators are told: hosts that have no certificate, and hosts whose last order failed.
#[derive(Debug, Default)]
pub struct AcmeStatus(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// Why there is none yet.
    missing: BTreeMap<Host, String>,
    failing: usize,
}

impl AcmeStatus {
    pub(super) fn set(&self, missing: BTreeMap<Host, String>, failing: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Told { missing, failing };
    }

    /// A line for each host without a certificate.
    pub fn missing(&self) -> Vec<String> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(host, why): (&Host, &String)| format!("no certificate yet for {host}: {why}");
        told.missing.iter().map(line).collect()
    }

    /// How many hosts' last orders failed.
    pub fn failing(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failing
    }
}
