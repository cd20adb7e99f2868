//! The holes that gateways had, tried through proxies that ask.
use super::proxies::{ALL, Fronted};
use crate::support::settings::BOB;

/// As in the table of the gate itself.
const REST_IS_PUBLIC: (&str, &str) = (
    "path = \"/admin/*\"\nallow = [\"role:admin\"]\n",
    "path = \"/admin/*\"\nallow = [\"role:admin\"]\n[[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n",
);

#[test]
fn no_header_of_a_visitor_says_what_is_asked_for_or_who_asks() {
    for kind in ALL {
        let proxy = Fronted::start(kind);
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        let authority = bob.authority.clone();
        for (name, value) in [
            ("X-Forwarded-Uri", "/public/x"),
            ("X-Forwarded_Uri", "/public/x"),
            ("X-Forwarded-Method", "OPTIONS"),
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Host", &authority),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "10.1.2.3"),
            ("X-Original-URL", "/public/x"),
            ("X-Original-Uri", "/public/x"),
            ("X-Original-Method", "OPTIONS"),
            ("X-Rewrite-Url", "/public/x"),
            ("Forwarded", "for=10.1.2.3;host=evil.example"),
            ("X-Doorcode-Forward-Auth", "guess"),
            ("X-HTTP-Method-Override", "OPTIONS"),
        ] {
            // Twice too, which some take for a list.
            for lines in [vec![(name, value)], vec![(name, value); 2]] {
                proxy.is_kept_out(&mut proxy.browser(), ("GET", "/orders"), &lines);
                proxy.is_kept_out(&mut bob, ("GET", "/admin/x"), &lines);
            }
        }
    }
}

#[test]
fn no_name_that_doorcode_writes_comes_from_a_visitor() {
    for kind in ALL {
        let proxy = Fronted::start(kind);
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        for name in [
            "X-Forwarded-User",
            "X-Forwarded-Phone",
            "X-Forwarded-Groups",
            "X-Forwarded-Preferred-Username",
            "X-Doorcode-Assertion",
            "X_Forwarded_User",
            "X-Forwarded_User",
            "X.Forwarded.User",
            "X_Doorcode_Assertion",
            "x-forwarded-USER",
            "X-Auth-Request-User",
            "Remote-User",
            "Remote_User",
            "X-Pomerium-Jwt-Assertion",
            "Cf-Access-Jwt-Assertion",
        ] {
            for lines in [vec![(name, "spoofed")], vec![(name, "spoofed"); 2]] {
                for target in ["/orders", "/public/x", "/maybe/x"] {
                    let before = proxy.gate.app.count();
                    let answer = bob.send("GET", target, &lines, None);
                    // Refused, or passed on without it.
                    let passed = proxy.gate.app.count() > before;
                    assert!(passed || answer.status >= 400, "{kind:?} {name} {target}: {answer}");
                    if passed {
                        let seen = format!("{:?}", proxy.gate.app.last());
                        assert!(!seen.contains("spoofed"), "{kind:?} {name} {target}: {seen}");
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_that_doorcode_writes_can_be_called_a_connections_own() {
    for kind in ALL {
        let proxy = Fronted::start(kind);
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        for named in ["X-Forwarded-User", "close, x-forwarded-user", "X-Forwarded-Phone,Cookie"] {
            for lines in
                [vec![("Connection", named)], vec![("Connection", "close"), ("Connection", named)]]
            {
                let before = proxy.gate.app.count();
                let answer = bob.send("GET", "/orders", &lines, None);
                if proxy.gate.app.count() == before {
                    assert!(answer.status >= 400, "{kind:?} {lines:?}: {answer}");
                    continue;
                }
                let last = proxy.gate.app.last();
                for name in ["x-forwarded-user", "x-forwarded-phone"] {
                    assert!(last.header(name).is_some(), "{kind:?} {lines:?} {name}: {last:?}");
                }
            }
        }
    }
}

#[test]
fn the_app_hears_of_a_request_what_the_proxy_says() {
    for kind in ALL {
        let proxy = Fronted::start(kind);
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        let names =
            ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Method", "X-Forwarded-Uri"];
        let lines = names.map(|name| (name, "spoofed.example"));
        bob.send("GET", "/orders", &lines, None).is(200);
        let seen = format!("{:?}", proxy.gate.app.last());
        assert!(!seen.contains("spoofed.example"), "{kind:?}: {seen}");
    }
}

#[test]
fn cookies_of_more_than_one_line_keep_their_order() {
    for kind in ALL {
        let proxy = Fronted::start(kind);
        let lines = [("Cookie", "a=1"), ("Cookie", "b=2; c=3"), ("Cookie", "a=4")];
        proxy.browser().send("GET", "/public/x", &lines, None).is(200);
        let last = proxy.gate.app.last();
        let all = last.all("cookie");
        assert_eq!(all.join("; "), "a=1; b=2; c=3; a=4", "{kind:?}: {last:?}");
    }
}

#[test]
fn a_path_is_judged_as_it_is_sent() {
    for kind in ALL {
        let proxy = Fronted::changed(kind, &[REST_IS_PUBLIC]);
        let mut bob = proxy.browser();
        bob.sign_in("/admin/x", BOB, &proxy.gate.texts).is(403);
        for target in [
            "/admin",
            "/admin/",
            "//admin/x",
            "/admin//x",
            "/./admin/x",
            "/public/../admin/x",
            "/public/..%2fadmin/x",
            "/public/%2e%2e/admin/x",
            "/public/%252e%252e/admin/x",
            "/%61dmin/x",
            "/%2561dmin/x",
            "/admin%2fx",
            "/admin%5cx",
            "/admin;a=b/x",
            "/admin/x?/public/x",
            "/admin/x#/public/x",
            "/admin/x%23/public",
            "/admin/x%3f/public",
            "/admin%00/x",
            "/admin/x%0d%0aX-Forwarded-Uri:%20/public/x",
            "/x/../../admin/x",
            "\\admin\\x",
            "/public/x/..;/..;/admin/x",
        ] {
            proxy.is_kept_out(&mut proxy.browser(), ("GET", target), &[]);
            proxy.is_kept_out(&mut bob, ("GET", target), &[]);
        }
        proxy.browser().get("/other").is(200);
    }
}
