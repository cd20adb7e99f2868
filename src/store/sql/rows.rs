use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pool::SqlRow;
use crate::domain::{Audience, ClientId, GrantId, Host, Role, Scope, SessionId, UserId};
use crate::store::{StoreError, UserRevision};
use crate::system::Timestamp;

/// A row, whose columns are read as the types of `domain`. A value that its type does not allow is
/// [`StoreError::BadRow`].
#[derive(Clone, Copy)]
pub(super) struct Columns<'r> {
    pub(super) row: &'r SqlRow,
    /// Named in errors.
    pub(super) table: &'static str,
}

impl<'r> Columns<'r> {
    pub(super) const fn of(row: &'r SqlRow, table: &'static str) -> Self {
        Self { row, table }
    }

    pub(super) const fn bad(&self, column: &'static str) -> StoreError {
        StoreError::BadRow { table: self.table, column }
    }

    /// The text in `column`, read with `parse`.
    pub(super) fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&'r str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.row.try_get(column)?).ok_or_else(|| self.bad(column))
    }

    /// Bytes in base64.
    pub(super) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.parsed(column, |text| STANDARD.decode(text).ok())
    }

    pub(super) fn user(&self, column: &'static str) -> Result<UserId, StoreError> {
        self.parsed(column, UserId::parse)
    }

    pub(super) fn session(&self, column: &'static str) -> Result<SessionId, StoreError> {
        self.parsed(column, SessionId::parse)
    }

    pub(super) fn grant(&self, column: &'static str) -> Result<GrantId, StoreError> {
        self.parsed(column, GrantId::parse)
    }

    pub(super) fn host(&self) -> Result<Host, StoreError> {
        self.parsed("host", |text| Host::parse(text).ok())
    }

    pub(super) fn client(&self) -> Result<ClientId, StoreError> {
        self.parsed("client", |text| ClientId::parse(text).ok())
    }

    pub(super) fn scope(&self) -> Result<Scope, StoreError> {
        self.parsed("scope", |text| Scope::parse(text).ok())
    }

    /// Roles with commas between them, which no role has; NULL: none.
    pub(super) fn role_list(&self) -> Result<BTreeSet<Role>, StoreError> {
        let text: Option<&str> = self.row.try_get("roles")?;
        let roles = text.unwrap_or_default().split(',').filter(|role| !role.is_empty());
        roles.map(|role| Role::parse(role).map_err(|_| self.bad("roles"))).collect()
    }

    /// `''` stands for no audience.
    pub(super) fn audience(&self) -> Result<Option<Audience>, StoreError> {
        self.parsed("audience", |text| {
            if text.is_empty() { Some(None) } else { Audience::parse(text).ok().map(Some) }
        })
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_millis(self.row.try_get(column)?))
    }

    pub(super) fn optional_time(
        &self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let millis: Option<i64> = self.row.try_get(column)?;
        Ok(millis.map(Timestamp::from_millis))
    }
}

/// What [`Columns::audience`] reads.
pub(super) fn audience_text(audience: Option<&Audience>) -> &str {
    audience.map_or("", Audience::as_str)
}

/// The column `role` of the rows of one user: a left join gives one row for each role, or a single
/// row with NULL.
pub(super) fn roles(rows: &[SqlRow]) -> Result<BTreeSet<Role>, StoreError> {
    let mut roles = BTreeSet::new();
    for row in rows {
        if let Some(role) = row.try_get::<Option<&str>>("role")? {
            let bad = |_| StoreError::BadRow { table: "user_roles", column: "role" };
            roles.insert(Role::parse(role).map_err(bad)?);
        }
    }
    Ok(roles)
}

/// The columns `version` and `role` of the rows of one user; `None`: there is no row.
pub(super) fn revision(rows: &[SqlRow]) -> Result<Option<UserRevision>, StoreError> {
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(UserRevision { version: row.try_get("version")?, roles: roles(rows)? }))
}

/// The column `id` of rows of `sessions`.
pub(super) fn session_ids(rows: &[SqlRow]) -> Result<Vec<SessionId>, StoreError> {
    rows.iter().map(|row| Columns::of(row, "sessions").session("id")).collect()
}
