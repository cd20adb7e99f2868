use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{ORIGIN, SHOP, Story, WIKI, readiness, shown, wait_for_both, wait_for_certificate};
use crate::support::authority::Play;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::exchange;
use crate::support::metrics::metric;
use crate::support::tls::Hello;

/// A visitor who believes in the authority and nobody else.
pub(super) fn visitor(gate: &Gate, root: reqwest::Certificate) -> reqwest::Client {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, gate.port));
    reqwest::Client::builder()
        .tls_certs_only([root])
        .resolve(SHOP, here)
        .resolve(WIKI, here)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client")
}

#[test]
fn the_first_start_gets_a_certificate_for_each_host_and_visitors_get_in() {
    let story = Story::new();
    let gate = story.gate();
    wait_for_certificate(&gate, SHOP);
    wait_for_certificate(&gate, WIKI);
    let client = visitor(&gate, story.authority.root());
    let status = |url: &str| gate.run(client.get(url).send()).expect("an answer").status();
    assert_eq!(status(&format!("{ORIGIN}/public/x")), 200);
    assert_eq!(status("https://wiki.example.com/"), 502);
    assert_eq!(story.authority.validated(), ["tls-alpn-01", "tls-alpn-01"]);
    assert_eq!(story.authority.contacts(), ["mailto:ops@example.com"]);
    assert_eq!(story.authority.asked("new-account"), 1);
    wait_for("no note", || (readiness(&gate) == "ready\n").then_some(()));
    assert_eq!(metric(gate.admin, "doorcode_acme_hosts_without_certificate"), 0);
    // 2036-01-01.
    let end = metric(gate.admin, "doorcode_tls_certificate_end_timestamp_seconds");
    assert_eq!(end, 2_082_758_400);
    // Who names no host of ours is shown no certificate of another; who names none, that of the login
    // pages.
    assert_eq!(shown(gate.port, "other.example.com"), None);
    let nameless = Hello { name: None, ..Hello::USUAL }.say(gate.port).expect("a handshake");
    let named = Hello::USUAL.say(gate.port).expect("a handshake");
    assert_eq!(nameless.certificate(), named.certificate());
}

#[test]
fn a_restart_uses_the_folder_while_the_authority_is_away() {
    let story = Story::new();
    let mut gate = story.gate();
    let serials = [SHOP, WIKI].map(|host| wait_for_certificate(&gate, host));
    wait_for("no note", || (readiness(&gate) == "ready\n").then_some(()));
    gate.end();
    story.authority.plays(Play::Away);
    let before = story.authority.requests();
    let gate = story.gate();
    // At once, not after the first look at the clock.
    assert_eq!([SHOP, WIKI].map(|host| shown(gate.port, host).expect("shown")), serials);
    super::rest();
    assert_eq!(story.authority.requests(), before);
    assert_eq!(readiness(&gate), "ready\n");
}

#[test]
fn before_the_first_certificate_handshakes_are_refused_and_readiness_says_why() {
    let story = Story::new();
    story.authority.plays(Play::Unavailable);
    let gate = story.gate();
    wait_for("the reason", || {
        let said = readiness(&gate);
        let line =
            format!("no certificate yet for {SHOP}: the authority answered with status 503\n");
        (said.starts_with("ready\n") && said.contains(&line) && said.contains(WIKI)).then_some(())
    });
    assert_eq!(shown(gate.port, SHOP), None);
    assert_eq!(metric(gate.admin, "doorcode_acme_hosts_without_certificate"), 2);
    assert_eq!(metric(gate.admin, "doorcode_tls_certificate_end_timestamp_seconds"), 0);
    // Both have one authority, which is asked once.
    super::rest();
    assert_eq!(story.authority.requests(), 1);
    story.authority.plays(Play::Honest);
    gate.pass(std::time::Duration::from_mins(6));
    wait_for_certificate(&gate, SHOP);
    wait_for_certificate(&gate, WIKI);
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("read").path());
    let mut all = Vec::new();
    for path in entries {
        if path.is_dir() {
            all.extend(all_files(&path));
        }
        all.push(path);
    }
    all
}

#[test]
fn nobody_else_can_read_what_is_kept() {
    let story = Story::new();
    let gate = story.gate();
    wait_for_both(&gate);
    wait_for("no note", || (readiness(&gate) == "ready\n").then_some(()));
    let mode = |path: &Path| path.metadata().expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&story.folder()), 0o700);
    let files = all_files(&story.folder());
    for path in &files {
        assert_eq!(mode(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    let names: Vec<String> =
        files.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    for wanted in ["account.json", "shop.example.com.pem", "wiki.example.com.pem"] {
        assert!(names.iter().any(|name| name == wanted), "{names:?}");
    }
    // The folder of the authority, and nothing half written.
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(!format!("{:?}", gate.config).contains("PRIVATE KEY"));
}

#[test]
fn a_folder_that_others_can_read_is_refused() {
    let story = Story::new();
    let table = story.authority.table(&story.folder());
    std::fs::DirBuilder::new().mode(0o750).create(story.folder()).expect("made");
    let text = crate::support::settings::Settings::in_process(&[
        ("[server]\n", "[server]\ntls = \"acme\"\n"),
        ("http://localhost:8080/.doorcode", "https://shop.example.com/.doorcode"),
        ("http://localhost:8080/down", "https://shop.example.com/down"),
        ("\"http://localhost:8080\"", "\"https://shop.example.com\""),
        ("[admin]\n", &format!("{table}[admin]\n")),
    ]);
    let read = |text: &str| {
        let here = Path::new("");
        doorcode::config::Config::read(
            text,
            "my.toml",
            here,
            &crate::support::settings::environment,
        )
    };
    let said = read(&text).expect_err("refused").to_string();
    assert!(said.contains("acme.folder") && said.contains("(mode 0750)"), "{said}");
    std::fs::set_permissions(story.folder(), std::fs::Permissions::from_mode(0o700)).expect("set");
    read(&text).expect("good");
}

#[test]
fn challenges_are_answered_only_while_an_authority_may_ask() {
    let story = Story::new();
    let (gate, http) = super::start(&story.authority.table(&story.folder()), &[]);
    // The authority waits until it is told where to ask.
    wait_for("an order", || (story.authority.asked("challenge") > 0).then_some(()));
    let hello = Hello { name: Some(SHOP), protocols: &["acme-tls/1"], ..Hello::USUAL };
    let asked = hello.say(gate.port).expect("a handshake");
    assert_eq!(asked.protocol(), Some("acme-tls/1"));
    // For another host, or beside another protocol, it is no question of an authority.
    assert!(Hello { name: Some(WIKI), ..hello.clone() }.say(gate.port).is_err());
    let both = Hello { protocols: &["acme-tls/1", "http/1.1"], ..hello.clone() };
    assert!(both.say(gate.port).is_err());
    let get = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {SHOP}\r\n\r\n");
        exchange(http, request.as_bytes())
    };
    get("/.well-known/acme-challenge/token-0-abcdefghijklmnop").is(308);
    story.authority.asks_at(http, gate.port);
    wait_for_both(&gate);
    wait_for("no note", || (readiness(&gate) == "ready\n").then_some(()));
    assert!(hello.say(gate.port).is_err());
    assert!(shown(gate.port, SHOP).is_some());
}
