//! Plain http on private networks, by the key that says what is lost.
use std::net::IpAddr;

use doorcode::domain::Host;

use crate::support::gate::Gate;
use crate::support::settings::BOB;

const ALLOWED: (&str, &str) = ("[server]\n", "[server]\nunsafe_private_http = true\n");

#[test]
fn a_person_signs_in_by_name_and_by_address() {
    for origin in ["http://nas.lan:8080", "http://192.168.1.5", "http://[fd00::5]:81", "http://nas"]
    {
        let gate = Gate::at(Some(origin), &[ALLOWED]);
        let mut bob = gate.browser();
        let page = bob.sign_in("/orders", BOB, &gate.texts);
        page.is(200).says("the app: GET /orders");
        assert!(bob.cookie("doorcode").is_some(), "{origin}");
        let me = bob.get("/.doorcode/me").is(200);
        assert_eq!(me.header("strict-transport-security"), None);
        bob.send("POST", "/orders", &[("Origin", "http://other.lan")], Some(&[])).is(403);
        bob.send("POST", "/orders", &[], Some(&[])).is(200);
    }
}

#[test]
fn a_cookie_has_everything_but_secure() {
    let gate = Gate::at(Some("http://nas.lan"), &[ALLOWED]);
    let mut bob = gate.browser();
    let mut answers = vec![bob.get("/orders").is(303)];
    while let Some(target) = answers.last().and_then(|last| last.header("location")) {
        let target = bob.here(target);
        answers.push(bob.get(&target));
    }
    let cookies: Vec<&str> = answers.iter().flat_map(|answer| answer.all("set-cookie")).collect();
    for cookie in &cookies {
        assert!(cookie.starts_with("doorcode-") && !cookie.contains("Secure"), "{cookie}");
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
    }
    assert!(!cookies.is_empty());
}

#[test]
fn private_is_what_no_public_name_leads_to() {
    let host = |text: &str| {
        let bracketed = match text.parse() {
            Ok(IpAddr::V6(_)) => format!("[{text}]"),
            _ => text.to_owned(),
        };
        Host::parse(&bracketed).unwrap_or_else(|_| panic!("{text}"))
    };
    for private in [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.1.1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "::ffff:c0a8:101",
        "nas",
        "printer.local",
        "app.internal",
        "a.b.internal",
        "nas.home.arpa",
        "nas.lan",
    ] {
        assert!(host(private).is_private(), "{private}");
    }
    for public in [
        "172.32.0.1",
        "11.0.0.1",
        "192.169.0.1",
        "8.8.8.8",
        "0.0.0.0",
        "100.64.0.1",
        "2001:db8::1",
        "::ffff:808:808",
        "::",
        "example.com",
        "nas.lan.example.com",
        "local.com",
        "xlan.com",
        "a.arpa",
        "nas.lan.",
        "nas.",
        "mylocal.dev",
    ] {
        assert!(!host(public).is_private(), "{public}");
    }
}
