//! Copies what lasts from one database to another, whatever kinds they are.
use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqlitePool;

use super::copied_tables::ColumnType::{self, Number, Text};
use super::copied_tables::{CopiedTable, TABLES};
use super::database::SqlStore;
use super::pool::{Pool, SqlRow};
use super::query::{SqlValue, query};
use crate::domain::sha256;
use crate::store::StoreError;

/// Rows that are written in one statement.
const BATCH: usize = 200;

/// How far a copy of the database, or a change of its rows, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreProgress {
    pub table: &'static str,
    /// Rows that were read.
    pub done: u64,
    pub all: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the database that is copied to is in use: it must be empty, or one that a copy was begun to"
    )]
    InUse,
    #[error(
        "the databases differ in the table `{0}` after the copy: stop the servers of both, empty the \
         database that is copied to, and copy again"
    )]
    Differs(&'static str),
}

/// The rows of a table, in whatever order: how many, and the sum of their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Contents {
    rows: u64,
    sum: [u64; 4],
}

impl Contents {
    fn add(&mut self, row: &[SqlValue]) {
        self.rows += 1;
        let digest = sha256(&canonical(row));
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(part);
            *sum = sum.wrapping_add(u64::from_be_bytes(bytes));
        }
    }
}

/// Each value with its type and length, so that no two rows are written alike.
fn canonical(row: &[SqlValue]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in row {
        let (kind, text) = match value {
            SqlValue::Text(None) | SqlValue::Number(None) => (b'0', String::new()),
            SqlValue::Text(Some(text)) => (b't', text.clone()),
            SqlValue::Number(Some(number)) => (b'n', number.to_string()),
            SqlValue::Flag(flag) => (b'f', flag.to_string()),
        };
        bytes.push(kind);
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.into_bytes());
    }
    bytes
}

/// Copies all that lasts, and compares both sides afterwards. What was copied by an earlier run that was
/// interrupted is passed over. Returns the number of rows.
///
/// # Errors
///
/// If either database fails, or they differ in the end.
pub async fn copy(
    from: &SqlStore,
    to: &SqlStore,
    progress: &mut (dyn FnMut(StoreProgress) + Send),
) -> Result<u64, CopyError> {
    begin(to).await?;
    let mut rows = 0;
    for table in TABLES {
        rows += copy_table(table, from, to, progress).await?;
    }
    for table in TABLES {
        let mut sides = [Contents::default(); 2];
        for (side, store) in sides.iter_mut().zip([from, to]) {
            each(table, store, async |row| {
                side.add(&row);
                Ok(())
            })
            .await?;
        }
        if sides[0] != sides[1] {
            return Err(CopyError::Differs(table.name));
        }
    }
    Ok(rows)
}

/// Marks a database as one that is copied to.
async fn begin(to: &SqlStore) -> Result<(), CopyError> {
    let users = query("SELECT id FROM users LIMIT 1").fetch_optional(&to.write).await?;
    let counter = query("SELECT one FROM change_counter").fetch_optional(&to.write).await?;
    if counter.is_some() && users.is_some() {
        return Err(CopyError::InUse);
    }
    query("DELETE FROM change_counter").execute(&to.write).await?;
    Ok(())
}

async fn copy_table(
    table: &'static CopiedTable,
    from: &SqlStore,
    to: &SqlStore,
    progress: &mut (dyn FnMut(StoreProgress) + Send),
) -> Result<u64, CopyError> {
    let count = format!("SELECT CAST(COUNT(*) AS BIGINT) AS number FROM {}", table.name);
    let row = query(AssertSqlSafe(count)).fetch_one(&from.read).await?;
    let all = u64::try_from(row.try_get::<i64>("number").map_err(StoreError::from)?).unwrap_or(0);
    let (mut batch, mut done) = (Vec::new(), 0);
    progress(StoreProgress { table: table.name, done, all });
    each(table, from, async |row| {
        batch.push(row);
        done += 1;
        if batch.len() == BATCH {
            insert(table, to, std::mem::take(&mut batch)).await?;
            progress(StoreProgress { table: table.name, done, all });
        }
        Ok(())
    })
    .await?;
    insert(table, to, batch).await?;
    progress(StoreProgress { table: table.name, done, all });
    Ok(done)
}

