//! Whose tables a database has.
use std::collections::BTreeSet;

use super::pool::Pool;
use super::query::query;
use super::schema::SCHEMA;
use crate::store::StoreError;

/// The migrator's table. Other programs that use the same migrator have one too.
const MIGRATED: &str = "_sqlx_migrations";

/// Refuses a database whose tables would be taken for ours and are another program's, before anything
/// is changed in it. Other tables of another program do no harm.
///
/// # Errors
///
/// [`StoreError::Foreign`] if it has tables of our names without our migrations.
pub(super) async fn refuse_foreign(database: &Pool) -> Result<(), StoreError> {
    let tables = tables(database).await?;
    if tables.contains(MIGRATED) {
        return if is_ours(database).await? { Ok(()) } else { Err(foreign([MIGRATED])) };
    }
    let names: BTreeSet<&str> = names().collect();
    let known: Vec<&str> =
        tables.iter().map(String::as_str).filter(|it| names.contains(it)).collect();
    if known.is_empty() { Ok(()) } else { Err(foreign(known)) }
}

/// Why a database whose schema is not this version's cannot be used by a command.
pub(super) async fn other(database: &Pool) -> StoreError {
    match described(database).await {
        Ok(error) | Err(error) => error,
    }
}

async fn described(database: &Pool) -> Result<StoreError, StoreError> {
    let tables = tables(database).await?;
    if tables.contains(MIGRATED) {
        let ours = is_ours(database).await?;
        return Ok(if ours { StoreError::OtherVersion } else { foreign([MIGRATED]) });
    }
    // Whose they are is of no interest: a start says more.
    let some = tables.iter().take(3).map(String::as_str);
    Ok(if tables.is_empty() { StoreError::Empty } else { foreign(some) })
}

fn foreign<'a>(tables: impl IntoIterator<Item = &'a str>) -> StoreError {
    StoreError::Foreign { tables: Vec::from_iter(tables).join(", ") }
}

async fn tables(database: &Pool) -> Result<BTreeSet<String>, StoreError> {
    let tables = match database {
        Pool::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Pool::Postgres(_) => {
            "SELECT tablename::TEXT AS name FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let rows = query(tables).fetch_all(database).await?;
    Ok(rows.iter().map(|row| row.try_get("name")).collect::<Result<_, _>>()?)
}

/// Whether the first migration is ours. Before it is done, the table is empty.
async fn is_ours(database: &Pool) -> Result<bool, StoreError> {
    let first = query("SELECT description FROM _sqlx_migrations ORDER BY version LIMIT 1");
    let first = first.fetch_optional(database).await?;
    let first: Option<String> = first.map(|row| row.try_get("description")).transpose()?;
    let ours = SCHEMA.first().map(|step| step.name);
    Ok(first.is_none_or(|first| Some(&*first) == ours))
}

/// The names of all tables that the migrations make.
fn names() -> impl Iterator<Item = &'static str> {
    let made = SCHEMA.iter().flat_map(|step| step.postgres.split("CREATE TABLE ").skip(1));
    made.filter_map(|rest| rest.split([' ', '(']).next())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_names_of_tables_are_read_from_the_migrations() {
        let names: Vec<_> = super::names().collect();
        for name in ["users", "sessions", "counters", "grants", "cells", "counter_totals"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }
}
