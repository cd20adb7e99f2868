//! Databases that are not ours: empty ones, and those of other programs.
use std::path::Path;

use doorcode::store::{Database, SqlStore, StoreError};
use sqlx::ConnectOptions as _;

use crate::support::contacts::contact_keys;
use crate::support::databases::{self, TestDatabase};

/// A database of either kind that exists.
async fn each() -> [TestDatabase; 2] {
    let (file, server) = (databases::sqlite().await, databases::postgresql().await);
    if let Database::Sqlite(path) = &file.database {
        create(path).await;
    }
    [file, server]
}

async fn create(path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.expect("a file");
}

async fn found(database: &TestDatabase) -> StoreError {
    SqlStore::open_existing(&database.database, contact_keys()).await.err().expect("not ours")
}

#[tokio::test]
async fn an_empty_database_is_told_as_one() {
    for database in each().await {
        let error = found(&database).await;
        assert!(matches!(error, StoreError::Empty), "{error}");
        database.run("CREATE TABLE notes (id TEXT)").await;
        let error = found(&database).await;
        assert!(error.to_string().contains("another program (notes)"), "{error}");
        // They do no harm: a start makes its own beside them.
        database.open().await.close().await;
        SqlStore::open_existing(&database.database, contact_keys())
            .await
            .expect("ours")
            .close()
            .await;
    }
}

#[tokio::test]
async fn tables_of_our_names_that_are_not_ours_are_refused_and_left_alone() {
    for database in each().await {
        database.run("CREATE TABLE sessions (sid TEXT); CREATE TABLE users (name TEXT)").await;
        let refused =
            SqlStore::open(&database.database, contact_keys()).await.err().expect("refused");
        let text = refused.to_string();
        assert!(matches!(refused, StoreError::Foreign { .. }), "{text}");
        assert!(text.contains("sessions, users"), "{text}");
        database.run("DROP TABLE sessions; DROP TABLE users").await;
        let error = found(&database).await;
        assert!(matches!(error, StoreError::Empty), "nothing was made: {error}");
    }
}

#[tokio::test]
async fn another_program_with_the_same_migrator_is_refused() {
    for database in each().await {
        database
            .run(
                "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, success BOOLEAN NOT NULL);
                 INSERT INTO _sqlx_migrations VALUES (1, 'invoices', TRUE)",
            )
            .await;
        for refused in [
            SqlStore::open(&database.database, contact_keys()).await.err().expect("refused"),
            found(&database).await,
        ] {
            assert!(matches!(refused, StoreError::Foreign { .. }), "{refused}");
        }
    }
}
