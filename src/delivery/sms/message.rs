use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::delivery::SendError;
use crate::domain::PhoneNumber;
use crate::system::Timestamp;

/// A text message to be sent.
pub struct Message<'a> {
    pub to: &'a PhoneNumber,
    /// Contains the code: never logged.
    pub text: &'a str,
    /// The remaining lifetime of the code; a text that arrives later is useless.
    pub valid_for: Duration,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("to", self.to)
            .field("text", &"•••")
            .field("valid_for", &self.valid_for)
            .finish()
    }
}

/// A provider's acceptance of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub provider: &'static str,
    /// The provider's id of the message.
    pub id: String,
    /// The number of billed segments, if the provider reports it.
    pub segments: Option<u32>,
}

/// A provider of text messages.
///
/// Sends one request per call and never repeats it: only the caller knows whether a second text
/// would be a duplicate.
#[async_trait]
pub trait SmsProvider: Send + Sync {
    /// The name in `sms.providers`, the log and the metrics.
    fn name(&self) -> &'static str;

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError>;

    /// Whether the provider is asked to tell what became of each text.
    fn gives_receipts(&self) -> bool {
        false
    }

    /// Asks whether the credentials are good, without a text.
    async fn check_account(&self) -> AccountCheck {
        AccountCheck::NotAsked
    }
}

/// What a provider says of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCheck {
    /// It has no such question.
    NotAsked,
    Good {
        /// The provider's clock, if it told.
        date: Option<Timestamp>,
    },
    Failed(SendError),
}
