//! Connections to either database. Everything else in `store::sql` is written once for both.
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{ColumnIndex, Decode, Postgres, Row as _, Sqlite, Type};

use super::notifications;
use super::postgres::{PostgresPool, in_time};
use crate::store::StoreError;

/// A pool of connections.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PostgresPool),
}

/// A transaction. Rolled back unless it is committed.
pub(super) enum SqlTransaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>, PostgresPool),
}

/// A row of a result.
pub(super) enum SqlRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Pool {
    pub(super) async fn begin(&self) -> Result<SqlTransaction, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => SqlTransaction::Sqlite(pool.begin().await?),
            Self::Postgres(postgres) => {
                let transaction = postgres.ask(postgres.pool.begin()).await?;
                SqlTransaction::Postgres(transaction, postgres.clone())
            }
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(postgres) => postgres.pool.close().await,
        }
    }
}

impl SqlTransaction {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.commit().await?),
            Self::Postgres(transaction, pool) => pool.observe(in_time(transaction.commit()).await),
        }
    }

    /// Tells other servers, once the transaction is committed, that there are changes. Those of SQLite
    /// look for themselves.
    pub(super) async fn notify(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction, _) => notifications::notify(transaction).await,
        }
    }

    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.rollback().await?),
            Self::Postgres(transaction, _) => in_time(transaction.rollback()).await,
        }
    }
}

impl SqlRow {
    /// The value of a column.
    pub(super) fn try_get<'r, T>(&'r self, column: &str) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
        for<'c> &'c str: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}
