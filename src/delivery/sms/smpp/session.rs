use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use futures_util::stream::Stream;
use rusmpp::pdus::{BindTransceiver, BindTransmitter, SubmitSm};
use rusmpp::types::COctetString;
use rusmpp::values::InterfaceVersion;
use rusmppc::error::Error;
use rusmppc::{Client, ConnectionBuilder, Event};
use tokio::time::timeout;

use super::SmppSettings;
use super::status::{self, INVALID_BIND_STATE};
use crate::delivery::Failure;
use crate::delivery::sms::http_api::{Accepted, Refused, without_answer};
use crate::outbound::{AddressRule, ByteStream, HttpTimeouts, connect};

/// Longest request or response that is read, in octets: one with a `message_payload` (SMPP 3.4 §5.3.2.32).
const MAX_COMMAND: usize = 65 * 1024;

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// How a session is made.
pub(super) struct Binding {
    pub(super) settings: SmppSettings,
    pub(super) rule: AddressRule,
    pub(super) timeouts: HttpTimeouts,
    /// As a transceiver, to which the SMSC sends receipts; else as a transmitter.
    pub(super) receives: bool,
}

/// A bound session, whose clones are the same one.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) client: Client,
    events: Arc<Mutex<Option<Events>>>,
    patience: Duration,
}

impl Binding {
    /// Connects and binds.
    ///
    /// # Errors
    ///
    /// When there is no session: nothing was submitted.
    pub(super) async fn bind(&self) -> Result<Session, Refused> {
        let HttpTimeouts { connect: patience, total } = self.timeouts;
        let stream = connect(&self.settings.server, &self.rule, patience).await;
        let stream: Box<dyn ByteStream> = stream.map_err(without_answer)?;
        let (client, events) = ConnectionBuilder::new()
            .max_command_length(MAX_COMMAND)
            .enquire_link_interval(self.settings.enquire_link)
            .enquire_link_response_timeout(total)
            // Its own is not needed: every request has one of ours.
            .no_response_timeout()
            // Its requests are those that 3.4 has.
            .disable_interface_version_check()
            .connected(stream);
        let bound = timeout(patience, self.request(&client)).await;
        bound.unwrap_or(Err(Refused::from(Failure::Unreachable)))?;
        let events = self.receives.then(|| Box::pin(events) as Events);
        Ok(Session { client, events: Arc::new(Mutex::new(events)), patience })
    }

    /// `bind_transceiver` or `bind_transmitter` (SMPP 3.4 §4.1).
    async fn request(&self, client: &Client) -> Result<(), Refused> {
        let wrong = |_| Refused::from(Failure::Misconfigured);
        let SmppSettings { system_id, password, system_type, .. } = &self.settings;
        let transceiver = BindTransceiver::builder()
            .system_id(COctetString::from_string(system_id.clone()).map_err(wrong)?)
            .password(COctetString::from_string(password.reveal().to_owned()).map_err(wrong)?)
            .system_type(COctetString::from_string(system_type.clone()).map_err(wrong)?)
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        let bound = if self.receives {
            client.bind_transceiver(transceiver).await.map(drop)
        } else {
            let BindTransceiver { system_id, password, system_type, interface_version, .. } =
                transceiver;
            let transmitter = BindTransmitter::builder()
                .system_id(system_id)
                .password(password)
                .system_type(system_type)
                .interface_version(interface_version)
                .build();
            client.bind_transmitter(transmitter).await.map(drop)
        };
        bound.map_err(|error| match status_of(&error) {
            None => Refused::from(Failure::Unreachable),
            Some(0) => Refused::from(Failure::Unexpected),
            Some(code) => status::refused(code),
        })
    }
}

/// The `command_status` of a response other than the expected one.
fn status_of(error: &Error) -> Option<u32> {
    match error {
        Error::UnexpectedResponse { response } => Some(response.status().into()),
        _ => None,
    }
}

impl Session {
    /// What the SMSC sends, once.
    pub(super) fn take_events(&self) -> Option<Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Unbinds and closes the connection. An SMSC that does not answer is not waited for.
    pub(super) async fn end(&self) {
        // The connection is closed whatever comes of it.
        let _ = timeout(self.patience, self.client.unbind()).await;
        let _ = timeout(self.patience, self.client.close_and_wait()).await;
    }

    async fn submit(&self, text: SubmitSm, within: Duration) -> Result<Accepted, Refused> {
        let answered = timeout(within, self.client.submit_sm(text)).await;
        let answered = answered.map_err(|_| Refused::from(Failure::Unclear))?;
        let response = answered.map_err(|error| match status_of(&error) {
            // It may have arrived.
            None => Refused::from(Failure::Unclear),
            Some(code) => status::refused(code),
        })?;
        match response.message_id().as_str() {
            "" => Ok(Accepted { id: None, segments: None }),
            id => Accepted::with_id(id),
        }
    }
}

/// A bind that several wait for, or what came of it.
type SharedBind = Shared<BoxFuture<'static, Result<Session, Refused>>>;

/// The one session of a provider: bound at its first use, and again after a loss.
pub(super) struct SmscLink {
    binding: Arc<Binding>,
    /// The newest attempt, for which all wait together. The lock is held for no wait.
    newest: Mutex<Option<SharedBind>>,
}

impl SmscLink {
    pub(super) fn new(binding: Binding) -> Self {
        Self { binding: Arc::new(binding), newest: Mutex::default() }
    }

    /// The session, bound if there is none.
    ///
    /// # Errors
    ///
    /// As [`Binding::bind`].
    pub(super) async fn session(&self) -> Result<Session, Refused> {
        let newest = {
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = newest.take().filter(|bound| match bound.peek() {
                None => true,
                Some(result) => result.as_ref().is_ok_and(|session| session.client.is_active()),
            });
            let binding = Arc::clone(&self.binding);
            let bind = || async move { binding.bind().await }.boxed().shared();
            newest.insert(kept.unwrap_or_else(bind)).clone()
        };
        newest.await
    }

    /// Submits a text, once.
    ///
    /// # Errors
    ///
    /// Why it was not accepted; [`Failure::Unclear`] if it may have been.
    pub(super) async fn submit(&self, text: SubmitSm) -> Result<Accepted, Refused> {
        let session = self.session().await?;
        let result = session.submit(text, self.binding.timeouts.total).await;
        if result.as_ref().is_err_and(|refused| refused.code == Some(INVALID_BIND_STATE)) {
            session.end().await;
        }
        result
    }

    /// Ends the session, if there is one.
    pub(super) async fn close(&self) {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Ok(session)) = newest.as_ref().and_then(Shared::peek) {
            session.end().await;
        }
    }
}
