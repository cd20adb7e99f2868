//! An SMSC, or a gateway that speaks as one, over SMPP 3.4: a session that stays bound, and no request
//! over HTTP. Its codes and the shape of texts and receipts are those of "Short Message Peer to Peer Protocol
//! Specification v3.4", issue 1.2.
mod keeper;
mod receipt;
mod session;
mod status;
mod submit;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use url::Url;

use self::keeper::Keeper;
use self::session::{Binding, SmscLink};
use super::http_api::{Accepted, ProviderCalls, Refused};
use super::{AccountCheck, Message, Receipt, SmsProvider};
use crate::delivery::{Failure, SendError};
use crate::domain::Secret;
use crate::outbound::AddressRule;
use crate::system::System;

/// The name in `sms.providers`.
pub(super) const NAME: &str = "smpp";

/// Longest text, in characters: ten segments. The protocol has no limit below 64 KiB.
const MAX_TEXT: usize = 1530;

/// `[sms.smpp]`.
#[derive(Clone, Debug)]
pub struct SmppSettings {
    /// Host and port, as `http` in the place of `smpp` and `https` in that of `smpps`: the standard of URLs gives
    /// a host its meaning for these schemes only.
    pub server: Url,
    pub system_id: String,
    /// 8 octets at most.
    pub password: Secret,
    /// Empty if the SMSC asks for none.
    pub system_type: String,
    /// A number in E.164, a short code, or a name.
    pub from: String,
    /// How long nothing is sent before the SMSC is asked whether it is there.
    pub enquire_link: Duration,
}

/// The SMSC of the settings.
pub(super) struct Smpp {
    settings: SmppSettings,
    calls: ProviderCalls,
    link: Arc<SmscLink>,
    keeper: Mutex<Option<Keeper>>,
    system: System,
    /// Dropped with this.
    _alive: watch::Sender<()>,
}

impl Smpp {
    pub(super) fn new(settings: &SmppSettings, calls: &ProviderCalls) -> Self {
        let link = SmscLink::new(binding(settings, calls, calls.inbox.is_some()));
        let (link, (alive, gone)) = (Arc::new(link), watch::channel(()));
        let keeper =
            calls.inbox.clone().map(|inbox| Keeper { link: Arc::downgrade(&link), inbox, gone });
        Self {
            settings: settings.clone(),
            calls: calls.clone(),
            link,
            keeper: Mutex::new(keeper),
            system: calls.system.clone(),
            _alive: alive,
        }
    }

    async fn submit(&self, message: &Message<'_>) -> Result<Accepted, Refused> {
        if !(1..=MAX_TEXT).contains(&message.text.chars().count()) {
            return Err(Refused::from(Failure::TextRefused));
        }
        let text = submit::submit_sm(message, &self.settings.from, self.gives_receipts())?;
        self.link.submit(text).await
    }
}

fn binding(settings: &SmppSettings, calls: &ProviderCalls, receives: bool) -> Binding {
    Binding {
        settings: settings.clone(),
        rule: AddressRule::new(&settings.server, calls.allowed.clone()),
        timeouts: calls.timeouts,
        receives,
    }
}

fn error(Refused { failure, code }: Refused) -> SendError {
    SendError { code, ..SendError::new(NAME, failure) }
}

#[async_trait]
impl SmsProvider for Smpp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn gives_receipts(&self) -> bool {
        self.calls.inbox.is_some()
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        let own = || data_encoding::HEXLOWER.encode(&self.system.random::<16>());
        match self.submit(message).await {
            Ok(Accepted { id, segments }) => {
                Ok(Receipt { provider: NAME, id: id.unwrap_or_else(own), segments })
            }
            Err(refused) => {
                // The SMSC has an id of its own for it, which is not known.
                let message_id = (refused.failure == Failure::Unclear).then(own);
                Err(SendError { message_id, ..error(refused) })
            }
        }
    }

    /// Binds, and unbinds.
    async fn check_account(&self) -> AccountCheck {
        match binding(&self.settings, &self.calls, false).bind().await {
            Ok(session) => {
                session.end().await;
                AccountCheck::Good { date: None }
            }
            Err(refused) => AccountCheck::Failed(error(refused)),
        }
    }

    fn background(&self) -> Option<BoxFuture<'static, ()>> {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Box::pin(keeper.run()))
    }

    async fn close(&self) {
        self.link.close().await;
    }
}
