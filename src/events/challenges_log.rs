use tracing::{debug, info, warn};

use super::event::Event;

/// Logs an event about proofs that strangers are asked for.
#[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
pub(super) fn record(event: &Event<'_>) {
    match event {
        Event::ChallengeAsked { attempt, why, network, only_address: false, .. } => {
            info!(%attempt, why, network, "asked for a proof before another text");
        }
        Event::ChallengeAsked { attempt, why, network, .. } => {
            warn!(
                %attempt,
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
        Event::ManyWrongCodes { wrong, right } => {
            warn!(
                wrong,
                right,
                "many codes of a day are wrong: strangers are asked for a proof before texts"
            );
        }
        _ => {}
    }
}
