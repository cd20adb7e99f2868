//! What expires, where it is in the memory of one process.
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cells::{CellKey, CellKind, StoredRecord, decode, encode};
use super::{HandoverTicket, KeptForm, LoginTicket, MemoryAttempts, MemoryTickets, TicketStores};
use crate::domain::{AttemptKey, TicketDigest};

/// The stores in the memory of a process.
#[derive(Default)]
pub struct MemoryStores {
    pub attempts: Arc<MemoryAttempts>,
    handovers: Arc<MemoryTickets<HandoverTicket>>,
    logins: Arc<MemoryTickets<LoginTicket>>,
    forms: Arc<MemoryTickets<KeptForm>>,
}

/// One value on its way to the process that takes the place of this one.
#[derive(Deserialize, Serialize)]
pub struct CarriedValue {
    /// As in the keys of cells.
    kind: String,
    /// Of the key, hexadecimal.
    digest: String,
    /// As in a cell.
    value: String,
}

impl MemoryStores {
    pub fn tickets(&self) -> TicketStores {
        TicketStores {
            handovers: Arc::clone(&self.handovers) as _,
            logins: Arc::clone(&self.logins) as _,
            forms: Arc::clone(&self.forms) as _,
        }
    }

    /// Everything in them.
    pub fn values(&self) -> impl Iterator<Item = CarriedValue> {
        let attempts = self.attempts.iter();
        let attempts = attempts.map(|(key, attempt)| carried(&CellKey::attempt(key), &attempt));
        let handovers = tickets(&self.handovers, CellKey::handover_ticket);
        let logins = tickets(&self.logins, CellKey::login_ticket);
        let forms = tickets(&self.forms, CellKey::kept_form);
        attempts.chain(handovers).chain(logins).chain(forms).flatten()
    }

    /// Takes one in. `None`: it is of a version that keeps it in another way.
    pub fn take_in(&self, carried: &CarriedValue) -> Option<()> {
        let CarriedValue { kind, digest, value } = carried;
        match kind {
            of if of == CellKind::Attempt.as_str() => {
                self.attempts.insert(AttemptKey::from_hex(digest)?, read(value)?);
            }
            of if of == CellKind::HandoverTicket.as_str() => {
                self.handovers.insert(TicketDigest::from_hex(digest)?, read(value)?);
            }
            of if of == CellKind::LoginTicket.as_str() => {
                self.logins.insert(TicketDigest::from_hex(digest)?, read(value)?);
            }
            of if of == CellKind::KeptForm.as_str() => {
                self.forms.insert(TicketDigest::from_hex(digest)?, read(value)?);
            }
            _ => return None,
        }
        Some(())
    }
}

fn tickets<T: StoredRecord + Clone + Send + Sync + 'static>(
    store: &MemoryTickets<T>,
    key: fn(TicketDigest) -> CellKey,
) -> impl Iterator<Item = Option<CarriedValue>> {
    store.iter().map(move |(digest, ticket)| carried(&key(digest), &ticket))
}

fn carried<T: StoredRecord>(key: &CellKey, value: &T) -> Option<CarriedValue> {
    let value = String::from_utf8(encode(value).ok()?).ok()?;
    Some(CarriedValue {
        kind: key.kind().as_str().to_owned(),
        digest: key.digest().to_owned(),
        value,
    })
}

fn read<T: StoredRecord>(value: &str) -> Option<T> {
    decode(value.as_bytes()).ok()
}
