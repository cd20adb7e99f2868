//! What people can be reached at, encrypted, and the indexes by which it is found.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::database::SqlStore;
use super::pool::{SqlRow, SqlTransaction};
use super::query::{Executor, query};
use super::rows::Columns;
use super::user_lock::{LockedUser, UserOf, lock_user};
use crate::domain::{Identifier, KeyId, PhoneNumber, UserId};
use crate::store::{ContactKeys, StoreError};
use crate::system::Timestamp;

const TABLE: &str = "contacts";

pub(super) struct NewContact<'c> {
    pub(super) user: UserId,
    pub(super) identifier: &'c Identifier,
    /// When they first showed that it is theirs.
    pub(super) proved: Option<Timestamp>,
}

/// Inserts a contact. `false`: another user has it, and nothing of the transaction may be committed.
pub(super) async fn insert(
    tx: &mut SqlTransaction,
    keys: &ContactKeys,
    new: &NewContact<'_>,
) -> Result<bool, StoreError> {
    let (user, kind) = (new.user.to_string(), new.identifier.kind());
    let mut indexes = keys.indexes(new.identifier)?;
    // Two servers that insert the same ones wait for each other, but not in a circle.
    indexes.sort_by_key(|(_, index)| *index.as_bytes());
    for (secret, index) in indexes {
        let inserted = query(
            "INSERT INTO contact_indexes (digest, user_id, kind, secret) VALUES ($1, $2, $3, $4)
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(index.to_hex())
        .bind(&user)
        .bind(kind)
        .bind(i64::from(secret.0))
        .execute(&mut *tx)
        .await?;
        if inserted == 0 {
            return Ok(false);
        }
    }
    let sealed = keys.seal(new.user, new.identifier)?;
    query(
        "INSERT INTO contacts (user_id, kind, value, sealed_by, ending, proved)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&user)
    .bind(kind)
    .bind(STANDARD.encode(sealed.value))
    .bind(i64::from(sealed.sealed_by.0))
    .bind(sealed.ending.to_hex())
    .bind(new.proved.map(Timestamp::as_millis))
    .execute(&mut *tx)
    .await?;
    Ok(true)
}

/// Notes that a person showed that a contact is theirs, unless they did before.
pub(super) async fn record_proof(
    tx: &mut SqlTransaction,
    user: UserId,
    identifier: &Identifier,
    at: Timestamp,
) -> Result<(), StoreError> {
    query("UPDATE contacts SET proved = $1 WHERE user_id = $2 AND kind = $3 AND proved IS NULL")
        .bind(at.as_millis())
        .bind(user.to_string())
        .bind(identifier.kind())
        .execute(tx)
        .await?;
    Ok(())
}

/// The phone number in a row that has the columns `value` and `sealed_by` of a user's contact.
pub(super) fn read_phone(
    keys: &ContactKeys,
    row: &SqlRow,
    user: UserId,
) -> Result<PhoneNumber, StoreError> {
    let Identifier::Phone(phone) = read(keys, row, user, Identifier::PHONE)?;
    Ok(phone)
}

pub(super) fn read(
    keys: &ContactKeys,
    row: &SqlRow,
    user: UserId,
    kind: &str,
) -> Result<Identifier, StoreError> {
    let columns = Columns::of(row, TABLE);
    let sealed_by = u32::try_from(row.try_get::<i64>("sealed_by")?);
    let sealed_by = KeyId(sealed_by.map_err(|_| columns.bad("sealed_by"))?);
    keys.open(user, kind, (sealed_by, &columns.bytes("value")?))
}

impl SqlStore {
    /// The user with this contact. Whoever can write to the indexes alone leads nobody to another person:
    /// the contact itself is compared.
    pub(super) async fn find_user_of(
        &self,
        executor: &mut Executor<'_>,
        identifier: &Identifier,
    ) -> Result<Option<UserId>, StoreError> {
        for (_, index) in self.contacts.indexes(identifier)? {
            let row = query(
                "SELECT i.user_id, c.value, c.sealed_by FROM contact_indexes i
                 LEFT JOIN contacts c ON c.user_id = i.user_id AND c.kind = i.kind
                 WHERE i.digest = $1",
            )
            .bind(index.to_hex())
            .fetch_optional(executor.again())
            .await?;
            let Some(row) = row else { continue };
            let columns = Columns::of(&row, TABLE);
            let user = columns.user("user_id")?;
            if row.try_get::<Option<&str>>("value")?.is_none() {
                return Err(columns.bad("value"));
            }
            let found = read(&self.contacts, &row, user, identifier.kind())?;
            if found != *identifier {
                return Err(StoreError::BadRow { table: "contact_indexes", column: "user_id" });
            }
            return Ok(Some(user));
        }
        Ok(None)
    }

    /// Locks the row of the user with this contact, in a transaction that has written already.
    pub(super) async fn lock_by_contact(
        &self,
        tx: &mut SqlTransaction,
        identifier: &Identifier,
    ) -> Result<Option<LockedUser>, StoreError> {
        match self.find_user_of(&mut Executor::from(&mut *tx), identifier).await? {
            Some(user) => lock_user(tx, UserOf::Id(user)).await,
            None => Ok(None),
        }
    }

    /// Refuses where a contact is encrypted under a secret that this server does not have: somebody whom
    /// it does not find may be there all the same. A command without any secret finds nobody.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherSecret`].
    pub(super) async fn refuse_other_secrets(
        &self,
        executor: impl Into<Executor<'_>>,
    ) -> Result<(), StoreError> {
        if self.contacts.is_none() {
            return Ok(());
        }
        let (lowest, highest) = self.contacts.ids()?;
        // In the order of the index, so that none is read but those that are found: a planner that does not
        // know the values takes a third of the table for below them, and reads all of it.
        let other = query(
            "SELECT user_id FROM (SELECT user_id FROM contacts WHERE sealed_by < $1
                ORDER BY sealed_by LIMIT 1) AS below
             UNION ALL
             SELECT user_id FROM (SELECT user_id FROM contacts WHERE sealed_by > $2
                ORDER BY sealed_by LIMIT 1) AS above
             UNION ALL
             SELECT user_id FROM (SELECT user_id FROM contacts WHERE sealed_by > $1
                AND sealed_by < $2 ORDER BY sealed_by LIMIT 1) AS between_them",
        )
        .bind(i64::from(lowest.0))
        .bind(i64::from(highest.0))
        .fetch_optional(executor)
        .await?;
        other.map_or(Ok(()), |_| Err(StoreError::OtherSecret))
    }

    /// Creates a user with one contact, in a transaction that may have written nothing yet. `false`: another server created one with it just now. The
    /// transaction has to be rolled back, and done again.
    pub(super) async fn create_user(
        &self,
        tx: &mut SqlTransaction,
        new: &NewContact<'_>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.refuse_other_secrets(&mut *tx).await?;
        let Identifier::Phone(phone) = new.identifier;
        query("INSERT INTO users (id, created, test) VALUES ($1, $2, $3)")
            .bind(new.user.to_string())
            .bind(at.as_millis())
            .bind(i64::from(phone.is_test()))
            .execute(&mut *tx)
            .await?;
        insert(tx, &self.contacts, new).await
    }
}
