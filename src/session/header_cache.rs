use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::HeaderValue;

use crate::system::Timestamp;
use crate::users::Roles;

/// Ready-made headers for the requests of one session on one host. Leaves this process's memory
/// with the session. What the headers are is known only to the module that makes them.
#[derive(Default)]
pub struct HeaderCache(ArcSwapOption<Vec<CachedHeaders>>);

/// One set of headers, and what it was made for.
#[derive(Clone)]
pub struct CachedHeaders {
    pub key: HeaderCacheKey,
    /// The roles that the values were made for.
    pub roles: Roles,
    pub made_at: Timestamp,
    /// In the order of the maker's header names; `None`: no header of that name.
    pub values: Arc<[Option<HeaderValue>]>,
}

/// Names a maker of headers. Equal to its own clones only, never to a key that is made later.
#[derive(Clone, Debug)]
pub struct HeaderCacheKey(Arc<()>);

impl HeaderCacheKey {
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        Self(Arc::new(()))
    }
}

impl PartialEq for HeaderCacheKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl HeaderCache {
    /// What `read` makes of the entries. Takes no lock.
    pub fn read<R>(&self, read: impl FnOnce(&[CachedHeaders]) -> R) -> R {
        let entries = self.0.load();
        read(entries.as_deref().map_or(&[], Vec::as_slice))
    }

    /// Adds an entry and drops those that `keep` is false for. Of two that are added at once, the
    /// later replaces all: the other is only made again.
    pub fn insert(&self, entry: CachedHeaders, keep: impl Fn(&CachedHeaders) -> bool) {
        let kept =
            |entries: &[CachedHeaders]| entries.iter().filter(|e| keep(e)).cloned().collect();
        let mut entries: Vec<CachedHeaders> = self.read(kept);
        entries.push(entry);
        self.0.store(Some(Arc::new(entries)));
    }
}

impl fmt::Debug for HeaderCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderCache(…)")
    }
}
