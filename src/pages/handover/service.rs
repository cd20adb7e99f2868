use std::sync::Arc;

use crate::events::{Event, Sink};
use crate::pages::browser_sessions::BrowserSessions;
use crate::pages::sealer::Sealer;
use crate::pages::shell::Shell;
use crate::store::{StoreError, Ticket, Tickets};

/// Both sides of a hand-over: the site that asks and the issuer that answers.
pub(crate) struct Handover {
    pub(crate) shell: Arc<Shell>,
    pub(crate) sessions: BrowserSessions,
    pub(crate) tickets: Arc<dyn Tickets<Ticket>>,
    /// For what a site asks the issuer with.
    pub(crate) requests: Sealer,
    pub(crate) events: Arc<dyn Sink>,
}

impl Handover {
    pub(super) fn store_failed(&self, doing: &'static str, error: &StoreError) {
        self.events.record(&Event::StoreFailed { doing, reason: &error.to_string() });
    }
}
