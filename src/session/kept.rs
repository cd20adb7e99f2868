use std::any::Any;
use std::fmt;

use arc_swap::ArcSwapOption;

/// What a module above made of a session and wants to find again at its next request. One value:
/// what is kept anew replaces it. Goes with the session out of this process's memory. To read it
/// takes no lock.
#[derive(Default)]
pub struct Kept(ArcSwapOption<Box<dyn Any + Send + Sync>>);

impl Kept {
    /// What `read` makes of the value; `None` when there is none of this type.
    pub fn read<T: Any, R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
        let value = self.0.load();
        value.as_deref()?.downcast_ref().map(read)
    }

    pub fn replace<T: Any + Send + Sync>(&self, value: T) {
        self.0.store(Some(std::sync::Arc::new(Box::new(value))));
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(…)")
    }
}
