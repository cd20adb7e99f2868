use tracing::{error, info, warn};

use super::event::Event;
use crate::domain::Country;

/// Logs an event about a text, and about what became of it.
#[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
pub(super) fn record(event: &Event<'_>) {
    match event {
        Event::TextSent { attempt, provider, message_id, .. } => {
            info!(%attempt, provider, message_id, "text sent");
        }
        Event::TextFailed { attempt, reason, country, unclear: true, .. } => {
            let country = country.as_ref().map(Country::as_str);
            warn!(%attempt, reason, country, "text perhaps not sent");
        }
        Event::TextFailed { attempt, reason, country, .. } => {
            let country = country.as_ref().map(Country::as_str);
            warn!(%attempt, reason, country, "text not sent");
        }
        Event::TextWithheld { attempt } => {
            info!(%attempt, "text withheld: number belongs to no user");
        }
        Event::QueueFull { attempt } => error!(%attempt, "text rejected: send queue is full"),
        Event::TextDelivered { attempt, provider, message_id, seconds, .. } => {
            info!(%attempt, provider, message_id, seconds, "text delivered");
        }
        Event::TextUndelivered { attempt, provider, message_id, reason, code, .. } => {
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
