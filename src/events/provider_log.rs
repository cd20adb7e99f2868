use tracing::{info, warn};

use super::event::Event;
use crate::domain::AttemptId;

/// Logs what concerns a provider of texts and not one text.
pub(super) fn of_provider(event: &Event<'_>) {
    match event {
        Event::ProviderBreaker { provider, is_open: true, alone } => fails(provider, *alone),
        Event::ProviderBreaker { provider, .. } => answers(provider),
        Event::CodeNotChecked { attempt, reason, .. } => not_checked(*attempt, reason),
        _ => {}
    }
}

fn not_checked(attempt: AttemptId, reason: &str) {
    warn!(%attempt, reason, "code not checked");
}

fn answers(provider: &str) {
    info!(provider, "SMS provider answers again");
}

/// With nobody else to ask, it is asked as before.
fn fails(provider: &str, alone: bool) {
    warn!(provider, alone, "SMS provider keeps failing");
}
