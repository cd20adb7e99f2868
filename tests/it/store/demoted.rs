//! A PostgreSQL that was the primary and takes no writes any more, while its connections stay open.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{AttemptKey, Secret};
use doorcode::store::{CellKey, CellStore as _, Database, PostgresServer, SqlCells, SqlStore};
use doorcode::system::System;
use sqlx::AssertSqlSafe;

use crate::support::contacts::contact_keys;
use crate::support::postgresql::{Server, server_at};

const LONG: Duration = Duration::from_mins(5);

async fn set_read_only(server: &Server, setting: &str) {
    let mut other = server.connect("postgres").await;
    let set = format!("ALTER SYSTEM SET default_transaction_read_only = {setting}");
    sqlx::query(AssertSqlSafe(set)).execute(&mut other).await.expect("set");
    sqlx::query("SELECT pg_reload_conf()").execute(&mut other).await.expect("loaded");
    // Each process of the server reads its settings when it comes to it.
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Two servers with a database of one name, and a store over both.
async fn two() -> ([Server; 2], Arc<SqlStore>) {
    let servers = [Server::start(), Server::start()];
    let mut hosts = Vec::new();
    for server in &servers {
        let mut other = server.connect("postgres").await;
        sqlx::query("CREATE DATABASE both_have").execute(&mut other).await.expect("a database");
        let host = format!("127.0.0.1:{}", server.port());
        let own = Database::Postgres(server_at(&host, "both_have"));
        SqlStore::open(&own, contact_keys()).await.expect("a database").close().await;
        hosts.push(host);
    }
    let both = Database::Postgres(server_at(&hosts.join(","), "both_have"));
    let store = SqlStore::open(&both, contact_keys()).await.expect("the first host");
    (servers, Arc::new(store))
}

#[tokio::test]
async fn a_demoted_server_is_left_for_the_next_host_although_its_connections_are_open() {
    let (servers, store) = two().await;
    let cells = SqlCells::new(Arc::clone(&store), System::real());
    let key = CellKey::attempt(AttemptKey::from_bytes([1; 32]));
    assert!(cells.swap(&key, None, Some(b"1"), LONG).await.expect("the first host"));
    set_read_only(&servers[0], "on").await;
    // In a transaction.
    let refused = store.clean_up(System::real().now()).await.expect_err("no writes");
    assert!(!refused.to_string().contains("at line"), "{refused}");
    let mut moved = false;
    for _ in 0..5 {
        moved |= cells.swap(&key, None, Some(b"2"), LONG).await.is_ok_and(|swapped| swapped);
    }
    assert!(moved, "the second host has no such cell");
    // And back, by a statement alone.
    set_read_only(&servers[0], "off").await;
    set_read_only(&servers[1], "on").await;
    let mut found = None;
    for n in 0..8_u8 {
        let one = CellKey::attempt(AttemptKey::from_bytes([10 + n; 32]));
        if cells.swap(&one, None, Some(b"3"), LONG).await.is_ok() {
            found = cells.get(&key).await.ok().flatten();
        }
    }
    assert_eq!(found.as_deref(), Some(&b"1"[..]));
}

#[tokio::test]
async fn what_postgresql_says_is_told_without_the_line_of_its_source() {
    let port = crate::support::postgresql::shared().port();
    let url = format!("postgres://tests@127.0.0.1:{port}/postgres?sslmode=disable");
    let server = PostgresServer::parse(&url).expect("a URL");
    let server = server.with_password(&Secret::new("wrong"));
    crate::support::postgresql::shared().connect("postgres").await;
    let refused =
        SqlStore::open(&Database::Postgres(server), contact_keys()).await.err().expect("no entry");
    let text = refused.to_string();
    assert!(text.contains("password authentication failed"), "{text}");
    assert!(!text.contains("at line"), "{text}");
}
