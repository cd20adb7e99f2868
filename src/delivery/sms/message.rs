use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::verification::CodeOwner;
use crate::delivery::SendError;
use crate::domain::{ClientId, PhoneNumber, TextChannel};
use crate::system::Timestamp;

/// A text message to be sent.
pub struct Message<'a> {
    pub to: &'a PhoneNumber,
    /// Contains the code: never logged.
    pub text: &'a str,
    /// The code of the text, for channels with words of their own: never logged.
    pub code: Option<&'a str>,
    /// How it is to reach the phone.
    pub channel: TextChannel,
    /// The remaining lifetime of the code; a text that arrives later is useless.
    pub valid_for: Duration,
    /// Who asks for the code; `None`: the login pages, for a page of a site.
    pub client: Option<&'a ClientId>,
    /// The language tag of the page that asks for the code, for providers with texts of their own.
    pub language: Option<&'a str>,
    /// Whose code the person has from an earlier text.
    pub held: HeldCode<'a>,
    /// The provider that did not deliver the same text: another one has to send it, with the same code.
    pub instead_of: Option<&'a str>,
}

/// The code of an earlier text for the same login, which stays the same where it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeldCode<'a> {
    #[default]
    None,
    /// That of the text.
    Ours,
    /// That of a provider of this name, which makes its own.
    Provider(&'a str),
}

impl<'a> Message<'a> {
    /// Of no client, in no language, and by SMS.
    pub const fn new(to: &'a PhoneNumber, text: &'a str, valid_for: Duration) -> Self {
        Self {
            to,
            text,
            code: None,
            channel: TextChannel::Sms,
            valid_for,
            client: None,
            language: None,
            held: HeldCode::None,
            instead_of: None,
        }
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("to", self.to)
            .field("text", &"•••")
            .field("channel", &self.channel)
            .field("valid_for", &self.valid_for)
            .field("client", &self.client)
            .field("language", &self.language)
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

    /// How its messages reach a phone.
    fn channel(&self) -> TextChannel {
        TextChannel::Sms
    }

    /// If the codes of its texts are its own, and not those of [`Message::text`].
    fn code_owner(&self) -> Option<&dyn CodeOwner> {
        None
    }

    /// Whether the provider is asked to tell what became of each text.
    fn gives_receipts(&self) -> bool {
        false
    }

    /// What it does between texts, if anything, to be run as long as it is there. `None` if it was taken.
    fn background(&self) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// Ends its session, if it has one. Nothing is sent afterwards.
    async fn close(&self) {}

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
