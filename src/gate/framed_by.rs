use std::fmt;
use std::sync::Arc;

use crate::domain::Origin;

/// The origins whose pages may show a site in a frame. Empty: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FramedBy(Option<Arc<[Origin]>>);

impl FramedBy {
    pub fn new(mut origins: Vec<Origin>) -> Self {
        origins.sort_by_key(ToString::to_string);
        Self((!origins.is_empty()).then(|| origins.into()))
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// As a source list of `frame-ancestors` (CSP Level 3 §6.4.2).
impl fmt::Display for FramedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = self.0.as_deref().unwrap_or_default();
        for (n, origin) in origins.iter().enumerate() {
            write!(f, "{}{origin}", if n == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}
