use tracing::{debug, info, warn};

use super::event::Event;

/// Logs an event about limits.
#[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
pub(super) fn record(event: &Event<'_>) {
    match event {
        Event::Limited { limit, seconds, network, only_address: false, .. } => {
            info!(limit, seconds, network, "rate limit exceeded");
        }
        Event::Limited { limit, seconds, network, .. } => {
            warn!(
                limit,
                seconds,
                network,
                "rate limit exceeded, and every visitor has the same private address: if a proxy stands before this server, it is probably missing in server.trusted_proxies"
            );
        }
        Event::ChallengeAsked { why, network, only_address: false } => {
            info!(why, network, "asked for a proof before another text");
        }
        Event::ChallengeAsked { why, network, .. } => {
            warn!(
                why,
                network,
                "asked for a proof before another text, and every visitor has the same private address: if a proxy stands before this server, it is probably missing in server.trusted_proxies"
            );
        }
        Event::ChallengeSolved { by } => debug!(by, "a challenge was solved"),
        Event::ChallengeFailed { why: why @ ("captcha-secret" | "captcha-unavailable") } => {
            warn!(why, "the captcha's vendor did not judge an answer: nothing is sent for it");
        }
        Event::ChallengeFailed { why } => info!(why, "a proof was not accepted"),
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
        Event::ManyWrongCodes { wrong, right } => {
            warn!(
                wrong,
                right,
                "many codes of a day are wrong: strangers are asked for a proof before texts"
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
