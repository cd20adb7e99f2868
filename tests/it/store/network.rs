//! What is between a server and its engines is gone: nothing is refused, and no answer ever comes. The
//! clock stands still but for what is waited for, so that waits are as long as they say.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{AttemptKey, Secret, TokenDigest};
use doorcode::store::{
    CellKey, CellStore as _, Database, LoginStore as _, RedisCells, RedisFault, RedisServer,
    RedisSettings, SessionStore as _, SqlStore, StoreError,
};
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::grants::{login, token};
use crate::support::databases::{Beside, Place, TestDatabase, postgresql};
use crate::support::postgresql::{server_at, shared};
use crate::support::redis_server::{TestRedis, settings};
use crate::support::relay::Relay;
use crate::support::tables::sessions;

/// `store.wait` of these tests, shorter than [`STATEMENT`]; longer than a busy machine needs where all
/// is well.
const WAIT: Duration = Duration::from_secs(8);
/// How long a statement may take that was sent.
const STATEMENT: Duration = Duration::from_secs(10);
/// As many connections as a process has.
const CONNECTIONS: u8 = 16;

/// A database that is reached over a network of its own.
async fn far_away() -> (TestDatabase, Relay) {
    let TestDatabase { place, .. } = postgresql().await;
    let Place::Postgresql(name) = &place else { panic!("a file") };
    let relay = Relay::to(shared().port());
    let server = server_at(&format!("127.0.0.1:{}", relay.port), name).with_wait(WAIT);
    (TestDatabase { database: Database::Postgres(server), place }, relay)
}

async fn beside(database: &TestDatabase) -> PgConnection {
    let Beside::Postgresql(connection) = database.connect().await else { panic!("a file") };
    connection
}

/// What is done while no answer comes, and how long that took.
async fn in_silence<T>(relay: &Relay, work: impl Future<Output = T>) -> (T, Duration) {
    relay.swallow();
    tokio::time::pause();
    let start = Instant::now();
    let done = work.await;
    let took = start.elapsed();
    // What goes on behind that comes to its end.
    tokio::time::sleep(10 * WAIT).await;
    tokio::time::resume();
    relay.pass();
    (done, took)
}

/// What is waited for ends when it says, counted from when it began: a moment before the silence.
fn is_about(took: Duration, wait: Duration) {
    assert!(took > wait / 2 && took < wait + Duration::from_secs(2), "{took:?} of {wait:?}");
}

#[tokio::test]
async fn a_database_that_is_silent_is_waited_for_once_and_used_again() {
    let (database, relay) = far_away().await;
    let store = database.open().await;
    store.commit(&login(1, token(1))).await.unwrap();
    let token = TokenDigest::from_bytes([1; 32]);
    let (found, took) = in_silence(&relay, store.find(&token)).await;
    assert!(matches!(found, Err(StoreError::Silent)), "{found:?}");
    is_about(took, WAIT);
    let found = tokio::time::timeout(WAIT, store.find(&token)).await.expect("an answer");
    assert!(found.unwrap().is_some());
}

async fn are_waiting(watch: &mut PgConnection, count: i64) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *watch).await.unwrap() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Every connection is in the middle of a transaction when the network goes: none may be kept for ever.
#[tokio::test]
async fn connections_that_went_silent_in_transactions_are_given_up_and_replaced() {
    let (database, relay) = far_away().await;
    let store: Arc<SqlStore> = Arc::new(database.open().await);
    let (mut other, mut watch) = (beside(&database).await, beside(&database).await);
    let mut held = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let mut logins = JoinSet::new();
    for n in 1..=CONNECTIONS {
        let store = Arc::clone(&store);
        logins.spawn(async move { store.commit(&login(n, token(n))).await });
    }
    are_waiting(&mut watch, i64::from(CONNECTIONS)).await;
    let (done, took) = in_silence(&relay, logins.join_all()).await;
    assert!(done.iter().all(|done| matches!(done, Err(StoreError::Silent))), "{done:?}");
    is_about(took, STATEMENT);
    held.rollback().await.unwrap();
    let answer = tokio::time::timeout(2 * WAIT, store.ping()).await.expect("an answer");
    answer.expect("a connection");
    // The server learns of the end too, and takes back what was not committed.
    relay.cut();
    store.commit(&login(99, token(99))).await.unwrap();
    assert_eq!(database.count(sessions::ALL).await, 1);
}

#[tokio::test]
async fn a_redis_that_is_silent_is_waited_for_once_and_used_again() {
    let redis = TestRedis::start();
    let relay = Relay::to(redis.port);
    let url = Secret::new(format!("redis://127.0.0.1:{}/0", relay.port));
    let settings = RedisSettings { wait: WAIT, ..settings(RedisServer::Single(url)) };
    let cells = RedisCells::connect(settings).await.expect("cells");
    let key = CellKey::attempt(AttemptKey::from_bytes([1; 32]));
    assert!(cells.swap(&key, None, Some(b"one"), WAIT * 10).await.unwrap());
    let steps = async {
        let swapped = cells.swap(&key, Some(b"one"), Some(b"two"), WAIT).await.map(drop);
        [cells.get(&key).await.map(drop), swapped, cells.take(&key).await.map(drop)]
    };
    let (done, took) = in_silence(&relay, steps).await;
    for done in done {
        assert!(matches!(done, Err(StoreError::Redis(RedisFault::TimedOut))), "{done:?}");
    }
    is_about(took, 3 * WAIT);
    assert_eq!(cells.get(&key).await.unwrap().as_deref(), Some(&b"one"[..]));
    // One that is cut or refused is told at once, and used again.
    relay.refuse();
    let refused = cells.get(&key).await;
    assert!(matches!(refused, Err(StoreError::Redis(RedisFault::Connection(_)))), "{refused:?}");
    relay.pass();
    assert_eq!(cells.get(&key).await.unwrap().as_deref(), Some(&b"one"[..]));
}
