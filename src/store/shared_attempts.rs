use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::cells::{CellKey, CellKind, CellStore, PATIENCE, StoredRecord, Turns, decode, encode};
use super::text_record::TextRecord;
use super::{
    Attempt, AttemptStore, AttemptUpdate, SendOutcome, SendRefusal, StoreError, UpdateFn,
    Verification,
};
use crate::domain::{
    AnswerDigest, AttemptId, AttemptKey, CodeLength, CounterKey, KeyId, TextChannel,
};
use crate::system::Timestamp;

/// How long an attempt stays readable after its last change, as in memory: its lifetime of at most
/// 10 minutes, and 15 more in which the user is told that the code has expired.
const RETENTION: Duration = Duration::from_mins(25);

/// Attempts that all nodes share.
pub struct SharedAttempts {
    cells: Arc<dyn CellStore>,
    turns: Turns,
}

impl SharedAttempts {
    pub fn new(cells: Arc<dyn CellStore>) -> Self {
        Self { cells, turns: Turns::default() }
    }

    /// Decides on what is there and swaps, until nobody else was faster.
    async fn update_cell(
        &self,
        key: &CellKey,
        update: &mut UpdateFn<'_>,
    ) -> Result<(), StoreError> {
        if self.try_update(key, update).await? {
            return Ok(());
        }
        let _turn = self.turns.of(key).await;
        while !self.try_update(key, update).await? {}
        Ok(())
    }

    /// `false`: somebody else was faster.
    async fn try_update(
        &self,
        key: &CellKey,
        update: &mut UpdateFn<'_>,
    ) -> Result<bool, StoreError> {
        let old = self.cells.get(key).await?;
        let found: Option<Attempt> = old.as_deref().map(decode).transpose()?;
        let AttemptUpdate::Put(attempt) = update(found.as_ref()) else { return Ok(true) };
        let new = encode(&attempt)?;
        self.cells.swap(key, old.as_deref(), Some(&new), RETENTION).await
    }
}

#[async_trait]
impl AttemptStore for SharedAttempts {
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        let bytes = self.cells.get(&CellKey::attempt(key)).await?;
        bytes.as_deref().map(decode).transpose()
    }

    async fn update(&self, key: AttemptKey, update: &mut UpdateFn<'_>) -> Result<(), StoreError> {
        let key = CellKey::attempt(key);
        let updated = tokio::time::timeout(PATIENCE, self.update_cell(&key, update)).await;
        updated.unwrap_or(Err(StoreError::Contended { kind: CellKind::Attempt.as_str() }))
    }
}

/// Times are milliseconds since 1970, bytes hexadecimal. What may be `null` must be there too, except
/// what earlier versions did not write.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct AttemptRecord {
    id: String,
    nonce: String,
    length: u8,
    key: u32,
    made: i64,
    expires: i64,
    tries_left: u8,
    answers: Vec<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    used: Option<i64>,
    outcome: OutcomeRecord,
    earlier_sent: bool,
    /// Of a former version: missing.
    #[serde(default)]
    text: TextRecord,
    source: String,
    counted: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verification: Option<VerificationRecord>,
    /// Missing of SMS, so that a former version reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerificationRecord {
    provider: String,
    #[serde(deserialize_with = "Option::deserialize")]
    id: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    right: Option<String>,
    wrong: Vec<String>,
}

impl VerificationRecord {
    fn of(verification: &Verification) -> Self {
        Self {
            provider: verification.provider.clone(),
            id: verification.id.clone(),
            right: verification.right.as_ref().map(AnswerDigest::to_hex),
            wrong: verification.wrong.iter().map(AnswerDigest::to_hex).collect(),
        }
    }

    fn read(self) -> Option<Box<Verification>> {
        let right = self.right.as_deref().map(AnswerDigest::from_hex);
        let wrong = self.wrong.iter().map(|answer| AnswerDigest::from_hex(answer));
        Some(Box::new(Verification {
            provider: self.provider,
            id: self.id,
            right: if right.is_some() { Some(right.flatten()?) } else { None },
            wrong: wrong.collect::<Option<_>>()?,
        }))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OutcomeRecord {
    Pending,
    Sent,
    Unclear,
    Refused {
        why: SendRefusal,
        #[serde(deserialize_with = "Option::deserialize")]
        code: Option<u32>,
    },
}

impl StoredRecord for Attempt {
    type Record = AttemptRecord;
    const KIND: CellKind = CellKind::Attempt;

    fn to_record(&self) -> AttemptRecord {
        AttemptRecord {
            id: self.id.to_string(),
            nonce: HEXLOWER.encode(&self.nonce),
            length: self.length.get(),
            key: self.key.0,
            made: self.made.as_millis(),
            expires: self.expires.as_millis(),
            tries_left: self.tries_left,
            answers: self.answers.iter().map(AnswerDigest::to_hex).collect(),
            used: self.used.map(Timestamp::as_millis),
            outcome: self.outcome.into(),
            earlier_sent: self.earlier_sent,
            text: (&self.text).into(),
            source: self.source.to_hex(),
            counted: self.counted.as_millis(),
            verification: self.verification.as_deref().map(VerificationRecord::of),
            channel: (self.channel != TextChannel::Sms).then(|| self.channel.as_str().to_owned()),
        }
    }

    fn from_record(record: AttemptRecord) -> Option<Self> {
        let nonce = HEXLOWER.decode(record.nonce.as_bytes()).ok()?;
        let answers = record.answers.iter().map(|answer| AnswerDigest::from_hex(answer));
        Some(Self {
            id: AttemptId::parse(&record.id)?,
            nonce: nonce.try_into().ok()?,
            length: CodeLength::new(record.length).ok()?,
            key: KeyId(record.key),
            made: Timestamp::from_millis(record.made),
            expires: Timestamp::from_millis(record.expires),
            tries_left: record.tries_left,
            answers: answers.collect::<Option<_>>()?,
            used: record.used.map(Timestamp::from_millis),
            outcome: record.outcome.into(),
            earlier_sent: record.earlier_sent,
            text: record.text.into(),
            source: CounterKey::from_hex(&record.source)?,
            counted: Timestamp::from_millis(record.counted),
            channel: match record.channel {
                Some(name) => TextChannel::parse(&name)?,
                None => TextChannel::Sms,
            },
            verification: match record.verification {
                Some(record) => Some(record.read()?),
                None => None,
            },
        })
    }
}

impl From<SendOutcome> for OutcomeRecord {
    fn from(outcome: SendOutcome) -> Self {
        match outcome {
            SendOutcome::Pending => Self::Pending,
            SendOutcome::Sent => Self::Sent,
            SendOutcome::Unclear => Self::Unclear,
            SendOutcome::Refused { why, code } => Self::Refused { why, code },
        }
    }
}

impl From<OutcomeRecord> for SendOutcome {
    fn from(record: OutcomeRecord) -> Self {
        match record {
            OutcomeRecord::Pending => Self::Pending,
            OutcomeRecord::Sent => Self::Sent,
            OutcomeRecord::Unclear => Self::Unclear,
            OutcomeRecord::Refused { why, code } => Self::Refused { why, code },
        }
    }
}