/// Shows each row of a table to `show`.
async fn each(
    table: &CopiedTable,
    store: &SqlStore,
    show: impl AsyncFnMut(Vec<SqlValue>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let select = format!("SELECT {} FROM {}", names.join(", "), table.name);
    match &store.read {
        Pool::Sqlite(pool) => each_of_sqlite(table, pool, select, show).await,
        Pool::Postgres(postgres) => {
            // Without the limit for other statements.
            let mut connection = postgres.pool.acquire().await?.detach();
            sqlx::query("SET statement_timeout = 0").execute(&mut connection).await?;
            each_of_postgres(table, &mut connection, select, show).await
        }
    }
}

async fn each_of_sqlite(
    table: &CopiedTable,
    pool: &SqlitePool,
    select: String,
    mut show: impl AsyncFnMut(Vec<SqlValue>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        show(values(table, &SqlRow::Sqlite(row))?).await?;
    }
    Ok(())
}

async fn each_of_postgres(
    table: &CopiedTable,
    connection: &mut PgConnection,
    select: String,
    mut show: impl AsyncFnMut(Vec<SqlValue>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        show(values(table, &SqlRow::Postgres(row))?).await?;
    }
    Ok(())
}

fn values(table: &CopiedTable, row: &SqlRow) -> Result<Vec<SqlValue>, StoreError> {
    let value = |(name, kind): &(&'static str, ColumnType)| {
        Ok(match kind {
            Text => SqlValue::Text(row.try_get(name)?),
            Number => SqlValue::Number(row.try_get(name)?),
        })
    };
    table.columns.iter().map(value).collect()
}

/// Inserts rows, but for those that are there.
async fn insert(
    table: &CopiedTable,
    to: &SqlStore,
    rows: Vec<Vec<SqlValue>>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let width = table.columns.len();
    let places = |row: usize| {
        let numbers = (1..=width).map(|column| format!("${}", row * width + column));
        format!("({})", numbers.collect::<Vec<_>>().join(", "))
    };
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES {} ON CONFLICT DO NOTHING",
        table.name,
        names.join(", "),
        (0..rows.len()).map(places).collect::<Vec<_>>().join(", ")
    );
    let insert = query(AssertSqlSafe(sql));
    let insert = rows.into_iter().flatten().fold(insert, super::query::Query::bind);
    insert.execute(&to.write).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TABLES;
    use crate::store::{ContactKeys, Database, SqlStore};
    use crate::system::System;

    /// What servers share for a day at most, and what a database says of itself.
    const LEFT_OUT: [&str; 5] =
        ["_sqlx_migrations", "nodes", "cells", "counter_totals", "counter_marks"];

    #[tokio::test]
    async fn every_column_of_every_table_that_lasts_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("test.db"));
        let store = SqlStore::open(&database, ContactKeys::none(System::real())).await.unwrap();
        let columns = "SELECT t.name AS of, c.name AS name FROM sqlite_master t
             JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
        let rows = super::query(columns).fetch_all(&store.read).await.unwrap();
        let text = |row: &super::SqlRow, column| row.try_get::<String>(column).unwrap();
        let there: BTreeSet<(String, String)> = rows
            .iter()
            .map(|row| (text(row, "of"), text(row, "name")))
            .filter(|(table, _)| !LEFT_OUT.contains(&table.as_str()))
            .collect();
        let copied: BTreeSet<(String, String)> = TABLES
            .iter()
            .flat_map(|table| table.columns.iter().map(|(name, _)| (table.name, *name)))
            .map(|(table, name)| (table.to_owned(), name.to_owned()))
            .collect();
        assert_eq!(copied, there);
    }
}
