use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::database::SqlStore;
use super::pool::SqlRow;
use super::query::query;
use super::rows::Columns;
use crate::domain::{AttemptId, AttemptReference, KeyId};
use crate::store::{AttemptHistory, HistoryEntry, StoreError, StoredHistory};

const TABLE: &str = "attempt_history";

#[async_trait]
impl AttemptHistory for SqlStore {
    async fn add_history(&self, entries: &[HistoryEntry]) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for entry in entries {
            let phone = entry.phone.as_ref();
            let sealed = phone.map(|phone| self.contacts.seal_for_attempt(entry.attempt, phone));
            let (value, sealed_by) = sealed.transpose()?.unzip();
            query(
                "INSERT INTO attempt_history
                   (attempt, reference, at, n, text, phone, sealed_by, expires)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (attempt, at, n) DO NOTHING",
            )
            .bind(entry.attempt.to_string())
            .bind(AttemptReference::from(entry.attempt).to_string())
            .bind(entry.at.as_millis())
            .bind(entry.n)
            .bind(&entry.text)
            .bind(value.map(|value| STANDARD.encode(value)))
            .bind(sealed_by.map(|key: KeyId| i64::from(key.0)))
            .bind(entry.expires.as_millis())
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    async fn history(&self, reference: AttemptReference) -> Result<Vec<StoredHistory>, StoreError> {
        let rows = query(
            "SELECT attempt, at, text, phone, sealed_by FROM attempt_history
             WHERE reference = $1 ORDER BY attempt, at, n",
        )
        .bind(reference.to_string())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| self.read_history(row)).collect()
    }
}

impl SqlStore {
    fn read_history(&self, row: &SqlRow) -> Result<StoredHistory, StoreError> {
        let columns = Columns::of(row, TABLE);
        let attempt = columns.parsed("attempt", AttemptId::parse)?;
        let sealed: Option<String> = row.try_get("phone")?;
        let key: Option<i64> = row.try_get("sealed_by")?;
        let key = key.and_then(|key| u32::try_from(key).ok()).map(KeyId);
        let value = sealed.and_then(|sealed| STANDARD.decode(sealed).ok());
        let phone = key.zip(value).and_then(|(key, value)| {
            // A secret may be gone by now, which hides the number and nothing else.
            self.contacts.open_for_attempt(attempt, (key, &value)).ok()
        });
        let text = row.try_get("text")?;
        Ok(StoredHistory { attempt, at: columns.time("at")?, text, phone })
    }
}
