use async_trait::async_trait;

use crate::delivery::SendError;
use crate::domain::{OneTimeCode, PhoneNumber};

/// What was typed, for the provider whose code it may be.
pub struct CodeCheck<'a> {
    pub to: &'a PhoneNumber,
    pub typed: &'a OneTimeCode,
    /// The provider's id of the code; `None` while its answer to the text is outstanding, or if that was
    /// lost.
    pub id: Option<&'a str>,
}

/// What the provider says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Not again: it is used up by this answer.
    Right,
    Wrong,
    /// There is no such code any more: expired, used, or guessed at too often.
    Gone,
}

/// A provider that makes the codes of its texts, and alone knows them.
#[async_trait]
pub trait CodeOwner: Send + Sync {
    /// Asks once.
    ///
    /// # Errors
    ///
    /// When there is no verdict.
    async fn check(&self, check: &CodeCheck<'_>) -> Result<CodeAnswer, SendError>;

    /// Ends a code, so that the next text has another one.
    ///
    /// # Errors
    ///
    /// When the provider did not confirm it.
    async fn cancel(&self, id: &str) -> Result<(), SendError>;
}
