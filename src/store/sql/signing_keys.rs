use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::database::SqlStore;
use super::pool::SqlRow;
use super::query::query;
use super::rows::Columns;
use crate::domain::KeyId;
use crate::store::{KeyState, SigningKeyStore, StoreError, StoredKey};
use crate::system::{Timestamp, millis};

#[async_trait]
impl SigningKeyStore for SqlStore {
    async fn list_all(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = query(
            "SELECT kid, usage, algorithm, state, sealed, sealed_by, created, signed_from,
                 signed_until, wanted, longest
             FROM signing_keys ORDER BY created, kid",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_key).collect()
    }

    async fn list_unretired(&self) -> Result<Vec<StoredKey>, StoreError> {
        let mut keys = self.list_all().await?;
        keys.retain(|key| key.state != KeyState::Retired);
        Ok(keys)
    }

    async fn insert_if_absent(&self, key: &StoredKey) -> Result<bool, StoreError> {
        let added = query(
            "INSERT INTO signing_keys
                 (kid, usage, algorithm, state, sealed, sealed_by, created, signed_from, wanted,
                  longest)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        )
        .bind(&key.kid)
        .bind(&key.usage)
        .bind(&key.algorithm)
        .bind(key.state.as_str())
        .bind(STANDARD.encode(&key.sealed))
        .bind(i64::from(key.sealed_by.0))
        .bind(key.created.as_millis())
        .bind(key.signed_from.map(Timestamp::as_millis))
        .bind(key.last_used.as_millis())
        .bind(millis(key.longest_lifetime))
        .execute(&self.write)
        .await?;
        Ok(added == 1)
    }

    async fn record_use(
        &self,
        kid: &str,
        longest: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query(
            "UPDATE signing_keys SET wanted = $1,
                 longest = CASE WHEN longest < $2 THEN $2 ELSE longest END
             WHERE kid = $3",
        )
        .bind(now.as_millis())
        .bind(millis(longest))
        .bind(kid)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn promote(&self, next: &StoredKey, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        query(
            "UPDATE signing_keys SET state = $1, signed_until = $2
             WHERE usage = $3 AND algorithm = $4 AND state = $5",
        )
        .bind(KeyState::Published.as_str())
        .bind(now.as_millis())
        .bind(&next.usage)
        .bind(&next.algorithm)
        .bind(KeyState::Signing.as_str())
        .execute(&mut tx)
        .await?;
        let promoted = query(
            "UPDATE signing_keys SET state = $1, signed_from = $2
             WHERE kid = $3 AND state = $4 AND signed_from IS NULL",
        )
        .bind(KeyState::Signing.as_str())
        .bind(now.as_millis())
        .bind(&next.kid)
        .bind(KeyState::Published.as_str())
        .execute(&mut tx)
        .await?;
        // Both or neither: otherwise no key would sign.
        if promoted == 1 {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(())
    }

    async fn stop_signing(&self, key: &StoredKey, now: Timestamp) -> Result<(), StoreError> {
        query(
            "UPDATE signing_keys SET state = $1, signed_until = $2
             WHERE kid = $3 AND state = $4 AND wanted = $5",
        )
        .bind(KeyState::Published.as_str())
        .bind(now.as_millis())
        .bind(&key.kid)
        .bind(KeyState::Signing.as_str())
        .bind(key.last_used.as_millis())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn retire(&self, key: &StoredKey) -> Result<(), StoreError> {
        query(
            "UPDATE signing_keys SET state = $1, sealed = ''
             WHERE kid = $2 AND state = $3 AND wanted = $4",
        )
        .bind(KeyState::Retired.as_str())
        .bind(&key.kid)
        .bind(KeyState::Published.as_str())
        .bind(key.last_used.as_millis())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn reseal(&self, newer: &StoredKey, sealed_by: KeyId) -> Result<(), StoreError> {
        query(
            "UPDATE signing_keys SET sealed = $1, sealed_by = $2
             WHERE kid = $3 AND sealed_by = $4",
        )
        .bind(STANDARD.encode(&newer.sealed))
        .bind(i64::from(newer.sealed_by.0))
        .bind(&newer.kid)
        .bind(i64::from(sealed_by.0))
        .execute(&self.write)
        .await?;
        Ok(())
    }
}

fn read_key(row: &SqlRow) -> Result<StoredKey, StoreError> {
    let columns = Columns::of(row, "signing_keys");
    let sealed_by = u32::try_from(row.try_get::<i64>("sealed_by")?);
    let longest = u64::try_from(row.try_get::<i64>("longest")?);
    Ok(StoredKey {
        kid: row.try_get("kid")?,
        usage: row.try_get("usage")?,
        algorithm: row.try_get("algorithm")?,
        state: columns.parsed("state", KeyState::parse)?,
        sealed: columns.bytes("sealed")?,
        sealed_by: KeyId(sealed_by.map_err(|_| columns.bad("sealed_by"))?),
        created: columns.time("created")?,
        signed_from: columns.optional_time("signed_from")?,
        signed_until: columns.optional_time("signed_until")?,
        last_used: columns.time("wanted")?,
        longest_lifetime: Duration::from_millis(longest.map_err(|_| columns.bad("longest"))?),
    })
}
