//! What a fault of Redis leads to: an error in about a second, and recovery without a restart.
use std::time::Duration;

use doorcode::domain::{AttemptKey, Secret};
use doorcode::store::{
    AttemptStore as _, AttemptUpdate, CellKey, CellStore as _, CounterStore as _, Increment,
    RedisCells, RedisFault, RedisServer, SharedAttempts, SharedCounters, StoreError,
};
use doorcode::system::Timestamp;
use tokio::time::Instant;

use super::attempts;
use crate::support::memory_totals::MemoryTotals;
use crate::support::redis_server::{TestRedis, settings};

const LONG: Duration = Duration::from_mins(1);
/// The limit of a call is a second; the rest is for a slow machine.
const SOON: Duration = Duration::from_millis(2500);

fn key() -> CellKey {
    CellKey::attempt(AttemptKey::from_bytes([1; 32]))
}

fn fault<T>(answer: Result<T, StoreError>) -> RedisFault {
    match answer {
        Err(StoreError::Redis(fault)) => fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("an answer"),
    }
}

/// Every step fails, and soon.
async fn fails(cells: &RedisCells) -> [RedisFault; 3] {
    let (start, key) = (Instant::now(), key());
    let faults = tokio::join!(
        cells.get(&key),
        cells.swap(&key, None, Some(b"lost"), LONG),
        cells.take(&key)
    );
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    [fault(faults.0), fault(faults.1), fault(faults.2)]
}

async fn works(cells: &RedisCells) {
    let before = cells.get(&key()).await.expect("an answer");
    assert!(cells.swap(&key(), before.as_deref(), Some(b"kept"), LONG).await.unwrap());
    assert_eq!(cells.take(&key()).await.unwrap().as_deref(), Some(&b"kept"[..]));
}

async fn refused(server: RedisServer) -> RedisFault {
    let start = Instant::now();
    let fault = fault(RedisCells::connect(settings(server)).await);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    fault
}

#[tokio::test]
async fn killed_and_restarted() {
    let mut server = TestRedis::start();
    let cells = server.cells().await;
    works(&cells).await;
    server.kill();
    for _ in 0..3 {
        let faults = fails(&cells).await;
        let lost = |fault: &RedisFault| matches!(fault, RedisFault::Connection(_));
        assert!(faults.iter().all(lost), "{faults:?}");
    }
    server.start_again(&[]);
    works(&cells).await;
    // Nobody asks while it is away: whoever reads next does not notice.
    server.kill();
    server.start_again(&[]);
    works(&cells).await;
}

#[tokio::test]
async fn paused_and_resumed() {
    let server = TestRedis::start();
    let cells = server.cells().await;
    works(&cells).await;
    server.signal("STOP");
    for _ in 0..2 {
        assert_eq!(fails(&cells).await, [const { RedisFault::TimedOut }; 3]);
    }
    assert_eq!(refused(RedisServer::Single(server.url())).await, RedisFault::TimedOut);
    server.signal("CONT");
    // Of what was asked meanwhile some may be done now: that attempts and counters bear.
    let before = cells.get(&key()).await.expect("an answer");
    assert!(before.is_none_or(|value| value == b"lost"));
    works(&cells).await;
}

#[tokio::test]
async fn flushed_with_its_scripts() {
    let server = TestRedis::start();
    let cells = server.cells().await;
    assert!(cells.swap(&key(), None, Some(b"one"), LONG).await.unwrap());
    assert_eq!(server.tell("SCRIPT FLUSH"), "+OK");
    assert!(cells.swap(&key(), Some(b"one"), Some(b"two"), LONG).await.unwrap());
    assert_eq!(server.tell("FLUSHALL"), "+OK");
    assert!(!cells.swap(&key(), Some(b"two"), Some(b"three"), LONG).await.unwrap());
    assert_eq!(cells.get(&key()).await.unwrap(), None);
    works(&cells).await;
}

#[tokio::test]
async fn what_evicts_is_refused_at_the_start_and_after_every_restart() {
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let server = TestRedis::with(&["--maxmemory", "64mb", "--maxmemory-policy", policy]);
        let fault = refused(RedisServer::Single(server.url())).await;
        assert_eq!(fault, RedisFault::Evicts(policy.to_owned()));
        assert!(fault.to_string().contains("set maxmemory-policy to `noeviction`"));
    }
    let mut server = TestRedis::with(&["--maxmemory", "64mb"]);
    let cells = server.cells().await;
    works(&cells).await;
    server.kill();
    server.start_again(&["--maxmemory-policy", "volatile-lru"]);
    for _ in 0..2 {
        let evicts = RedisFault::Evicts("volatile-lru".to_owned());
        assert!(fails(&cells).await.iter().all(|fault| *fault == evicts));
    }
    server.tell("CONFIG SET maxmemory-policy noeviction");
    works(&cells).await;
}

