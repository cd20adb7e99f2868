use axum::response::Response;

use super::pages::Limit;
use super::visit::Visit;
use super::{Problem, Web};
use crate::login::{By, Limited, What};

impl Web {
    /// The answer when there was too much of something.
    pub(super) fn limited(&self, visit: &Visit, limited: Limited) -> Response {
        let limit = told(limited.row.what, limited.row.by);
        self.refuse(visit, &Problem::Limited { limit, seconds: whole_minutes(limited) })
    }
}

/// The page tells minutes; the header tells the same span, not another one.
fn whole_minutes(limited: Limited) -> u64 {
    let minutes = limited.retry_after.as_millis().div_ceil(60_000).max(1);
    u64::try_from(minutes).unwrap_or(u64::MAX).saturating_mul(60)
}

const fn told(what: What, by: By) -> Limit {
    match (what, by) {
        (_, By::Address) => Limit::Network,
        (_, By::All) => Limit::Service,
        (What::WrongCode, By::Number) => Limit::Tries,
        (_, By::Number) => Limit::Number,
    }
}
