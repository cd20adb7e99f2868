use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::delivery::SendError;
use crate::domain::PhoneNumber;

/// One text to one phone.
pub struct Message<'a> {
    pub to: &'a PhoneNumber,
    /// Holds the code: never logged.
    pub text: &'a str,
    /// What is left of the code's life; a text that comes later than that is of no use.
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

/// A provider took a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub provider: &'static str,
    /// The provider's own name for the message, to find it there and in its callbacks.
    pub id: String,
    /// How many parts are billed, where the provider knows so soon.
    pub segments: Option<u32>,
}

/// Somebody who carries texts when *we* made the code.
///
/// A provider asks once per call: it never repeats a request, because only the caller knows
/// whether a second text would be a duplicate.
#[async_trait]
pub trait SmsProvider: Send + Sync {
    /// As in the configuration file and the log.
    fn name(&self) -> &'static str;

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError>;
}