#[tokio::test]
async fn a_full_server_refuses_and_keeps_its_connection() {
    let server = TestRedis::start();
    let cells = server.cells().await;
    assert!(cells.swap(&key(), None, Some(b"one"), LONG).await.unwrap());
    server.tell("CONFIG SET maxmemory 1");
    let connections = server.tell("INFO stats");
    for _ in 0..5 {
        let full = cells.swap(&key(), Some(b"one"), Some(b"two"), LONG).await;
        let fault = fault(full);
        // In its own words, up to where it quotes something.
        let said = "the server refused a command: OOM command not allowed when used memory >…";
        assert_eq!(fault.to_string(), said);
    }
    assert_eq!(cells.get(&key()).await.unwrap().as_deref(), Some(&b"one"[..]));
    let made = |info: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        line.expect("a number").trim().parse::<u32>().expect("a number")
    };
    assert_eq!(made(&server.tell("INFO stats")), made(&connections) + 1, "only the test's own");
    server.tell("CONFIG SET maxmemory 0");
    works(&cells).await;
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_an_error_until_there_is_another() {
    let (server, new) = (TestRedis::start(), TestRedis::start());
    let cells = server.cells().await;
    works(&cells).await;
    assert_eq!(server.tell(&format!("REPLICAOF 127.0.0.1 {}", new.port)), "+OK");
    let readonly = cells.swap(&key(), None, Some(b"lost"), LONG).await;
    assert!(matches!(fault(readonly), RedisFault::Refused { code, .. } if code == "READONLY"));
    assert_eq!(fails(&cells).await, [const { RedisFault::Replica }; 3]);
    assert_eq!(server.tell("REPLICAOF NO ONE"), "+OK");
    works(&cells).await;
}

#[tokio::test]
async fn who_may_not_log_in_or_ask_is_refused_and_no_secret_is_told() {
    let server = TestRedis::with(&["--requirepass", "s3cret"]);
    let url = |login: &str| {
        RedisServer::Single(Secret::new(format!("redis://{login}127.0.0.1:{}/0", server.port)))
    };
    for login in ["", ":wr0ng@"] {
        let text = refused(url(login)).await.to_string();
        assert!(!text.contains("wr0ng") && !text.contains("s3cret"), "{text}");
    }
    let cells = RedisCells::connect(settings(url(":s3cret@"))).await.expect("cells");
    works(&cells).await;
    let least = "ACL SETUSER doorcode on >pw ~test:* +get +set +del +getdel +eval";
    let admin = |command: &str| server.tell(&format!("AUTH s3cret\r\n{command}"));
    admin(least);
    assert_eq!(refused(url("doorcode:pw@")).await, RedisFault::PolicyUnknown);
    admin(&format!("{least} +info"));
    works(&RedisCells::connect(settings(url("doorcode:pw@"))).await.expect("cells")).await;
}

#[tokio::test]
async fn what_is_no_url_of_a_server_is_refused() {
    for url in [
        "",
        "127.0.0.1:6379",
        "http://127.0.0.1:6379",
        "redis+unix:///tmp/redis.sock",
        "rediss://127.0.0.1:6379/#insecure",
        "redis://127.0.0.1:6379/zero",
    ] {
        let fault = refused(RedisServer::Single(Secret::new(url))).await;
        assert_eq!(fault, RedisFault::BadUrl, "{url}");
    }
    let none = RedisServer::Sentinel { sentinels: Vec::new(), primary: Secret::new("redis://a") };
    assert_eq!(refused(none).await, RedisFault::BadUrl);
    assert!(!format!("{:?}", Secret::new("redis://:pw@a")).contains("pw"));
}

#[tokio::test]
async fn attempts_and_counters_let_nothing_through_while_it_is_away() {
    let mut server = TestRedis::start();
    let cells = std::sync::Arc::new(server.cells().await);
    let attempts = SharedAttempts::new(cells.clone());
    let counters = SharedCounters::new(cells.clone(), std::sync::Arc::new(MemoryTotals::default()));
    let one = Increment {
        key: doorcode::domain::CounterKey::from_bytes([1; 16]),
        window: LONG,
        most: 9,
        n: 1,
        spacing: None,
    };
    let now = Timestamp::from_millis(1_767_225_600_000);
    let mut never = |_: Option<&_>| -> AttemptUpdate { panic!("nothing was read") };
    server.signal("STOP");
    let (start, counts) = (Instant::now(), [one]);
    let (counted, updated) =
        tokio::join!(counters.take(&counts, now), attempts.update(attempts::KEY, &mut never));
    assert_eq!((fault(counted), fault(updated)), (RedisFault::TimedOut, RedisFault::TimedOut));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    server.kill();
    fault(counters.take(&[Increment { n: 0, ..one }], now).await);
    fault(attempts.get(attempts::KEY).await);
    server.start_again(&[]);
    assert!(attempts.get(attempts::KEY).await.expect("an answer").is_none());
    counters.take(&[one], now).await.expect("an answer");
}

#[tokio::test]
async fn a_server_that_begins_to_evict_is_found_out_while_it_is_connected() {
    let server = TestRedis::start();
    let cells = server.cells().await;
    cells.judge().await.expect("good");
    server.tell("CONFIG SET maxmemory-policy volatile-lru");
    works(&cells).await;
    let evicts = RedisFault::Evicts("volatile-lru".to_owned());
    assert_eq!(fault(cells.judge().await), evicts);
    assert!(fails(&cells).await.iter().all(|fault| *fault == evicts));
    assert!(cells.usage().outage().is_some_and(|outage| outage.why.contains("volatile-lru")));
    server.tell("CONFIG SET maxmemory-policy noeviction");
    works(&cells).await;
    assert!(cells.usage().outage().is_none());
}

#[tokio::test]
async fn tls_to_a_server_without_is_told() {
    let server = TestRedis::start();
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let url = Secret::new(format!("rediss://127.0.0.1:{}", server.port));
    let fault = refused(RedisServer::Single(url)).await;
    assert_eq!(fault, RedisFault::NoHandshake);
}
