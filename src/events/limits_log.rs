use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use super::event::Event;
use crate::system::{Clock, Timestamp};

const SHARE_USED: &str = "a limit that many share is used up: browsers that have not signed in before get no texts until it falls";
const RESERVE_USED: &str =
    "a limit that many share is used up, and its reserve: nobody gets a text until it falls";

/// Which limits that many share are known to be used up.
pub(super) struct SharedLimits {
    clock: Arc<dyn Clock>,
    /// When each was last told as a warning, and whether known browsers were refused too. Limits are a table, so their number is bounded.
    told: Mutex<HashMap<(&'static str, bool), Timestamp>>,
}

impl SharedLimits {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, told: Mutex::default() }
    }

    /// Logs an event about limits. A limit that many share is a warning once in its window.
    pub(super) fn record(&self, event: &Event<'_>) {
        match event {
            Event::Limited { limit, seconds, network, start, shared: Some(window), .. } => {
                let by_known = start.as_ref().is_some_and(|start| start.by_known);
                if self.is_news((limit, by_known), *window) {
                    let told = if by_known { RESERVE_USED } else { SHARE_USED };
                    warn!(limit, seconds, network, "{told}");
                } else {
                    record(event);
                }
            }
            _ => record(event),
        }
    }

    fn is_news(&self, limit: (&'static str, bool), window: Duration) -> bool {
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back tells it once more.
        let is_known = |at: &Timestamp| *at <= now && now.since(*at) < window;
        let is_news = !told.get(&limit).is_some_and(is_known);
        if is_news {
            told.insert(limit, now);
        }
        is_news
    }
}

#[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
fn record(event: &Event<'_>) {
    match event {
        Event::Limited { attempt, limit, seconds, network, only_address: false, .. } => {
            let attempt = attempt.map(tracing::field::display);
            info!(attempt, limit, seconds, network, "rate limit exceeded");
        }
        Event::Limited { attempt, limit, seconds, network, .. } => {
            let attempt = attempt.map(tracing::field::display);
            warn!(
                attempt,
                limit,
                seconds,
                network,
                "rate limit exceeded, and every visitor has the same private address: if a proxy stands before this server, it is probably missing in server.trusted_proxies"
            );
        }
        Event::BudgetUsed { limit, of, percent: 100 } => {
            warn!(limit, of, "the budget for texts is used up: only known browsers are texted");
        }
        Event::BudgetUsed { limit, of, percent } => {
            warn!(limit, of, percent, "a part of the budget for texts is used up");
        }
        Event::FewCodesUsed { of, sent, used, hours, paused: true, .. } => {
            warn!(
                of,
                sent,
                used,
                hours,
                "hardly any code is used: no texts to strangers there for an hour"
            );
        }
        Event::FewCodesUsed { of, sent, used, hours, challenged: true, .. } => {
            warn!(
                of,
                sent,
                used,
                hours,
                "few codes are used: somebody may earn by the texts, or they do not arrive; strangers there are asked for a proof for an hour"
            );
        }
        Event::FewCodesUsed { of, sent, used, hours, .. } => {
            warn!(
                of,
                sent,
                used,
                hours,
                "few codes are used: somebody may earn by the texts, or they do not arrive"
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::still::Still;
    use super::*;

    #[test]
    fn each_limit_is_news_once_in_its_window() {
        let clock = Arc::new(Still::default());
        let limits = SharedLimits::new(Arc::clone(&clock) as _);
        let hour = Duration::from_hours(1);
        let news = |limit| limits.is_news((limit, false), hour);
        assert!(news("texts_1h") && !news("texts_1h") && news("texts_per_country_1h"));
        assert!(limits.is_news(("texts_1h", true), hour), "its reserve is used up too");
        clock.set(3_599_999);
        assert!(!news("texts_1h"));
        clock.set(3_600_000);
        assert!(news("texts_1h") && !news("texts_1h"));
        clock.set(0);
        assert!(news("texts_1h"), "a clock that was set back");
    }
}
