use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The one value of each key in this process, for as long as something holds it: the caches do.
/// Not used by requests whose token is cached.
#[derive(Debug)]
pub(super) struct WeakMap<K, V>(Mutex<HashMap<K, Weak<V>>>);

impl<K, V> Default for WeakMap<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> WeakMap<K, V> {
    /// The value of `key`; `new` makes it when there is none.
    pub(super) fn get_or_insert_with(&self, key: K, new: impl FnOnce() -> V) -> Arc<V> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        // Before the map grows, dropped entries are removed.
        if all.len() == all.capacity() {
            all.retain(|_, value| value.strong_count() > 0);
        }
        let value = Arc::new(new());
        all.insert(key, Arc::downgrade(&value));
        value
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(key).and_then(Weak::upgrade)
    }

    pub(super) fn all(&self) -> Vec<Arc<V>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().filter_map(Weak::upgrade).collect()
    }
}
