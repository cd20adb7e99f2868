use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderValue;
use pingora::upstreams::peer::{HttpPeer, Peer as _};

use super::pool::UpstreamPool;
use super::{AppTimeouts, Chosen, DedicatedConnection, NameLookup, UpstreamPools, Upstreams};
use crate::events::EventSinks;
use crate::gate::{
    Balance, HealthCheck, Hsts, IdentityMapping, PoolOptions, Site, SiteUrl, Upstream,
    UpstreamOptions, UpstreamProtocol, UpstreamTls,
};
use crate::proxy::pipe::Pipe;

fn site(upstreams: Vec<Upstream>, pool: PoolOptions) -> Site {
    Site {
        name: "Shop".to_owned(),
        url: SiteUrl::parse("https://a.example").expect("a place"),
        upstreams,
        identity: IdentityMapping::default(),
        upstream_options: UpstreamOptions { pool, ..UpstreamOptions::default() },
        allowed_origins: Vec::new(),
        framed_by: crate::gate::FramedBy::default(),
        hsts: Hsts::Off,
        client_roots: None,
        personal_access_tokens: false,
        ignore_case: false,
        mode: crate::gate::RuleMode::Enforce,
        rules: Vec::new(),
    }
}

/// Addresses that a test changes.
#[derive(Default)]
struct Told(Mutex<Vec<SocketAddr>>);

