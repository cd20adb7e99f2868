use async_trait::async_trait;

use super::StoreError;
use crate::domain::{AttemptId, AttemptReference, PhoneNumber};
use crate::system::Timestamp;

/// Something that happened to a login attempt, in a sentence without its subject.
#[derive(Clone, Debug)]
pub struct HistoryEntry {
    pub attempt: AttemptId,
    pub at: Timestamp,
    /// The order of what happened in one millisecond; with several servers each has its own.
    pub n: i64,
    /// Holds no code and no whole number.
    pub text: String,
    /// The number that a code was asked for, which is stored encrypted.
    pub phone: Option<PhoneNumber>,
    /// When it is deleted.
    pub expires: Timestamp,
}

/// The same as it is stored.
#[derive(Clone, Debug)]
pub struct StoredHistory {
    pub attempt: AttemptId,
    pub at: Timestamp,
    pub text: String,
    /// Its number; `None` where there is none, or it was encrypted under a secret that is gone.
    pub phone: Option<PhoneNumber>,
}

/// What became of login attempts.
#[async_trait]
pub trait AttemptHistory: Send + Sync {
    /// Adds entries, all or none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn add_history(&self, entries: &[HistoryEntry]) -> Result<(), StoreError>;

    /// The entries of all attempts with a reference, oldest first: two attempts may have the same.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn history(&self, reference: AttemptReference) -> Result<Vec<StoredHistory>, StoreError>;
}
