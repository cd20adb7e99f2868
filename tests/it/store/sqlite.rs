//! What holds for files alone.
use doorcode::store::{
    Database, GrantStore as _, LoginStore as _, SessionBinding, SqlStore, StoreError,
};
use sqlx::Connection as _;

use super::grants::{BEGIN, SPA, grant, id, login, refresh};
use super::refresh_tokens::{granted, look};
use crate::support::contacts::contact_keys;
use crate::support::databases::Beside;

#[tokio::test]
async fn what_has_nothing_to_write_does_not_wait_for_the_writer() {
    let (database, store) = granted().await;
    store.commit(&login(3, SessionBinding::Grant(grant(3)))).await.unwrap();
    store.revoke_grant(id(3), BEGIN).await.unwrap();
    let Beside::Sqlite(mut other) = database.connect().await else { panic!("no file") };
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(look(&store, 1, BEGIN).await, "good");
    assert!(store.find_refresh_token(&refresh(9, 9), &SPA, BEGIN).await.unwrap().is_none());
    for gone in [id(3), id(9)] {
        assert!(!store.revoke_grant(gone, BEGIN).await.unwrap());
    }
    store.revoke_grant(id(1), BEGIN).await.expect_err("the writer is taken");
    held.rollback().await.unwrap();
    assert!(store.revoke_grant(id(1), BEGIN).await.unwrap());
}

#[tokio::test]
async fn a_database_that_is_damaged_is_told_and_lets_nobody_in() {
    let database = super::database().await;
    let Database::Sqlite(path) = &database.database else { panic!("no file") };
    database.open().await.close().await;
    std::fs::write(path, "this is no database, but it is long enough to be looked at").unwrap();
    let opened = SqlStore::open(&database.database, contact_keys()).await;
    assert!(opened.is_err());
    let below_a_file = Database::Sqlite(path.join("doorcode.db"));
    let opened = SqlStore::open(&below_a_file, contact_keys()).await;
    assert!(matches!(opened.err(), Some(StoreError::Folder(_))));
}
