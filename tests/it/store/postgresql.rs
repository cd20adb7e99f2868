//! What holds for PostgreSQL alone: transactions at once, servers that start at once, and faults.
use std::time::Duration;

use doorcode::domain::TokenDigest;
use doorcode::store::{
    Database, GrantState, GrantStore as _, InsertedToken, LoginOutcome, LoginStore as _,
    MaskedSuccessor, PersonalTokenStore as _, PostgresServer, RedeemedCode, RefreshRotation,
    RefreshSuccessor, RefreshTokenState, SessionStore as _, SqlStore, StoreError, UserStore as _,
};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::grants::{
    BEGIN, CODE, SPA, code, grant, host, is_good, login, phone, refresh, session, store, token,
};
use super::personal_tokens::new_token;
use crate::support::contacts::contact_keys;
use crate::support::databases::{Beside, TestDatabase};
use crate::support::ports::free_port;
use crate::support::postgresql::{Server, server_at};
use crate::support::tables::{migrations, sessions};

async fn beside(database: &TestDatabase) -> PgConnection {
    let Beside::Postgresql(connection) = database.connect().await else { panic!("a file") };
    connection
}

/// What is asked of the store while somebody is being blocked, and whether it was given.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Grant,
    Redemption,
    Rotation,
    Token,
    PersonalToken,
    Login,
}

impl Asked {
    const ALL: [Self; 6] = [
        Self::Grant,
        Self::Redemption,
        Self::Rotation,
        Self::Token,
        Self::PersonalToken,
        Self::Login,
    ];

    async fn is_given(self, store: &SqlStore) -> bool {
        match self {
            Self::Grant => {
                let state = store.create_grant(session(1), &grant(3), BEGIN).await.unwrap();
                matches!(state, GrantState::Active(_))
            }
            Self::Redemption => {
                let redeemed = store.redeem_code(&CODE, Some(&grant(4)), BEGIN, BEGIN).await;
                matches!(redeemed.unwrap(), RedeemedCode::Redeemed(GrantState::Active(_)))
            }
            Self::Rotation => {
                let (digest, masked) = (refresh(1, 2).present, MaskedSuccessor([2; 32]));
                let next = Some(RefreshSuccessor { digest, masked, overlap_end: BEGIN });
                let rotation =
                    RefreshRotation { client: &SPA, token: &refresh(1, 1), next, at: BEGIN };
                let rotated = store.rotate_refresh_token(&rotation).await.unwrap().unwrap();
                rotated.state == RefreshTokenState::Active
            }
            Self::Token => {
                let token = TokenDigest::from_bytes([8; 32]);
                store.add_token(session(1), &token, &host("b.example"), BEGIN).await.unwrap()
            }
            Self::PersonalToken => {
                let token = new_token(8);
                let inserted = store.insert_personal_token(session(1), &token, 5, BEGIN).await;
                inserted.unwrap() == InsertedToken::Inserted
            }
            Self::Login => {
                let outcome = store.commit(&login(9, token(9))).await.unwrap();
                matches!(outcome, LoginOutcome::Begun { .. })
            }
        }
    }
}

/// PostgreSQL shows a transaction what was committed before each of its statements: without a lock, a
/// block could come between what is found out and what follows from it.
#[tokio::test]
async fn what_is_asked_for_while_a_block_is_under_way_waits_and_is_refused() {
    for asked in Asked::ALL {
        let (database, store) = store().await;
        store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
        store.insert_code(&code()).await.unwrap();
        let mut other = beside(&database).await;
        let mut block = other.begin().await.unwrap();
        sqlx::query("UPDATE users SET blocked = 1").execute(&mut *block).await.unwrap();
        let ended = sqlx::query("UPDATE sessions SET ended = 1");
        let (given, ()) = tokio::join!(asked.is_given(&store), async {
            // Long enough for what does not wait.
            tokio::time::sleep(Duration::from_millis(200)).await;
            ended.execute(&mut *block).await.unwrap();
            block.commit().await.unwrap();
        });
        assert!(!given, "{asked:?}");
        if let Asked::Grant | Asked::Redemption = asked {
            assert!(!is_good(&store, 3).await && !is_good(&store, 4).await);
        }
    }
}

/// The other way round: a block that comes while something is given waits for it, and takes it back.
#[tokio::test]
async fn a_block_waits_for_what_is_being_given_and_takes_it_back() {
    let (database, store) = store().await;
    let mut other = beside(&database).await;
    let mut giving = other.begin().await.unwrap();
    sqlx::query("UPDATE users SET version = version").execute(&mut *giving).await.unwrap();
    let identifier = phone().into();
    let (blocked, ()) = tokio::join!(store.set_blocked(&identifier, true, BEGIN), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let inserted = "INSERT INTO sessions (id, user_id, kind, created, last_seen, expires)
             SELECT '07070707070707070707070707070707', id, 'browser', 0, 0, 9 FROM users";
        sqlx::query(inserted).execute(&mut *giving).await.unwrap();
        giving.commit().await.unwrap();
    });
    blocked.unwrap();
    let open = database.count(sessions::OPEN).await;
    assert_eq!(open, 0, "the session that was being given has ended too");
}

