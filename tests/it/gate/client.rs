use std::net::IpAddr;

use doorcode::gate::client_ip;
use http::{HeaderMap, HeaderName, HeaderValue};

#[test]
fn the_client_is_the_rightmost_address_that_is_not_a_trusted_proxy() {
    for (why, peer, chain, client) in [
        ("no proxy", "203.0.113.9", &[][..], "203.0.113.9"),
        ("an untrusted peer says what it likes", "203.0.113.9", &["1.1.1.1"], "203.0.113.9"),
        ("one proxy", "10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
        ("the client says what it likes", "10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("two proxies", "10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("two headers", "10.0.0.1", &["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("two headers, ours last", "10.0.0.1", &["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("odd spaces", "10.0.0.1", &[" 203.0.113.9 ,10.0.0.2"], "203.0.113.9"),
        ("only proxies: the first of them", "10.0.0.1", &["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ("the proxy tells nothing", "10.0.0.1", &[], "10.0.0.1"),
        ("IPv6", "fd00::1", &["2001:db8::9, 192.0.2.1"], "2001:db8::9"),
        ("IPv4 in IPv6", "::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
        ("a proxy as IPv4 in IPv6", "10.0.0.1", &["203.0.113.9, ::ffff:10.0.0.2"], "203.0.113.9"),
        ("an untrusted peer as IPv4 in IPv6", "::ffff:203.0.113.9", &["1.1.1.1"], "203.0.113.9"),
        ("a garbled entry", "10.0.0.1", &["unknown"], "10.0.0.1"),
        ("a garbled entry behind a proxy", "10.0.0.1", &["x, 10.0.0.2"], "10.0.0.1"),
        ("a garbled entry that is never reached", "10.0.0.1", &["x, 203.0.113.9"], "203.0.113.9"),
        ("an empty entry", "10.0.0.1", &["203.0.113.9,"], "10.0.0.1"),
        ("an empty header", "10.0.0.1", &[""], "10.0.0.1"),
        ("a number for an address", "10.0.0.1", &["3405803785"], "10.0.0.1"),
        ("octal", "10.0.0.1", &["0313.0.113.9"], "10.0.0.1"),
        ("no text", "10.0.0.1", &["203.0.113.9\u{e9}"], "10.0.0.1"),
    ] {
        comes_from(why, peer, chain, client);
    }
}

#[test]
fn a_port_or_brackets_hide_no_address() {
    for (why, chain, client) in [
        ("a port", ["203.0.113.9:5678"], "203.0.113.9"),
        ("brackets", ["[2001:db8::9]"], "2001:db8::9"),
        ("brackets and a port", ["[2001:db8::9]:5678"], "2001:db8::9"),
        ("IPv4 in IPv6 with a port", ["[::ffff:203.0.113.9]:1"], "203.0.113.9"),
        ("a proxy with a port", ["203.0.113.9:1, 10.0.0.2:2"], "203.0.113.9"),
        ("ports on the left are the client's", ["1.1.1.1:1, 203.0.113.9"], "203.0.113.9"),
        ("no brackets: the last group is no port", ["2001:db8::9:80"], "2001:db8::9:80"),
        ("a port that is none", ["203.0.113.9:65536"], "10.0.0.1"),
        ("an empty port", ["203.0.113.9:"], "10.0.0.1"),
        ("a hidden port", ["203.0.113.9:_x"], "10.0.0.1"),
        ("two ports", ["203.0.113.9:1:2"], "10.0.0.1"),
        ("an open bracket", ["[2001:db8::9"], "10.0.0.1"),
        ("a closing bracket", ["2001:db8::9]:80"], "10.0.0.1"),
        ("IPv4 in brackets", ["[203.0.113.9]"], "10.0.0.1"),
        ("two brackets", ["[[2001:db8::9]]"], "10.0.0.1"),
        ("a zone", ["[fe80::1%eth0]:1"], "10.0.0.1"),
        ("quotes", ["\"[2001:db8::9]:1\""], "10.0.0.1"),
        ("a name", ["localhost:80"], "10.0.0.1"),
    ] {
        comes_from(why, "10.0.0.1", &chain, client);
    }
}

#[track_caller]
fn comes_from(why: &str, peer: &str, chain: &[&str], client: &str) {
    let trusted = ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"].map(|net| net.parse().unwrap());
    let name = HeaderName::from_static("x-forwarded-for");
    let value = |text: &&str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
    let headers: HeaderMap = chain.iter().map(|text| (name.clone(), value(text))).collect();
    let found = client_ip(peer.parse().unwrap(), &headers, &trusted);
    assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{why}");
    // Nobody is trusted by default: then no header counts.
    let peer: IpAddr = peer.parse().unwrap();
    assert_eq!(client_ip(peer, &headers, &[]), peer.to_canonical(), "{why}");
}
