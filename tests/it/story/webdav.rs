//! The methods of `WebDAV` and what was built on it, and the second path that some of them have.
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};

const TOOL: [(&str, &str); 3] = [("Sec-Fetch-Mode", ""), ("Sec-Fetch-Site", ""), ("Accept", "*/*")];

#[test]
fn every_registered_method_reaches_the_app_of_who_may() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    for method in doorcode::gate::METHODS.split(", ") {
        bob.send(method, "/dav/x", &TOOL, None).is(200);
        assert_eq!(gate.app.last().method, method);
        assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(BOB), "{method}");
        let before = gate.app.count();
        gate.browser().send(method, "/dav/x", &TOOL, None).is(401);
        bob.send(method, "/admin/x", &TOOL, None).is(403);
        let foreign = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
        if !["GET", "HEAD", "OPTIONS", "QUERY"].contains(&method) {
            bob.send(method, "/dav/x", &foreign, None).is(403);
        }
        assert_eq!(gate.app.count(), before, "{method}");
    }
    bob.send("PROPFIND", "/dav/", &[("Depth", "1")], Some(&[("a", "b")])).is(200);
    assert_eq!(gate.app.last().body, b"a=b");
    for method in ["PROPFIND", "MKCOL", "COPY"] {
        bob.send(method, "/.doorcode/login", &[], None).is(405);
    }
}

#[test]
fn a_destination_is_judged_as_a_second_path() {
    let gate = Gate::start();
    let (mut ada, mut bob) = (gate.browser(), gate.browser());
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    let origin = gate.origin.clone();
    for method in ["COPY", "MOVE", "PUT", "GET"] {
        for (to, whom) in [("/dav/b", BOB), ("/admin/b", ADA)] {
            for to in [to.to_owned(), format!("{origin}{to}")] {
                let lines = [("Destination", to.as_str())];
                let person = if whom == ADA { &mut ada } else { &mut bob };
                person.send(method, "/dav/a", &lines, None).is(200);
                assert_eq!(gate.app.last().header("destination"), Some(to.as_str()));
                assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(whom));
            }
        }
        let before = gate.app.count();
        for to in [
            "/admin/b",
            "/admin",
            "//admin/b",
            "/dav/../admin/b",
            "/dav/%2e%2e/admin/b",
            "/dav/..%2fadmin/b",
            "/%61dmin/b",
            "/admin%2Fb",
            "/admin;x/b",
            "/.doorcode/login",
            "/down/x",
            "https://other.example/dav/b",
            "https://other.example@localhost/dav/b",
            "dav/b",
            "",
        ] {
            for to in [to.to_owned(), format!("{origin}{to}")] {
                let answer =
                    bob.send(method, "/dav/a", &[("Destination", &format!("{to} "))], None);
                let refused = matches!(answer.status, 400 | 403);
                assert!(refused || to == origin, "{method} to {to}: {answer}");
            }
        }
        let twice = [("Destination", "/dav/b"), ("Destination", "/admin/b")];
        bob.send(method, "/dav/a", &twice, None).is(400);
        // Public here, and not there.
        let there = [TOOL[0], TOOL[1], TOOL[2], ("Destination", "/dav/b")];
        gate.browser().send(method, "/public/a", &there, None).is(401);
        gate.browser().send(method, "/public/a", &[("Destination", "/public/b")], None).is(200);
        assert_eq!(gate.app.count(), before + 1, "{method}");
    }
    bob.send("COPY", "/public/a", &[("Destination", "/dav/b")], None).is(200);
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(BOB), "known by the destination");
}
