use std::sync::Arc;

use tracing::{error, info, warn};

use super::ration::Ration;
use super::{Event, Sink};
use crate::system::Clock;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object on each line.
    Json,
}

/// Writes events to the log, one line each.
pub struct Log {
    refusals: Ration,
}

impl Log {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { refusals: Ration::new(clock) }
    }
}

impl Sink for Log {
    #[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
    fn record(&self, event: &Event<'_>) {
        match event {
            Event::CodeRequested { attempt, phone, again } => {
                info!(%attempt, %phone, again, "code requested");
            }
            Event::TextSent { attempt, provider, message } => {
                info!(%attempt, provider, message, "text sent");
            }
            Event::TextFailed { attempt, reason, .. } => warn!(%attempt, reason, "text not sent"),
            Event::TextDropped { attempt } => info!(%attempt, "text dropped: the attempt is over"),
            Event::TextWithheld { attempt } => info!(%attempt, "text withheld: not a user"),
            Event::QueueFull { attempt } => error!(%attempt, "text refused: the queue is full"),
            Event::WrongCode { attempt, tries_left } => info!(%attempt, tries_left, "wrong code"),
            Event::DeadCode { attempt, why } => {
                let attempt = attempt.map(tracing::field::display);
                info!(attempt, why, "code for an attempt that is over");
            }
            Event::SignedIn { attempt, user, session, new_user } => {
                info!(%attempt, %user, %session, new_user, "signed in");
            }
            Event::BlockedUser { attempt, user } => warn!(%attempt, %user, "blocked user refused"),
            Event::UnknownUser { attempt } => warn!(%attempt, "no such user any more"),
            Event::HandedOver { user, session, host } => {
                info!(%user, %session, %host, "signed in on another host");
            }
            Event::TicketRefused { host, why } => info!(%host, why, "ticket refused"),
            Event::SignedOut { user, session } => info!(%user, %session, "signed out"),
            Event::ClientRefused { client, at, error, why, named } => {
                let subject = format!("{} {at}", client.unwrap_or_default());
                if let Some(unlogged) = self.refusals.take(subject) {
                    let unlogged = (unlogged > 0).then_some(unlogged);
                    info!(client, at, error, why, named, unlogged, "client refused");
                }
            }
            Event::TokensGiven { client, grant } => info!(client, grant, "tokens given"),
            Event::Reused { what, client, grant } => {
                warn!(client, %grant, "{what} came twice: all that came from its login is revoked");
            }
            Event::GrantRevoked { client, grant } => info!(client, %grant, "grant revoked"),
            Event::Limited { limit, seconds } => info!(limit, seconds, "refused: too many"),
            Event::StoreFailed { doing, reason } => error!(doing, reason, "store failed"),
        }
    }
}
