use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    AttemptId, AttemptKey, ClientId, Country, Host, Money, PhoneNumber, TextChannel, TextStatus,
};
use crate::system::Timestamp;

/// A text that a provider took.
#[derive(Clone, Debug)]
pub struct SentText {
    /// Who took it, and the id that it has there.
    pub provider: String,
    pub message: String,
    pub attempt: AttemptId,
    /// Stored encrypted.
    pub phone: PhoneNumber,
    pub request: TextRequest,
    /// When it was taken, by `System::steady`.
    pub at: Timestamp,
    pub segments: u32,
    /// What it costs by the table of prices.
    pub price: Money,
    /// It was sent since another provider did not deliver the one before it.
    pub again: bool,
    /// When its row is deleted.
    pub expires: Timestamp,
}

/// What a text was made of, but for its code and number: enough to make it once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRequest {
    /// Where its attempt is found.
    pub key: AttemptKey,
    pub accept_language: Option<String>,
    pub page_language: Option<String>,
    pub page_host: Option<Host>,
    /// Who asked; `None`: the login pages, for a page of a site.
    pub client: Option<ClientId>,
    /// The name of the client, for the template.
    pub application: Option<String>,
    /// Only users are texted: nothing that became of it is told.
    pub only_users: bool,
    /// By a browser that signed in with the number before.
    pub known: bool,
    /// How it is to reach the phone.
    pub channel: TextChannel,
}

/// What a provider said of a text.
#[derive(Clone, Debug)]
pub struct TextReceipt {
    pub provider: String,
    pub message: String,
    pub status: TextStatus,
    /// Why it did not arrive: a word of whoever writes it.
    pub failure: Option<String>,
    /// The provider's error code.
    pub code: Option<u32>,
    pub price: Option<Money>,
    pub segments: Option<u32>,
    /// When it came.
    pub at: Timestamp,
    /// When its row is deleted if no text of that id is written.
    pub expires: Timestamp,
}

/// A text whose status moved forward.
#[derive(Clone, Debug)]
pub struct MovedText {
    pub provider: String,
    pub message: String,
    pub attempt: AttemptId,
    /// `None`: it was encrypted under a secret that is gone.
    pub phone: Option<PhoneNumber>,
    pub request: TextRequest,
    pub at: Timestamp,
    pub again: bool,
    pub status: TextStatus,
    pub failure: Option<String>,
    pub code: Option<u32>,
    /// When the provider said so.
    pub told: Timestamp,
}

/// The texts to a country by a provider, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTotals {
    pub country: Option<Country>,
    pub provider: String,
    pub sent: u64,
    pub delivered: u64,
    pub undelivered: u64,
    /// Whose code was used.
    pub used: u64,
    /// What the provider said that they cost, and for others what they cost by the table of prices.
    pub spent: Money,
}

/// The texts that were sent, and what became of them.
#[async_trait]
pub trait TextStore: Send + Sync {
    /// Adds texts, all or none. Returns those of which a receipt came before.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn add_texts(&self, texts: &[SentText]) -> Result<Vec<MovedText>, StoreError>;

    /// Moves a text forward, or keeps the receipt until its text is added. `None`: it is not there yet, or
    /// its status was that or a later one.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn move_text(&self, receipt: &TextReceipt) -> Result<Option<MovedText>, StoreError>;

    /// Whether an attempt has a text that is newer than one at that time.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn has_newer_text(&self, attempt: AttemptId, at: Timestamp) -> Result<bool, StoreError>;

    /// The code of an attempt was used: notes it with the newest of its texts that may have arrived.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn mark_text_used(&self, attempt: AttemptId, at: Timestamp) -> Result<(), StoreError>;
}
