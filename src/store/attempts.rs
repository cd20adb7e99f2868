use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::domain::{
    AnswerDigest, AttemptId, AttemptKey, CodeLength, CounterKey, KeyId, TextChannel,
};
use crate::system::Timestamp;

/// A login attempt. Holds the inputs that the code is derived from, not the code: without the
/// server secret a copy of it is useless.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: AttemptId,
    pub nonce: [u8; 16],
    pub length: CodeLength,
    /// The subkey that the code is derived with.
    pub key: KeyId,
    pub made: Timestamp,
    /// The code is rejected from this time on.
    pub expires: Timestamp,
    pub tries_left: u8,
    /// The wrong answers so far: repeating one does not use up another try.
    pub answers: Vec<AnswerDigest>,
    /// When the code was used for a login. Times of an attempt are those of `System::steady`.
    pub used: Option<Timestamp>,
    /// Of the latest message.
    pub outcome: SendOutcome,
    /// How the latest message is to reach the phone.
    pub channel: TextChannel,
    /// Whether a message before it may have been sent, so that its recipient may have the code.
    pub earlier_sent: bool,
    /// What is known of the latest message beyond that.
    pub text: TextState,
    /// The counter of the source address that this attempt was counted under, and the time of that
    /// by the counters' clock.
    pub source: CounterKey,
    pub counted: Timestamp,
    /// The code of the latest text, if a provider made it; else it is derived.
    pub verification: Option<Box<Verification>>,
}

/// A code that a provider made and checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The name in `sms.providers`.
    pub provider: String,
    /// The provider's id of it; `None` while its answer to the text is outstanding, or if that was
    /// lost.
    pub id: Option<String>,
    /// The answer that it found right, which it does once.
    pub right: Option<AnswerDigest>,
    /// The answers that it found wrong, which it is not asked about again.
    pub wrong: Vec<AnswerDigest>,
}

impl Verification {
    pub fn new(provider: &str, id: Option<&str>) -> Self {
        let (provider, id) = (provider.to_owned(), id.map(str::to_owned));
        Self { provider, id, right: None, wrong: Vec::new() }
    }
}

/// What is known of a message once a provider was asked to send it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextState {
    /// Who took or refused it: a name of `sms.providers`.
    pub provider: Option<String>,
    /// When it was taken.
    pub sent: Option<Timestamp>,
    /// Whether the provider was asked to tell what becomes of it.
    pub awaited: bool,
    pub fate: TextFate,
    /// Whether it takes the place of one that another provider did not deliver.
    pub again: bool,
}

/// What the provider told of a message that it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextFate {
    /// Nothing yet.
    #[default]
    Unknown,
    Delivered,
    Undelivered(SendRefusal),
}

/// The result of sending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// No provider has answered yet.
    Pending,
    Sent,
    /// It may have been sent: the provider's response was lost or unreadable.
    Unclear,
    Refused {
        why: SendRefusal,
        /// The provider's numeric error code, if it gave one. Never quotes the message or the
        /// phone number.
        code: Option<u32>,
    },
}

/// Why a message was not sent, in as much detail as the user sees. The `Display` text is what API
/// clients get in place of the provider's own message, which would quote the phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SendRefusal {
    /// This number cannot receive messages; another one may.
    #[error("The provider does not text this number")]
    Number,
    /// The recipient opted out of messages from this sender.
    #[error("The owner of this number asked to get no texts")]
    OptedOut,
    /// The phone is switched off, has no signal, or was not answered.
    #[error("The phone could not be reached")]
    NotReached,
    /// The provider sends no more to this number for a while.
    #[error("The provider sent too many texts to this number. Try again later")]
    TooMany,
    /// The provider's account sends nothing to this country.
    #[error("The provider does not send texts to this country")]
    Country,
    /// The carrier or the gateway refused this message, and may take a later one.
    #[error("The text to this number was blocked")]
    Blocked,
    /// The provider failed, whatever the number.
    #[error("The text could not be sent")]
    Service,
}

impl SendRefusal {
    pub const ALL: [Self; 7] = [
        Self::Number,
        Self::OptedOut,
        Self::NotReached,
        Self::TooMany,
        Self::Country,
        Self::Blocked,
        Self::Service,
    ];
}

/// What an [`UpdateFn`] decides about the attempt that it was shown.
#[derive(Debug)]
pub enum AttemptUpdate {
    /// Leave it as it is.
    Keep,
    /// Insert or replace it.
    Put(Attempt),
}

/// Decides on an attempt; `None`: there is none under that key.
pub type UpdateFn<'a> = dyn FnMut(Option<&Attempt>) -> AttemptUpdate + Send + 'a;

/// Login attempts, found by their key. Every operation is atomic for its key. Attempts stay
/// readable for a while after they expire.
#[async_trait]
pub trait AttemptStore: Send + Sync {
    /// # Errors
    ///
    /// If the store fails.
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError>;

    /// Atomic read-modify-write. An implementation with optimistic concurrency may call `update`
    /// several times, so it must depend on its argument only.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn update(&self, key: AttemptKey, update: &mut UpdateFn<'_>) -> Result<(), StoreError>;
}
