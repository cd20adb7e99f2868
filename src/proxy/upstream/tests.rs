use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{DedicatedConnection, Resolver};
use crate::gate::{Hsts, IdentityMapping, Site, SiteUrl, Upstream, UpstreamOptions};
use crate::proxy::pipe::Pipe;

fn site(upstreams: Vec<Upstream>) -> Site {
    Site {
        name: "Shop".to_owned(),
        url: SiteUrl::parse("https://a.example").expect("a place"),
        upstreams,
        identity: IdentityMapping::default(),
        upstream_options: UpstreamOptions {
            timeout: Duration::from_secs(7),
            ..UpstreamOptions::default()
        },
        allowed_origins: Vec::new(),
        hsts: Hsts::Off,
        personal_access_tokens: false,
        ignore_case: false,
        rules: Vec::new(),
    }
}

fn named(name: &str) -> Upstream {
    Upstream::Name(name.to_owned(), 80)
}

fn knowing(name: &str, addresses: &[&str]) -> Resolver {
    let resolver = Resolver::new(None);
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|address| address.parse().expect("an address")).collect();
    resolver.names.store(Arc::new(HashMap::from([((name.to_owned(), 80), addresses)])));
    resolver
}

#[test]
fn every_way_to_an_app_has_its_time_outs() {
    let resolver = knowing("app", &["192.0.2.1:80"]);
    for upstream in [
        Upstream::Address("192.0.2.1:80".parse().expect("an address")),
        Upstream::Unix(PathBuf::from("/run/app.sock")),
        named("app"),
    ] {
        let peer = resolver.peer(&site(vec![upstream])).expect("a peer");
        let options = peer.options;
        assert_eq!(options.connection_timeout, Some(Duration::from_secs(5)));
        assert_eq!(options.total_connection_timeout, Some(Duration::from_secs(5)));
        assert_eq!(options.write_timeout, Some(Duration::from_mins(1)));
        assert_eq!(options.idle_timeout, Some(Duration::from_mins(1)));
    }
    let connection = DedicatedConnection {
        answer_timeout: Duration::from_secs(7),
        switches: false,
        watch: None,
        drain_signal: Arc::default(),
        pipe: Arc::new(Pipe::new(Arc::default(), false)),
    };
    let site = site(vec![named("app")]);
    let options = resolver.dedicated_peer(&site, connection).expect("a peer").options;
    assert_eq!(options.write_timeout, Some(Duration::from_mins(1)));
    assert_eq!(options.idle_timeout, Some(Duration::ZERO));
}

#[test]
fn each_address_of_a_name_has_its_turn_and_stands_in_for_the_others() {
    let resolver = knowing("app", &["[2001:db8::1]:80", "192.0.2.1:80"]);
    let both = site(vec![named("app")]);
    let asked: BTreeSet<String> =
        (0..2).filter_map(|_| resolver.peer(&both)).map(|peer| peer.to_string()).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(resolver.has_alternatives(&both), "one of two that cannot be reached");
    assert!(!knowing("app", &["192.0.2.1:80"]).has_alternatives(&both));
    let unknown = site(vec![named("other")]);
    assert!(resolver.peer(&unknown).is_none() && !resolver.has_alternatives(&unknown));
    assert!(resolver.has_alternatives(&site(vec![named("app"), named("other")])));
}
