//! Statements, in the SQL that both databases understand.
use sqlx::postgres::{PgArguments, PgConnection, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqlitePool};
use sqlx::{SqlSafeStr, SqlStr};

use super::pool::{Pool, SqlRow, SqlTransaction};
use super::postgres::{PostgresPool, in_time};
use crate::store::StoreError;

/// A statement with the values of its parameters, `$1` first.
pub(super) struct Query {
    sql: SqlStr,
    values: Vec<SqlValue>,
}

/// The value of a parameter. The types of values are those of the columns: PostgreSQL converts none.
pub(super) enum SqlValue {
    Text(Option<String>),
    Number(Option<i64>),
    Flag(bool),
}

pub(super) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

/// Where a statement runs.
pub(super) enum Executor<'e> {
    SqlitePool(&'e SqlitePool),
    Sqlite(&'e mut SqliteConnection),
    PostgresPool(&'e PostgresPool),
    Postgres(&'e mut PgConnection, &'e PostgresPool),
}

impl Executor<'_> {
    /// The same, for one statement.
    pub(super) fn again(&mut self) -> Executor<'_> {
        match self {
            Self::SqlitePool(pool) => Executor::SqlitePool(pool),
            Self::Sqlite(one) => Executor::Sqlite(one),
            Self::PostgresPool(pool) => Executor::PostgresPool(pool),
            Self::Postgres(one, pool) => Executor::Postgres(one, pool),
        }
    }
}

/// Runs a query by a method of sqlx's.
macro_rules! run {
    ($query:expr, $executor:expr, $method:ident) => {
        match $executor.into() {
            Executor::SqlitePool(pool) => Ran::Sqlite($query.sqlite().$method(pool).await?),
            Executor::Sqlite(one) => Ran::Sqlite($query.sqlite().$method(one).await?),
            Executor::PostgresPool(postgres) => {
                Ran::Postgres(postgres.ask($query.postgres().$method(&postgres.pool)).await?)
            }
            Executor::Postgres(one, pool) => {
                Ran::Postgres(pool.observe(in_time($query.postgres().$method(one)).await)?)
            }
        }
    };
}

/// What came of a statement, by database.
enum Ran<S, P> {
    Sqlite(S),
    Postgres(P),
}

impl Query {
    pub(super) fn bind(mut self, value: impl Into<SqlValue>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Returns the number of rows that were changed.
    pub(super) async fn execute<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<u64, StoreError> {
        Ok(match run!(self, executor, execute) {
            Ran::Sqlite(done) => done.rows_affected(),
            Ran::Postgres(done) => done.rows_affected(),
        })
    }

    pub(super) async fn fetch_all<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Vec<SqlRow>, StoreError> {
        Ok(match run!(self, executor, fetch_all) {
            Ran::Sqlite(rows) => rows.into_iter().map(SqlRow::Sqlite).collect(),
            Ran::Postgres(rows) => rows.into_iter().map(SqlRow::Postgres).collect(),
        })
    }

    pub(super) async fn fetch_one<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<SqlRow, StoreError> {
        Ok(match run!(self, executor, fetch_one) {
            Ran::Sqlite(row) => SqlRow::Sqlite(row),
            Ran::Postgres(row) => SqlRow::Postgres(row),
        })
    }

    pub(super) async fn fetch_optional<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Option<SqlRow>, StoreError> {
        Ok(match run!(self, executor, fetch_optional) {
            Ran::Sqlite(row) => row.map(SqlRow::Sqlite),
            Ran::Postgres(row) => row.map(SqlRow::Postgres),
        })
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        let query = sqlx::query::<Sqlite>(self.sql);
        self.values.into_iter().fold(query, |query, value| match value {
            SqlValue::Text(text) => query.bind(text),
            SqlValue::Number(number) => query.bind(number),
            SqlValue::Flag(flag) => query.bind(flag),
        })
    }

    fn postgres(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        let query = sqlx::query::<Postgres>(self.sql);
        self.values.into_iter().fold(query, |query, value| match value {
            SqlValue::Text(text) => query.bind(text),
            SqlValue::Number(number) => query.bind(number),
            SqlValue::Flag(flag) => query.bind(flag),
        })
    }
}

impl<'e> From<&'e Pool> for Executor<'e> {
    fn from(pool: &'e Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::SqlitePool(pool),
            Pool::Postgres(pool) => Self::PostgresPool(pool),
        }
    }
}

impl<'e> From<&'e mut SqlTransaction> for Executor<'e> {
    fn from(transaction: &'e mut SqlTransaction) -> Self {
        match transaction {
            SqlTransaction::Sqlite(transaction) => Self::Sqlite(transaction),
            SqlTransaction::Postgres(transaction, pool) => Self::Postgres(transaction, pool),
        }
    }
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for SqlValue {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for SqlValue {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&Option<String>> for SqlValue {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for SqlValue {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for SqlValue {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for SqlValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
