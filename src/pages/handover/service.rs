use std::sync::Arc;

use crate::events::EventSink;
use crate::pages::browser_sessions::BrowserSessions;
use crate::pages::sealer::Sealer;
use crate::pages::shell::Shell;
use crate::store::{HandoverTicket, StoreError, TicketStore};

/// Both sides of a hand-over: the site that asks and the issuer that answers.
pub(crate) struct Handover {
    pub(crate) shell: Arc<Shell>,
    pub(crate) sessions: BrowserSessions,
    pub(crate) tickets: Arc<dyn TicketStore<HandoverTicket>>,
    /// For what a site asks the issuer with.
    pub(crate) requests: Sealer,
    pub(crate) events: Arc<dyn EventSink>,
}

impl Handover {
    pub(super) fn store_failed(&self, doing: &'static str, error: &StoreError) {
        self.events.store_failed(doing, error);
    }
}
