//! Redis in its other forms: behind sentinels, as a cluster, over TLS.
use std::time::Duration;

use doorcode::domain::{AttemptKey, Secret};
use doorcode::store::{CellKey, CellStore as _, RedisCells, RedisFault, RedisServer, StoreError};
use tokio::time::Instant;

use crate::support::gate::wait_for;
use crate::support::ports::free_port;
use crate::support::redis_server::{TestRedis, settings};
use crate::support::tls::Pair;

const LONG: Duration = Duration::from_mins(1);
/// The limit of a call is a second; the rest is for a slow machine.
const SOON: Duration = Duration::from_millis(2500);

fn key(n: u8) -> CellKey {
    CellKey::attempt(AttemptKey::from_bytes([n; 32]))
}

async fn steps(cells: &RedisCells) -> Result<(), StoreError> {
    // Of a cluster, keys of different slots.
    for n in 0..8 {
        let start = Instant::now();
        let before = cells.get(&key(n)).await;
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert!(cells.swap(&key(n), before?.as_deref(), Some(b"one"), LONG).await?);
        assert!(!cells.swap(&key(n), None, Some(b"two"), LONG).await?);
        assert_eq!(cells.take(&key(n)).await?.as_deref(), Some(&b"one"[..]));
    }
    Ok(())
}

async fn works(cells: &RedisCells) {
    steps(cells).await.expect("an answer");
}

/// Every call is an error, and soon, until it works again.
async fn works_again(cells: &RedisCells) {
    let begin = Instant::now();
    while let Err(error) = steps(cells).await {
        assert!(begin.elapsed() < Duration::from_mins(1), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Group {
    primary: TestRedis,
    replica: TestRedis,
    sentinels: Vec<TestRedis>,
}

impl Group {
    /// A primary with a replica, and sentinels that know of both.
    fn start() -> Self {
        let (primary, replica) = (TestRedis::start(), TestRedis::start());
        replica.tell(&format!("REPLICAOF 127.0.0.1 {}", primary.port));
        wait_for("replica", || {
            replica.tell("INFO replication").contains("master_link_status:up").then_some(())
        });
        let sentinel = |_| TestRedis::sentinel("doorcode", primary.port);
        let sentinels: Vec<_> = (0..3).map(sentinel).collect();
        for sentinel in &sentinels {
            wait_for("sentinel that knows the others", || {
                let known = sentinel.tell("INFO sentinel");
                known.contains("slaves=1,sentinels=3").then_some(())
            });
        }
        Self { primary, replica, sentinels }
    }

    fn server(&self) -> RedisServer {
        RedisServer::Sentinel {
            sentinels: self.sentinels.iter().map(TestRedis::url).collect(),
            primary: Secret::new("redis://doorcode/0"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_primary_dies_the_one_that_the_sentinels_choose_is_used() {
    let mut group = Group::start();
    let cells = RedisCells::connect(settings(group.server())).await.expect("cells");
    works(&cells).await;
    // Its machine is gone, with a sentinel on it that no longer answers.
    group.sentinels[0].signal("STOP");
    group.primary.kill();
    works_again(&cells).await;
    assert!(group.replica.tell("INFO replication").contains("role:master"));
    // A node that starts now.
    let late = RedisCells::connect(settings(group.server())).await.expect("cells");
    works(&late).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_hangs_is_left_and_not_used_again() {
    let group = Group::start();
    let cells = RedisCells::connect(settings(group.server())).await.expect("cells");
    works(&cells).await;
    group.primary.signal("STOP");
    works_again(&cells).await;
    assert!(group.replica.tell("INFO replication").contains("role:master"));
    // It takes itself for the primary until a sentinel tells it otherwise.
    group.primary.signal("CONT");
    let late = RedisCells::connect(settings(group.server())).await.expect("cells");
    assert!(cells.swap(&key(1), None, Some(b"one"), LONG).await.unwrap());
    assert_eq!(late.get(&key(1)).await.unwrap().as_deref(), Some(&b"one"[..]));
}

#[tokio::test]
async fn a_name_that_no_sentinel_knows_is_an_error() {
    let primary = TestRedis::start();
    let sentinel = TestRedis::sentinel("doorcode", primary.port);
    let server = RedisServer::Sentinel {
        sentinels: vec![sentinel.url()],
        primary: Secret::new("redis://another/0"),
    };
    let error = RedisCells::connect(settings(server)).await.err().expect("an error");
    assert!(matches!(error, StoreError::Redis(RedisFault::Connection(_))), "{error}");
}

/// Two primaries, each with half of the slots.
fn cluster() -> [TestRedis; 2] {
    let buses = [(); 2].map(|()| free_port());
    let nodes = buses.map(TestRedis::cluster_node);
    assert_eq!(nodes[0].tell("CLUSTER ADDSLOTSRANGE 0 8191"), "+OK");
    assert_eq!(nodes[1].tell("CLUSTER ADDSLOTSRANGE 8192 16383"), "+OK");
    let meet = format!("CLUSTER MEET 127.0.0.1 {} {}", nodes[1].port, buses[1]);
    assert_eq!(nodes[0].tell(&meet), "+OK");
    for node in &nodes {
        wait_for("cluster", || {
            node.tell("CLUSTER INFO").contains("cluster_state:ok").then_some(())
        });
    }
    nodes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_cluster_each_key_is_where_its_slot_is() {
    let mut nodes = cluster();
    let server = RedisServer::Cluster(vec![nodes[0].url()]);
    let cells = RedisCells::connect(settings(server.clone())).await.expect("cells");
    works(&cells).await;
    assert!(nodes.iter().all(|node| node.tell("INFO commandstats").contains("cmdstat_getdel")));
    nodes[1].kill();
    let start = Instant::now();
    let mut failed = 0;
    for n in 0..8 {
        failed += u32::from(cells.get(&key(n)).await.is_err());
    }
    assert!(failed > 0, "some were on the one that is gone");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    nodes[1].start_again(&[]);
    works_again(&cells).await;
    for node in &nodes {
        node.tell("CONFIG SET maxmemory-policy allkeys-lfu");
    }
    let error = RedisCells::connect(settings(server)).await.err().expect("an error");
    assert!(error.to_string().contains("`allkeys-lfu`"), "{error}");
}

#[tokio::test]
async fn over_tls_only_a_server_with_a_trusted_certificate_is_used() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let (folder, pair) = (tempfile::tempdir().unwrap(), Pair::of(&["localhost"]));
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let port = free_port();
    let server = TestRedis::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        &file("certificate", &pair.certificate),
        "--tls-key-file",
        &file("key", &pair.key),
    ]);
    let at = |host: &str| RedisServer::Single(Secret::new(format!("rediss://{host}:{port}/0")));
    let trusting = |server| doorcode::store::RedisSettings {
        roots: Some(pair.certificate.clone().into_bytes()),
        ..settings(server)
    };
    works(&RedisCells::connect(trusting(at("localhost"))).await.expect("cells")).await;
    assert!(RedisCells::connect(trusting(at("127.0.0.1"))).await.is_err(), "another name");
    assert!(RedisCells::connect(settings(at("localhost"))).await.is_err(), "unknown to the system");
    let plain = RedisServer::Single(server.url());
    assert!(RedisCells::connect(trusting(plain)).await.is_err(), "roots without TLS");
}
