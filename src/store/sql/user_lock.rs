use super::pool::SqlTransaction;
use super::query::query;
use super::rows::Columns;
use crate::domain::{RefreshFamilyDigest, SessionId, UserId};
use crate::store::StoreError;

/// Whose row is locked.
pub(super) enum UserOf<'of> {
    Id(UserId),
    Session(SessionId),
    Grant(&'of RefreshFamilyDigest),
}

/// A user whose row is locked until the transaction ends.
pub(super) struct LockedUser {
    pub(super) id: UserId,
    pub(super) blocked: bool,
}

macro_rules! lock {
    ($id:literal) => {
        concat!("UPDATE users SET version = version WHERE id = ", $id, " RETURNING id, blocked")
    };
}

/// Locks the row of a user, as everything does that ends sessions or blocks users: what is found out
/// about either afterwards holds until the transaction ends, at any isolation level. `None`: there is no
/// such user.
pub(super) async fn lock_user(
    tx: &mut SqlTransaction,
    of: UserOf<'_>,
) -> Result<Option<LockedUser>, StoreError> {
    let lock = match of {
        UserOf::Id(user) => query(lock!("$1")).bind(user.to_string()),
        UserOf::Session(session) => {
            query(lock!("(SELECT user_id FROM sessions WHERE id = $1)")).bind(session.to_string())
        }
        UserOf::Grant(family) => {
            query(lock!("(SELECT user_id FROM grants WHERE refresh_family = $1)"))
                .bind(family.to_hex())
        }
    };
    let Some(row) = lock.fetch_optional(tx).await? else { return Ok(None) };
    let columns = Columns::of(&row, "users");
    let blocked = columns.optional_time("blocked")?.is_some();
    Ok(Some(LockedUser { id: columns.user("id")?, blocked }))
}
