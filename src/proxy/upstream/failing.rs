use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Limit of remembered addresses, which a name's changing addresses could exceed.
const MAX_FAILING: usize = 256;

/// The apps that did not answer the last request that was sent to them, so that the log tells when
/// that begins and ends and not for each request.
#[derive(Debug, Default)]
pub(super) struct Failing {
    /// The name of the site, and the address. Locked only while an app fails.
    apps: Mutex<HashSet<(String, String)>>,
    count: AtomicUsize,
}

impl Failing {
    /// Whether any app fails: only then it matters which one answers.
    pub(super) fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Returns whether this is new.
    pub(super) fn add(&self, site: &str, address: &str) -> bool {
        let mut apps = self.apps();
        if apps.len() >= MAX_FAILING {
            apps.clear();
        }
        let new = apps.insert((site.to_owned(), address.to_owned()));
        self.count.store(apps.len(), Ordering::Release);
        new
    }

    /// Returns whether the app was failing.
    pub(super) fn remove(&self, site: &str, address: &str) -> bool {
        let mut apps = self.apps();
        let failed = apps.remove(&(site.to_owned(), address.to_owned()));
        self.count.store(apps.len(), Ordering::Release);
        failed
    }

    /// Forgets those that are no addresses of an app any more.
    pub(super) fn keep(&self, is_known: impl Fn(&str, &str) -> bool) {
        if !self.any() {
            return;
        }
        let mut apps = self.apps();
        apps.retain(|(site, address)| is_known(site, address));
        self.count.store(apps.len(), Ordering::Release);
    }

    fn apps(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
