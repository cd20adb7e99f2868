//! Transactions that PostgreSQL gives up for another one: nothing of them is left, and they work when
//! they come again.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{AttemptId, TokenDigest};
use doorcode::store::{
    LoginOutcome, LoginStore as _, NewLogin, SessionBinding, SqlStore, StoreError,
};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::grants::{host, login, session, store, token};
use crate::support::databases::{Beside, TestDatabase};
use crate::support::tables::{session_tokens, sessions, spent_codes, users};

/// `serialization_failure` and `deadlock_detected` (PostgreSQL documentation, appendix A).
const NOT_SERIALIZABLE: &str = "40001";
const DEADLOCK: &str = "40P01";

async fn beside(database: &TestDatabase) -> PgConnection {
    let Beside::Postgresql(connection) = database.connect().await else { panic!("a file") };
    connection
}

/// A store whose connections have this setting, as one has that an administrator gave the database.
async fn store_with(database: &TestDatabase, setting: &str, value: &str) -> SqlStore {
    let mut other = beside(database).await;
    let name: String =
        sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut other).await.unwrap();
    let alter = format!("ALTER DATABASE {name} SET {setting} = '{value}'");
    sqlx::query(AssertSqlSafe(alter)).execute(&mut other).await.unwrap();
    database.open().await
}

/// Until a transaction waits for a lock.
async fn waits(watch: &mut PgConnection) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *watch).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_error(done: &Result<LoginOutcome, StoreError>, code: &str) -> bool {
    let Err(StoreError::Database(error)) = done else { return false };
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(code))
}

/// So many people signed in, each with one code and all that it gives.
async fn is_whole(database: &TestDatabase, logins: i64) {
    for count in [sessions::ALL, session_tokens::ALL, spent_codes::ALL] {
        assert_eq!(database.count(count).await, logins);
    }
    assert_eq!(database.count(users::ALL).await, 1);
}

#[tokio::test]
async fn a_login_that_cannot_be_serialized_spends_nothing_and_works_again() {
    for level in ["repeatable read", "serializable"] {
        let (database, _) = store().await;
        let store = store_with(&database, "default_transaction_isolation", level).await;
        let (mut other, mut watch) = (beside(&database).await, beside(&database).await);
        let mut change = other.begin().await.unwrap();
        sqlx::query("UPDATE users SET version = version + 1").execute(&mut *change).await.unwrap();
        let next = login(2, token(2));
        let (done, ()) = tokio::join!(store.commit(&next), async {
            waits(&mut watch).await;
            change.commit().await.unwrap();
        });
        assert!(is_error(&done, NOT_SERIALIZABLE), "{level}: {done:?}");
        is_whole(&database, 1).await;
        let again = store.commit(&next).await.unwrap();
        assert!(matches!(again, LoginOutcome::Begun { .. }), "{level}: {again:?}");
        is_whole(&database, 2).await;
    }
}

/// As somebody who posts a form again until it is taken.
async fn insist(store: &SqlStore, login: &NewLogin) -> LoginOutcome {
    loop {
        match store.commit(login).await {
            Ok(outcome) => return outcome,
            done => assert!(is_error(&done, NOT_SERIALIZABLE), "{done:?}"),
        }
    }
}

#[tokio::test]
async fn of_logins_at_once_that_must_be_serialized_each_code_gives_one_session() {
    let (database, _) = store().await;
    let store = store_with(&database, "default_transaction_isolation", "serializable").await;
    // Of one code, and of others for the same number.
    let attempt = AttemptId::from_bytes([2; 12]);
    let one = (2..12).map(|n| NewLogin { attempt, ..login(n, token(n)) });
    let others = (12..22).map(|n| login(n, token(n)));
    let logins: Vec<_> = one.chain(others).collect();
    let done = join_all(logins.iter().map(|login| insist(&store, login))).await;
    let begun = |done: &[LoginOutcome]| {
        done.iter().filter(|done| matches!(done, LoginOutcome::Begun { .. })).count()
    };
    assert_eq!((begun(&done[..10]), begun(&done[10..])), (1, 10), "{done:?}");
    is_whole(&database, 12).await;
}

#[tokio::test]
async fn a_login_that_is_given_up_in_a_deadlock_spends_nothing_and_works_again() {
    // On a machine that is too busy the other one is given up, and it is tried with more time.
    for timeout in ["1s", "3s", "9s"] {
        let (database, _) = store().await;
        let store = Arc::new(store_with(&database, "deadlock_timeout", timeout).await);
        let (mut other, mut watch) = (beside(&database).await, beside(&database).await);
        sqlx::query("SET deadlock_timeout = '1min'").execute(&mut other).await.unwrap();
        let mut crossing = other.begin().await.unwrap();
        sqlx::query("SELECT id FROM sessions FOR UPDATE").execute(&mut *crossing).await.unwrap();
        let digest = TokenDigest::from_bytes([2; 32]);
        let replaces = Some(session(1));
        let binding = SessionBinding::Token { token: digest, host: host("a.example"), replaces };
        let next = login(2, binding);
        let (done, crossed) = tokio::join!(store.commit(&next), async {
            waits(&mut watch).await;
            let crossed = sqlx::query("UPDATE users SET version = version");
            let crossed = crossed.execute(&mut *crossing).await;
            crossing.rollback().await.unwrap();
            crossed
        });
        if is_error(&done, DEADLOCK) {
            crossed.expect("one goes on");
            is_whole(&database, 1).await;
            let again = store.commit(&next).await.unwrap();
            assert!(matches!(again, LoginOutcome::Begun { .. }), "{again:?}");
            return is_whole(&database, 2).await;
        }
        assert!(done.is_ok() || crossed.is_ok(), "{done:?}, {crossed:?}");
    }
    panic!("the login was never given up");
}
