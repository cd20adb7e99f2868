use tracing::{info, warn};

use super::event::Event;

/// Logs an event about limits.
#[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
pub(super) fn record(event: &Event<'_>) {
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
        Event::FewCodesUsed { of, sent, used, paused: true, .. } => {
            warn!(
                of,
                sent, used, "hardly any code is used: no texts to strangers there for an hour"
            );
        }
        Event::FewCodesUsed { of, sent, used, challenged: true, .. } => {
            warn!(
                of,
                sent,
                used,
                "few codes are used: somebody may earn by the texts, or they do not arrive; strangers there are asked for a proof for an hour"
            );
        }
        Event::FewCodesUsed { of, sent, used, .. } => {
            warn!(
                of,
                sent,
                used,
                "few codes are used: somebody may earn by the texts, or they do not arrive"
            );
        }
        _ => {}
    }
}
