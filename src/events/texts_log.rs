use tracing::{info, warn};

use super::event::Event;

/// Logs an event about what became of a text.
#[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
pub(super) fn record(event: &Event<'_>) {
    match event {
        Event::TextDelivered { attempt, provider, message_id, seconds } => {
            info!(%attempt, provider, message_id, seconds, "text delivered");
        }
        Event::TextUndelivered { attempt, provider, message_id, reason, code } => {
            warn!(%attempt, provider, message_id, reason, code, "text not delivered");
        }
        Event::TextSentAgain { attempt, instead_of } => {
            info!(%attempt, instead_of, "code sent again by another provider");
        }
        Event::TextReplaced { attempt, reason } => {
            warn!(%attempt, reason, "text replaced by the built-in one");
        }
        Event::TextDropped { attempt } => info!(%attempt, "text dropped: login attempt is dead"),
        _ => {}
    }
}

/// Whatever reaches the listener can be sent there: `unlogged` lines were left out before this one.
pub(super) fn receipt_refused(provider: &str, why: &str, unlogged: Option<u64>) {
    warn!(provider, why, unlogged, "receipt refused");
}
