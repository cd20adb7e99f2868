use std::time::Duration;

use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqlitePool;

use super::plain_numbers;
use super::pool::Pool;
use super::postgres::PostgresPool;
use super::query::query;
use super::schema::{SCHEMA, SchemaStep, WITHOUT_PLAIN_NUMBERS};
use crate::store::{ContactKeys, StoreError};

/// How often PostgreSQL is asked for a lock that a server which migrates, or works, holds; each time
/// for two seconds.
const LOCK_ATTEMPTS: usize = 60;
const LOCK_INTERVAL: Duration = Duration::from_millis(500);
/// `lock_not_available` (PostgreSQL documentation, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// Of servers that start at once, one holds it while it migrates: the ASCII codes of "doorcode".
const ADVISORY_LOCK: i64 = i64::from_be_bytes(*b"doorcode");

/// Applies the migrations that a database lacks, each in a transaction of its own, and encrypts the
/// numbers that former versions wrote. Of servers that start at once one does it, and the others wait.
/// A migration gives up a lock that it does not get soon, so that servers which run never queue behind
/// it.
pub(super) async fn run(database: &Pool, contacts: &ContactKeys) -> Result<(), StoreError> {
    let postgres = match database {
        Pool::Sqlite(pool) => return migrate_sqlite(database, pool, contacts).await,
        Pool::Postgres(postgres) => postgres,
    };
    postgres.opening.migrates();
    let mut attempts = LOCK_ATTEMPTS;
    let migrated = loop {
        attempts -= 1;
        match postgres.observe(migrate_postgres(database, postgres, contacts).await) {
            Err(error) if attempts > 0 && is_locked(&error) => {
                tokio::time::sleep(LOCK_INTERVAL).await;
            }
            result => break result,
        }
    };
    postgres.opening.ends();
    migrated
}

async fn migrate_sqlite(
    database: &Pool,
    pool: &SqlitePool,
    contacts: &ContactKeys,
) -> Result<(), StoreError> {
    let sqlite = |step: &SchemaStep| step.sqlite;
    if has_plain_numbers(database).await? {
        migrator(sqlite, before_numbers_are_encrypted).run(pool).await?;
        plain_numbers::encrypt(database, contacts).await?;
    }
    // A table that others refer to is made anew, and what is deleted is overwritten.
    let mut connection = pool.acquire().await?;
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *connection).await?;
    sqlx::query("PRAGMA secure_delete = ON").execute(&mut *connection).await?;
    let done = migrator(sqlite, |_| true).run(&mut *connection).await;
    sqlx::query("PRAGMA secure_delete = OFF").execute(&mut *connection).await?;
    sqlx::query("PRAGMA foreign_keys = ON").execute(&mut *connection).await?;
    Ok(done?)
}

/// On a connection of its own, whose statements may take longer than others but wait less for locks.
async fn migrate_postgres(
    database: &Pool,
    postgres: &PostgresPool,
    contacts: &ContactKeys,
) -> Result<(), StoreError> {
    let mut connection = postgres.pool.acquire().await?.detach();
    sqlx::query("SET lock_timeout = '2s'").execute(&mut connection).await?;
    sqlx::query("SET statement_timeout = 0").execute(&mut connection).await?;
    // Until the connection is closed.
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(ADVISORY_LOCK);
    lock.execute(&mut connection).await?;
    let sql = |step: &SchemaStep| step.postgres;
    if has_plain_numbers(database).await? {
        migrator(sql, before_numbers_are_encrypted).run(&mut connection).await?;
        plain_numbers::encrypt(database, contacts).await?;
    }
    migrator(sql, |_| true).run(&mut connection).await?;
    Ok(connection.close().await?)
}

fn is_locked(error: &StoreError) -> bool {
    let (StoreError::Database(error)
    | StoreError::Migration(
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
    )) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

/// Of the steps that `which` chooses.
fn migrator(sql: fn(&SchemaStep) -> &'static str, which: fn(&SchemaStep) -> bool) -> Migrator {
    let migration = |step: &SchemaStep| {
        let sql = sqlx::SqlSafeStr::into_sql_str(sql(step));
        Migration::new(step.version, step.name.into(), MigrationType::Simple, sql, false)
    };
    let chosen = SCHEMA.iter().filter(|step| which(step));
    Migrator::with_migrations(chosen.map(migration).collect())
}

const fn before_numbers_are_encrypted(step: &SchemaStep) -> bool {
    step.version < WITHOUT_PLAIN_NUMBERS
}

/// Whether the database is of a version that writes numbers as they are, or is new.
async fn has_plain_numbers(database: &Pool) -> Result<bool, StoreError> {
    Ok(applied(database).await?.is_none_or(|done| !done.contains(&WITHOUT_PLAIN_NUMBERS)))
}

/// Whether exactly these migrations were applied to a database, all of them completely.
pub(super) async fn are_done(database: &Pool) -> Result<bool, StoreError> {
    let done = applied(database).await?.unwrap_or_default();
    Ok(done.into_iter().eq(SCHEMA.iter().map(|step| step.version)))
}

/// Refuses a database whose migrations were other ones than those of this program, as the start of a server
/// does: they are as many, and have the same versions.
///
/// # Errors
///
/// [`StoreError::Migration`].
pub(super) async fn refuse_changed(database: &Pool) -> Result<(), StoreError> {
    let sql: fn(&SchemaStep) -> &'static str = match database {
        Pool::Sqlite(_) => |step| step.sqlite,
        Pool::Postgres(_) => |step| step.postgres,
    };
    let ours = migrator(sql, |_| true);
    let query = query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version");
    for row in query.fetch_all(database).await? {
        let (version, theirs): (i64, Vec<u8>) = (row.try_get("version")?, row.try_get("checksum")?);
        let own = ours.iter().find(|own| own.version == version);
        if own.is_some_and(|own| own.checksum[..] != theirs[..]) {
            return Err(MigrateError::VersionMismatch(version).into());
        }
    }
    Ok(())
}

/// The versions that were applied completely, in order; `None`: the migrator's table is missing, as it
/// is where the first migration was interrupted.
async fn applied(database: &Pool) -> Result<Option<Vec<i64>>, StoreError> {
    let kept = match database {
        Pool::Sqlite(_) => "SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'",
        Pool::Postgres(_) => {
            "SELECT tablename FROM pg_tables
             WHERE tablename = '_sqlx_migrations' AND schemaname = current_schema()"
        }
    };
    if query(kept).fetch_optional(database).await?.is_none() {
        return Ok(None);
    }
    let done = query("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version");
    let done = done.fetch_all(database).await?;
    Ok(Some(done.iter().map(|row| row.try_get("version")).collect::<Result<_, _>>()?))
}
