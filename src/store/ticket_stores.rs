use std::sync::Arc;

use super::{CellStore, HandoverTicket, KeptForm, LoginTicket, SharedTickets, TicketStore};

/// The stores of all types of tickets.
#[derive(Clone)]
pub struct TicketStores {
    pub handovers: Arc<dyn TicketStore<HandoverTicket>>,
    pub logins: Arc<dyn TicketStore<LoginTicket>>,
    pub forms: Arc<dyn TicketStore<KeptForm>>,
}

impl TicketStores {
    /// In cells that all nodes share.
    pub fn shared(cells: &Arc<dyn CellStore>) -> Self {
        Self {
            handovers: Arc::new(SharedTickets::handover(Arc::clone(cells))),
            logins: Arc::new(SharedTickets::login(Arc::clone(cells))),
            forms: Arc::new(SharedTickets::kept_forms(Arc::clone(cells))),
        }
    }
}
