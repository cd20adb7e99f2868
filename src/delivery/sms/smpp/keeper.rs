use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use rusmpp::pdus::DeliverSmResp;
use rusmpp::{Command, CommandStatus, Pdu};
use rusmppc::{Client, Event};
use tokio::sync::watch;
use tokio::time::timeout;

use super::NAME;
use super::receipt::{self, Delivered};
use super::session::{Session, SmscLink};
use crate::delivery::ReceiptInbox;
use crate::delivery::sms::http_api::Refused;

/// How long after a loss the session is bound again; doubled with each failure, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Keeps a session bound and answers what the SMSC sends, so that receipts come when no text is sent.
pub(super) struct Keeper {
    pub(super) link: Weak<SmscLink>,
    pub(super) inbox: Arc<dyn ReceiptInbox>,
    /// Closed when the provider is dropped.
    pub(super) gone: watch::Receiver<()>,
}

impl Keeper {
    /// Runs as long as the provider is there. Then the session is unbound.
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while let Some(link) = self.link.upgrade() {
            let session = link.session().await;
            drop(link);
            if let Err(refused) = &session
                && pause == FIRST_PAUSE
            {
                warn(*refused);
            }
            if let Ok(session) = session {
                pause = FIRST_PAUSE;
                self.serve(&session).await;
            }
            // Early if the provider is dropped.
            let _ = timeout(pause, self.gone.changed()).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Answers until the session ends.
    async fn serve(&mut self, session: &Session) {
        let Some(mut events) = session.take_events() else {
            return session.client.closed().await;
        };
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                _ = self.gone.changed() => return session.end().await,
            };
            match event {
                Some(Event::Incoming(command)) => self.answer(&session.client, command).await,
                Some(Event::Error(_)) => {}
                None => return,
            }
        }
    }

    async fn answer(&self, client: &Client, command: Command) {
        let number = command.sequence_number();
        // An answer that cannot be written is of a session that has ended, which is seen next.
        let _ = match command.into_parts().raw().3 {
            Some(Pdu::DeliverSm(message)) => {
                let taken = match receipt::read(&message) {
                    Delivered::Receipt(receipt) => self.inbox.take(NAME, receipt),
                    Delivered::Other => true,
                };
                let status =
                    if taken { CommandStatus::EsmeRok } else { CommandStatus::EsmeRxTAppn };
                client.status(status).deliver_sm_resp(number, DeliverSmResp::default()).await
            }
            Some(Pdu::Unbind) => {
                let answered = client.unbind_resp(number).await;
                answered.and(client.close().await)
            }
            // Nothing else is expected of an SMSC; responses here are too late.
            _ => Ok(()),
        };
    }
}

fn warn(Refused { failure, code }: Refused) {
    tracing::warn!(provider = NAME, %failure, code, "no session with the SMS provider; trying again");
}