#[async_trait]
impl NameLookup for Told {
    async fn addresses(&self, host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        let known = host == "app";
        known.then(|| self.0.lock().unwrap().clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn told(addresses: &[&str]) -> Arc<Told> {
    let addresses = addresses.iter().map(|address| address.parse().expect("an address"));
    Arc::new(Told(Mutex::new(addresses.collect())))
}

fn address(text: &str) -> Upstream {
    Upstream::Address(text.parse().expect("an address"), UpstreamProtocol::Http)
}

fn named(name: &str) -> Upstream {
    Upstream::Name(name.to_owned(), 80, UpstreamProtocol::Http)
}

/// So many addresses.
pub(super) fn pool(balance: Balance, count: u8) -> Arc<UpstreamPool> {
    let upstreams = (1..=count).map(|n| address(&format!("192.0.2.{n}:80"))).collect();
    let site = site(upstreams, PoolOptions { balance, ..PoolOptions::default() });
    let pools = Upstreams::new(None, told(&[])).adopt(&[site]).expect("pools");
    Arc::clone(&pools.0[0])
}

fn choose(pools: &UpstreamPools) -> Option<Chosen> {
    pools.choose(0, || 0, None)
}

/// Runs the background until `is_done`.
async fn run_until(upstreams: &Upstreams, is_done: impl Fn() -> bool) {
    let look = async {
        while !is_done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = upstreams.run(Arc::new(EventSinks(Vec::new()))) => {}
        () = look => {}
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("not done in time"),
    }
}

/// The two kinds of connections.
fn peers(upstreams: &Upstreams, chosen: &Chosen) -> (HttpPeer, HttpPeer) {
    let pipe = || Arc::new(Pipe::new(Arc::default(), false));
    let connection = DedicatedConnection {
        answer_timeout: Duration::from_secs(7),
        switches: false,
        watch: None,
        drain_signal: Arc::default(),
        site_end: Arc::default(),
        pipe: pipe(),
    };
    let shared = upstreams.shared_peer(chosen, pipe(), AppTimeouts::default(), false);
    (shared, upstreams.dedicated_peer(chosen, connection))
}

#[tokio::test]
async fn every_way_to_an_app_has_its_time_outs() {
    let upstreams = Upstreams::new(None, told(&["192.0.2.1:80"]));
    let options = PoolOptions {
        connect_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(9),
        ..PoolOptions::default()
    };
    let unix = Upstream::Unix(PathBuf::from("/run/app.sock"));
    for upstream in [address("192.0.2.1:80"), unix, named("app")] {
        let site = site(vec![upstream], options.clone());
        let pools = upstreams.adopt(&[site]).expect("pools");
        run_until(&upstreams, || choose(&pools).is_some()).await;
        let (shared, dedicated) = peers(&upstreams, &choose(&pools).expect("an address"));
        for peer in [&shared, &dedicated] {
            assert_eq!(peer.options.connection_timeout, Some(Duration::from_secs(2)));
            assert_eq!(peer.options.total_connection_timeout, Some(Duration::from_secs(2)));
            assert_eq!(peer.options.write_timeout, Some(Duration::from_mins(1)));
        }
        assert_eq!(shared.options.idle_timeout, Some(Duration::from_secs(9)));
        assert_eq!(dedicated.options.idle_timeout, Some(Duration::ZERO));
        assert_ne!(shared.reuse_hash(), dedicated.reuse_hash());
    }
}

#[tokio::test]
async fn each_address_of_a_name_has_its_turn_and_stands_in_for_the_others() {
    let upstreams = Upstreams::new(None, told(&["[2001:db8::1]:80", "192.0.2.1:80"]));
    let pools = upstreams.adopt(&[site(vec![named("app")], PoolOptions::default())]);
    let pools = pools.expect("pools");
    run_until(&upstreams, || choose(&pools).is_some()).await;
    let asked: BTreeSet<String> =
        (0..2).filter_map(|_| choose(&pools).map(|chosen| chosen.address().to_owned())).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    let tried = choose(&pools);
    assert!(pools.has_alternatives(0, tried.as_ref()), "one of two that cannot be reached");
    let unknown = site(vec![named("other")], PoolOptions::default());
    let unknown = upstreams.adopt(&[unknown]).expect("pools");
    assert!(choose(&unknown).is_none() && !unknown.has_alternatives(0, None));
}

#[tokio::test(start_paused = true)]
async fn a_name_whose_connection_failed_is_asked_for_anew_within_two_seconds() {
    let lookup = told(&["192.0.2.1:80"]);
    let upstreams = Upstreams::new(None, Arc::clone(&lookup) as Arc<dyn NameLookup>);
    let pools = upstreams.adopt(&[site(vec![named("app")], PoolOptions::default())]);
    let pools = pools.expect("pools");
    run_until(&upstreams, || choose(&pools).is_some()).await;
    *lookup.0.lock().unwrap() = vec!["192.0.2.9:80".parse().expect("an address")];
    choose(&pools).expect("an address").is_in_trouble();
    // Of a clock that moves only where somebody waits for it.
    let began = tokio::time::Instant::now();
    let is_new = || choose(&pools).is_some_and(|chosen| chosen.address() == "192.0.2.9:80");
    run_until(&upstreams, is_new).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_known_is_used_while_names_are_not_resolved() {
    let lookup = told(&["192.0.2.1:80"]);
    let upstreams = Upstreams::new(None, Arc::clone(&lookup) as Arc<dyn NameLookup>);
    let pools = upstreams.adopt(&[site(vec![named("app")], PoolOptions::default())]);
    let pools = pools.expect("pools");
    run_until(&upstreams, || choose(&pools).is_some()).await;
    lookup.0.lock().unwrap().clear();
    choose(&pools).expect("an address").is_in_trouble();
    let began = tokio::time::Instant::now();
    run_until(&upstreams, || began.elapsed() > Duration::from_secs(5)).await;
    assert_eq!(choose(&pools).expect("the former").address(), "192.0.2.1:80");
}

#[test]
fn what_did_not_change_keeps_its_state_over_a_reload() {
    let upstreams = Upstreams::new(None, told(&[]));
    let two = || vec![address("192.0.2.1:80"), address("192.0.2.2:80")];
    let before = upstreams.adopt(&[site(two(), PoolOptions::default())]).expect("pools");
    before.0[0].targets()[0].is_in_trouble();
    let ejected = |pools: &UpstreamPools| {
        let targets = pools.0[0].targets();
        targets.iter().map(|target| target.back_off.is_ejected()).collect::<Vec<_>>()
    };
    let same = upstreams.adopt(&[site(two(), PoolOptions::default())]).expect("pools");
    assert!(Arc::ptr_eq(&before.0[0], &same.0[0]));
    let slower = PoolOptions { connect_timeout: Duration::from_secs(9), ..PoolOptions::default() };
    let three = [vec![address("192.0.2.3:80")], two()].concat();
    let changed = upstreams.adopt(&[site(three, slower)]).expect("pools");
    assert_eq!(ejected(&changed), [false, true, false]);
}

#[test]
fn whatever_changes_is_used_from_then_on() {
    let upstreams = Upstreams::new(None, told(&[]));
    let usual = || site(vec![address("192.0.2.1:80")], PoolOptions::default());
    let pool = |site: Site| Arc::clone(&upstreams.adopt(&[site]).expect("pools").0[0]);
    let [mut moved, mut slower, mut renamed] = [usual(), usual(), usual()];
    moved.upstreams = vec![address("192.0.2.2:80")];
    slower.upstream_options.pool.connect_timeout = Duration::from_secs(9);
    renamed.upstream_options.send_host = Some(HeaderValue::from_static("inner.example"));
    for changed in [moved, slower, renamed] {
        let before = pool(usual());
        assert!(!Arc::ptr_eq(&before, &pool(changed.clone())), "{changed:?}");
    }
}

#[test]
fn an_app_that_does_not_work_still_does_not_after_a_reload() {
    let upstreams = Upstreams::new(None, told(&[]));
    let health =
        HealthCheck { path: "/".to_owned(), status: 200, interval: Duration::from_secs(1) };
    let checked = PoolOptions { health: Some(health), ..PoolOptions::default() };
    let available = |upstream: Upstream, options: &PoolOptions| {
        let all = vec![upstream, address("192.0.2.2:80")];
        let pools = upstreams.adopt(&[site(all, options.clone())]).expect("pools");
        let targets = pools.0[0].targets();
        (targets[0].is_available(), targets)
    };
    let one = || address("192.0.2.1:80");
    let (_, targets) = available(one(), &checked);
    assert!(!targets[0].checked(false) && targets[0].checked(false));
    let slower = PoolOptions { connect_timeout: Duration::from_secs(9), ..checked.clone() };
    assert!(!available(one(), &slower).0);
    // Nobody would find out that it works again.
    assert!(available(one(), &PoolOptions::default()).0);
    let (_, targets) = available(one(), &checked);
    assert!(!targets[0].checked(false) && targets[0].checked(false));
    // The same address, spoken to in another way, may be another app.
    let plain = Upstream::Address("192.0.2.1:80".parse().unwrap(), UpstreamProtocol::Http2Plain);
    assert!(available(plain, &checked).0);
}

#[test]
fn one_check_that_fails_may_have_been_lost() {
    let upstreams = Upstreams::new(None, told(&[]));
    let health =
        HealthCheck { path: "/".to_owned(), status: 200, interval: Duration::from_secs(1) };
    let options = PoolOptions { health: Some(health), ..PoolOptions::default() };
    let pools = upstreams.adopt(&[site(vec![address("192.0.2.1:80")], options)]).expect("pools");
    let target = Arc::clone(&pools.0[0].targets()[0]);
    let after = |works: bool| {
        target.checked(works);
        target.is_available()
    };
    assert_eq!([false, true, false].map(after), [true, true, true], "each alone");
    assert_eq!([false, false, true].map(after), [false, false, true]);
}

#[tokio::test]
async fn a_handshake_that_an_app_does_not_answer_is_not_waited_for() {
    // Connections are taken, and nobody reads what comes.
    let silent = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = silent.local_addr().expect("bound");
    let (certificate, _) = super::tls_tests::pair("app.internal", 4000);
    let tls = UpstreamTls { ca: Some(certificate.pem()), ..UpstreamTls::default() };
    let connect_timeout = Duration::from_millis(200);
    let options = PoolOptions { connect_timeout, tls, ..PoolOptions::default() };
    let upstreams = Upstreams::new(None, told(&[]));
    let app = Upstream::Address(address, UpstreamProtocol::Https);
    let pools = upstreams.adopt(&[site(vec![app], options)]).expect("pools");
    let target = Arc::clone(&pools.0[0].targets()[0]);
    let connected = tokio::time::timeout(Duration::from_secs(20), target.connect()).await;
    let why = connected.expect("in time").err().expect("no connection");
    assert_eq!(why.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_connection_is_not_shared_by_sites_that_trust_other_authorities() {
    let upstreams = Upstreams::new(None, told(&[]));
    let trusting = |name: &str| {
        let (certificate, _) = super::tls_tests::pair(name, 4000);
        let tls = UpstreamTls { ca: Some(certificate.pem()), ..UpstreamTls::default() };
        let app = Upstream::Address("192.0.2.1:80".parse().unwrap(), UpstreamProtocol::Http2);
        let named = Site { name: name.to_owned(), ..site(vec![app], PoolOptions::default()) };
        let options = PoolOptions { tls, ..PoolOptions::default() };
        Site {
            upstream_options: UpstreamOptions { pool: options, ..named.upstream_options },
            ..named
        }
    };
    let pools = upstreams.adopt(&[trusting("one.example"), trusting("other.example")]);
    let pools = pools.expect("pools");
    let connection = |site: usize| {
        let chosen = pools.choose(site, || 0, None).expect("an address");
        Upstreams::http2_peer(&chosen, Duration::from_secs(1)).reuse_hash()
    };
    assert_eq!(connection(0), connection(0));
    assert_ne!(connection(0), connection(1));
}
