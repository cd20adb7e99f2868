use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::cells::{CellKey, CellKind, CellStore, StoredRecord, decode, encode};
use super::tickets::RETENTION;
use super::{HandoverTicket, KeptForm, LoginTicket, StoreError, TicketStore};
use crate::domain::{
    ClientId, Origin, ReturnTo, SessionId, StateCookieDigest, TicketCookieDigest, TicketDigest,
};
use crate::system::Timestamp;

/// Tickets of one type that all nodes share.
pub struct SharedTickets<T> {
    cells: Arc<dyn CellStore>,
    key: fn(TicketDigest) -> CellKey,
    tickets: PhantomData<fn() -> T>,
}

impl SharedTickets<HandoverTicket> {
    pub fn handover(cells: Arc<dyn CellStore>) -> Self {
        Self { cells, key: CellKey::handover_ticket, tickets: PhantomData }
    }
}

impl SharedTickets<LoginTicket> {
    pub fn login(cells: Arc<dyn CellStore>) -> Self {
        Self { cells, key: CellKey::login_ticket, tickets: PhantomData }
    }
}

impl SharedTickets<KeptForm> {
    pub fn kept_forms(cells: Arc<dyn CellStore>) -> Self {
        Self { cells, key: CellKey::kept_form, tickets: PhantomData }
    }
}

#[async_trait]
impl<T: StoredRecord + Send + Sync + 'static> TicketStore<T> for SharedTickets<T> {
    async fn put(&self, key: TicketDigest, ticket: T) -> Result<(), StoreError> {
        let new = encode(&ticket)?;
        if self.cells.swap(&(self.key)(key), None, Some(&new), RETENTION).await? {
            return Ok(());
        }
        // The digest of a random value is there already.
        Err(StoreError::Contended { kind: T::KIND.as_str() })
    }

    async fn get(&self, key: TicketDigest) -> Result<Option<T>, StoreError> {
        let ticket = self.cells.get(&(self.key)(key)).await?;
        ticket.as_deref().map(decode).transpose()
    }

    async fn take(&self, key: TicketDigest) -> Result<Option<T>, StoreError> {
        let ticket = self.cells.take(&(self.key)(key)).await?;
        ticket.as_deref().map(decode).transpose()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HandoverRecord {
    origin: String,
    path: String,
    state: String,
    session: String,
    /// May be `null`, but must be there.
    #[serde(deserialize_with = "Option::deserialize")]
    language: Option<String>,
    /// Milliseconds since 1970.
    expires: i64,
}

impl StoredRecord for HandoverTicket {
    type Record = HandoverRecord;
    const KIND: CellKind = CellKind::HandoverTicket;

    fn to_record(&self) -> HandoverRecord {
        HandoverRecord {
            origin: self.origin.to_string(),
            path: self.path.as_str().to_owned(),
            state: self.state.to_hex(),
            session: self.session.to_string(),
            language: self.language.clone(),
            expires: self.expires.as_millis(),
        }
    }

    fn from_record(record: HandoverRecord) -> Option<Self> {
        Some(Self {
            origin: Origin::parse(&record.origin).ok()?,
            path: ReturnTo::parse(&record.path)?,
            state: StateCookieDigest::from_hex(&record.state)?,
            session: SessionId::parse(&record.session)?,
            language: record.language,
            expires: Timestamp::from_millis(record.expires),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct LoginRecord {
    client: String,
    cookie: String,
    proof: String,
    session: String,
    /// Milliseconds since 1970.
    expires: i64,
}

impl StoredRecord for LoginTicket {
    type Record = LoginRecord;
    const KIND: CellKind = CellKind::LoginTicket;

    fn to_record(&self) -> LoginRecord {
        LoginRecord {
            client: self.client.as_str().to_owned(),
            cookie: self.cookie.clone(),
            proof: self.proof.to_hex(),
            session: self.session.to_string(),
            expires: self.expires.as_millis(),
        }
    }

    fn from_record(record: LoginRecord) -> Option<Self> {
        Some(Self {
            client: ClientId::parse(&record.client).ok()?,
            cookie: record.cookie,
            proof: TicketCookieDigest::from_hex(&record.proof)?,
            session: SessionId::parse(&record.session)?,
            expires: Timestamp::from_millis(record.expires),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct KeptFormRecord {
    sealed: String,
    /// Milliseconds since 1970.
    expires: i64,
}

impl StoredRecord for KeptForm {
    type Record = KeptFormRecord;
    const KIND: CellKind = CellKind::KeptForm;

    fn to_record(&self) -> KeptFormRecord {
        KeptFormRecord { sealed: self.sealed.clone(), expires: self.expires.as_millis() }
    }

    fn from_record(record: KeptFormRecord) -> Option<Self> {
        let KeptFormRecord { sealed, expires } = record;
        Some(Self { sealed, expires: Timestamp::from_millis(expires) })
    }
}
