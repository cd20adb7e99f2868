//! Databases of tests, of either kind.
use std::future::{Ready, ready};
use std::path::PathBuf;
use std::sync::Arc;

use doorcode::store::{CellStore, Database, SqlCells, SqlStore};
use doorcode::system::System;
use sqlx::{PgConnection, Row as _, SqliteConnection};
use tempfile::TempDir;

use super::contacts::{contact_keys, keys_of};
use super::kept_cells::KeptCells;
use super::postgresql;
use super::tables::{Count, connect};

/// A database that is new and empty.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    pub(crate) place: Place,
}

pub(crate) enum Place {
    /// In this folder, which goes with it.
    Sqlite { _folder: TempDir },
    /// On the server that tests share, by this name.
    Postgresql(String),
}

/// A connection of the test's own.
pub(crate) enum Beside {
    Sqlite(SqliteConnection),
    Postgresql(PgConnection),
}

pub(crate) fn sqlite() -> Ready<TestDatabase> {
    let folder = TempDir::new().expect("a folder");
    let database = Database::Sqlite(folder.path().join("deeper/doorcode.db"));
    ready(TestDatabase { database, place: Place::Sqlite { _folder: folder } })
}

pub(crate) async fn postgresql() -> TestDatabase {
    let (database, name) = postgresql::shared().database().await;
    TestDatabase { database, place: Place::Postgresql(name) }
}

impl TestDatabase {
    pub(crate) async fn open(&self) -> SqlStore {
        SqlStore::open(&self.database, contact_keys()).await.expect("a database")
    }

    /// As a server with these secrets opens it, newest first.
    pub(crate) async fn open_with(&self, secrets: &[&str]) -> SqlStore {
        SqlStore::open(&self.database, keys_of(secrets)).await.expect("a database")
    }

    /// Leaves a database as the version before contacts did, its users without their numbers.
    pub(crate) async fn without_contacts(&self) {
        self.open().await.close().await;
        self.run(
            "DROP INDEX counters_by_end; DROP INDEX counters_given_back; DROP INDEX users_who_test;
             DROP TABLE texts; DROP TABLE attempt_history; DROP TABLE personal_access_tokens; DROP TABLE counter_totals; DROP TABLE counter_marks;
             DROP TABLE contacts; DROP TABLE contact_indexes; ALTER TABLE users ADD COLUMN phone TEXT;
             CREATE UNIQUE INDEX users_by_phone ON users (phone);
             DELETE FROM _sqlx_migrations WHERE version > 13;",
        )
        .await;
    }

    /// All that is in its files but for what PostgreSQL logs before it writes.
    pub(crate) async fn files(&self) -> Vec<u8> {
        let files = match self.connect().await {
            Beside::Sqlite(mut file) => {
                // All in one file, and nothing moves while it is read.
                let all = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)");
                all.execute(&mut file).await.expect("written");
                let Database::Sqlite(path) = &self.database else { panic!("no file") };
                let folder = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
                folder.map(|file| file.expect("a file").path()).collect()
            }
            Beside::Postgresql(mut server) => {
                sqlx::query("CHECKPOINT").execute(&mut server).await.expect("written");
                let files = "SELECT current_setting('data_directory') || '/' ||
                    pg_relation_filepath(oid) FROM pg_class
                    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')";
                let files = sqlx::query_scalar::<_, String>(files).fetch_all(&mut server).await;
                files.expect("files").into_iter().map(PathBuf::from).collect::<Vec<_>>()
            }
        };
        // SQLite deletes the files beside its own when the last connection ends.
        let read = |path: &PathBuf| std::fs::read(path).unwrap_or_default();
        files.iter().flat_map(read).collect()
    }

    pub(crate) async fn connect(&self) -> Beside {
        match (&self.place, &self.database) {
            (Place::Postgresql(name), _) => {
                Beside::Postgresql(postgresql::shared().connect(name).await)
            }
            (Place::Sqlite { .. }, Database::Sqlite(path)) => Beside::Sqlite(connect(path).await),
            (Place::Sqlite { .. }, Database::Postgres(_)) => panic!("a file at a server"),
        }
    }

    /// Changes it from outside, as no code of ours does.
    pub(crate) async fn run(&self, sql: &'static str) {
        let sql = sqlx::raw_sql(sql);
        match self.connect().await {
            Beside::Sqlite(mut file) => drop(sql.execute(&mut file).await.expect("done")),
            Beside::Postgresql(mut server) => drop(sql.execute(&mut server).await.expect("done")),
        }
    }

    pub(crate) async fn count(&self, count: Count) -> i64 {
        match self.connect().await {
            Beside::Sqlite(mut file) => count.of(&mut file).await,
            Beside::Postgresql(mut server) => {
                sqlx::query_scalar(count.sql()).fetch_one(&mut server).await.expect("a number")
            }
        }
    }

    /// A text and a number of each row.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<(String, Option<i64>)> {
        match self.connect().await {
            Beside::Sqlite(mut file) => {
                let rows = sqlx::query(sql).fetch_all(&mut file).await.expect("rows");
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
            Beside::Postgresql(mut server) => {
                let rows = sqlx::query(sql).fetch_all(&mut server).await.expect("rows");
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        }
    }
}

/// The cells of one database, as this many nodes have them.
pub(crate) async fn cells<const N: usize>(database: TestDatabase) -> [Arc<dyn CellStore>; N] {
    let database = Arc::new(database);
    let mut nodes: Vec<Arc<dyn CellStore>> = Vec::new();
    for _ in 0..N {
        let cells = SqlCells::new(Arc::new(database.open().await), System::real());
        nodes.push(Arc::new(KeptCells { cells, _keeps: Arc::clone(&database) as _ }));
    }
    nodes.try_into().unwrap_or_else(|_| panic!("as many as were made"))
}