#[tokio::test]
async fn ten_servers_that_start_at_once_migrate_once() {
    let database = super::database().await;
    let stores =
        join_all((0..10).map(|_| SqlStore::open(&database.database, contact_keys()))).await;
    for store in stores {
        store.expect("a database").ping().await.unwrap();
    }
    let newest = database.count(migrations::NEWEST).await;
    let all =
        database.rows("SELECT version::text, COUNT(*) FROM _sqlx_migrations GROUP BY 1").await;
    assert!(all.iter().any(|(version, _)| *version == newest.to_string()), "{newest}");
    assert!(all.iter().all(|(_, count)| *count == Some(1)), "{all:?}");
}

#[tokio::test]
async fn a_migration_waits_for_what_others_do_and_holds_nobody_up_meanwhile() {
    let (database, store) = store().await;
    database
        .run(
            "DELETE FROM _sqlx_migrations WHERE version = 11;
        ALTER TABLE grants DROP COLUMN refresh_former, DROP COLUMN refresh_masked,
          DROP COLUMN overlap_end;",
        )
        .await;
    let mut other = beside(&database).await;
    let mut reading = other.begin().await.unwrap();
    sqlx::query("SELECT COUNT(*) FROM grants").execute(&mut *reading).await.unwrap();
    let (opened, ()) = tokio::join!(SqlStore::open(&database.database, contact_keys()), async {
        // It does not queue for ever before those who read, which would hold up all who come after.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            sqlx::query("SELECT COUNT(*) FROM grants").execute(&mut *reading).await.unwrap();
        }
        reading.commit().await.unwrap();
    });
    opened.expect("migrated").close().await;
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    assert!(is_good(&store, 1).await);
}

#[tokio::test]
async fn connections_that_are_cut_are_replaced() {
    let (database, store) = store().await;
    let mut other = beside(&database).await;
    let mut failed = 0;
    for n in 2..12 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&mut other).await.unwrap();
        let done = store.commit(&login(n, token(n))).await;
        failed += u8::from(done.is_err());
    }
    assert!(failed < 10, "none got through");
    store.commit(&login(20, token(20))).await.expect("nobody cuts any more");
    assert!(store.find(&TokenDigest::from_bytes([20; 32])).await.unwrap().is_some());
}

/// A server that hangs, as one that is stopped does: its connections stay open, and nothing comes.
#[tokio::test]
async fn a_server_that_hangs_is_told_in_time_and_is_used_again() {
    let server = Server::start();
    let (database, name) = server.database().await;
    SqlStore::open(&database, contact_keys()).await.unwrap().close().await;
    let here = format!("127.0.0.1:{}", server.port());
    let waits = server_at(&here, &name).with_wait(Duration::from_secs(2));
    let store = SqlStore::open(&Database::Postgres(waits), contact_keys()).await.unwrap();
    store.commit(&login(1, token(1))).await.unwrap();
    server.pause();
    let token = TokenDigest::from_bytes([1; 32]);
    let told = tokio::time::timeout(Duration::from_mins(1), store.find(&token)).await;
    assert!(told.expect("an answer").is_err());
    server.resume();
    let mut found = store.find(&token).await;
    for _ in 0..20 {
        if found.is_ok() {
            break;
        }
        found = store.find(&token).await;
    }
    assert!(found.expect("an answer").is_some());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let port = crate::support::ports::free_port();
    let url = format!("postgres://doorcode@127.0.0.1:{port}/doorcode");
    let server = PostgresServer::parse(&url).unwrap();
    let opened = SqlStore::open(&Database::Postgres(server), contact_keys()).await;
    assert!(matches!(opened.err(), Some(StoreError::Database(_))));
}

/// Of two hosts nobody is at the first, and the second stops to accept writes, as the old primary does
/// after a failover.
#[tokio::test]
async fn of_several_hosts_the_one_that_accepts_writes_is_used() {
    let server = Server::start();
    let (_, name) = server.database().await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", free_port(), server.port());
    let several = Database::Postgres(server_at(&hosts, &name));
    let store = SqlStore::open(&several, contact_keys()).await.expect("the second host");
    store.commit(&login(1, token(1))).await.unwrap();
    SqlStore::open_existing(&several, contact_keys())
        .await
        .expect("as a command finds it")
        .close()
        .await;
    let mut other = server.connect(&name).await;
    for (setting, accepted) in [("on", false), ("off", true)] {
        let set = format!("ALTER SYSTEM SET default_transaction_read_only = {setting}");
        sqlx::query(AssertSqlSafe(set)).execute(&mut other).await.unwrap();
        sqlx::query("SELECT pg_reload_conf()").execute(&mut other).await.unwrap();
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&mut other).await.unwrap();
        let mut done = Vec::new();
        for n in 0..10 {
            let n = if accepted { 20 + n } else { 10 + n };
            done.push(store.commit(&login(n, token(n))).await.is_ok());
        }
        assert_eq!(done.last(), Some(&accepted), "{setting}: {done:?}");
    }
}
