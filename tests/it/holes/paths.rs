//! Rules that are judged by another path than the one that is asked for.
use super::is_kept_out;
use crate::support::gate::Gate;
use crate::support::settings::BOB;

/// For an app that ignores case.
pub(super) const FOLDING: (&str, &str) =
    ("name = \"Shop\"\n", "name = \"Shop\"\nignore_case = true\n");

/// Below `/admin`, and open to everybody elsewhere.
pub(super) const REST_IS_PUBLIC: (&str, &str) = (
    "path = \"/admin/*\"\nallow = [\"role:admin\"]\n",
    "path = \"/admin/*\"\nallow = [\"role:admin\"]\n[[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n",
);

#[test]
fn nothing_behind_the_path_stands_for_a_public_path() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    for behind in [
        "?x=/public/x",
        "?/public/x",
        "?",
        "?x=1#/public/x",
        "#/public/x",
        "%23/public/x",
        "%2523/public/x",
        "%3f/public/x",
        "?return_to=/.doorcode/login",
        ";/public/x",
        ";x=/public/",
        "%3b/public/x",
    ] {
        is_kept_out(&gate, &mut gate.browser(), &format!("/orders{behind}"), &[]);
        is_kept_out(&gate, &mut bob, &format!("/admin/x{behind}"), &[]);
    }
}

#[test]
fn no_punctuation_takes_a_path_out_of_its_rule() {
    let gate = Gate::changed(&[REST_IS_PUBLIC]);
    let mut bob = gate.browser();
    bob.sign_in("/admin/x", BOB, &gate.texts).is(403);
    gate.browser().get("/other").is(200);
    for mark in "!$&'()*+,;=:@-._~%/\\".chars() {
        let encoded = format!("%{:02x}", mark as u32);
        let twice = format!("%25{:02X}", mark as u32);
        for mark in [mark.to_string(), encoded.to_uppercase(), encoded, twice] {
            for target in [
                format!("/admin/{mark}"),
                format!("/admin/x{mark}"),
                format!("/admin/{mark}x"),
                format!("/admin/{mark}/x"),
                format!("/admin/x/{mark}{mark}"),
            ] {
                is_kept_out(&gate, &mut gate.browser(), &target, &[]);
                is_kept_out(&gate, &mut bob, &target, &[]);
            }
        }
    }
}

#[test]
fn no_capital_hides_a_path_from_an_app_that_does_not_see_them() {
    let gate = Gate::changed(&[REST_IS_PUBLIC, FOLDING]);
    for target in ["/ADMIN/x", "/Admin", "/%41dmin/x", "/%41%44%4d%49%4e/x", "/%2541dmin/x"] {
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
    }
    for target in ["/.DOORCODE/me", "/.Doorcode/login", "/%2eDOORCODE/me"] {
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
    }
    gate.browser().get("/Other").is(200);
}

#[test]
fn a_host_has_its_rules_in_any_spelling() {
    let gate = Gate::start();
    let port = gate.port;
    for host in ["LOCALHOST", "LocalHost", "localhost."] {
        let before = gate.app.count();
        let request = format!("GET /orders HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
        let answer = gate.exchange(&request);
        assert!(matches!(answer.status, 401 | 404), "{host}: {answer}");
        assert_eq!(gate.app.count(), before, "{host}");
    }
    gate.exchange(&format!("GET /public/x HTTP/1.1\r\nHost: LOCALHOST:{port}\r\n\r\n")).is(200);
    for host in ["", " ", "localhost", "localhost:", "localhost:0", "127.0.0.1", "[::1]", "*"] {
        let before = gate.app.count();
        let request = format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = gate.exchange(&request);
        assert!(matches!(answer.status, 400 | 404), "{host}: {answer}");
        assert_eq!(gate.app.count(), before, "{host}");
    }
}

#[test]
fn a_method_in_other_letters_is_none() {
    let gate = Gate::start();
    for path in ["/orders", "/admin/x", "/public/x", "/.doorcode/sign-out"] {
        for method in ["get", "gEt", "post", "FOO", "GETX", "G", "DEBUG", "TRACK"] {
            let host = gate.browser().authority;
            let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            gate.exchange(&request).is(405);
        }
    }
    assert_eq!(gate.app.count(), 0);
}

#[test]
fn no_header_names_another_path_host_or_method() {
    let trusting = ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n");
    for gate in [Gate::start(), Gate::changed(&[trusting])] {
        let mut bob = gate.browser();
        bob.sign_in("/orders", BOB, &gate.texts).is(200);
        for name in [
            "X-Forwarded-Uri",
            "X-Forwarded-Path",
            "X-Forwarded-Method",
            "X-Forwarded-Host",
            "X-Forwarded-Server",
            "X-Original-URL",
            "X-Original-URI",
            "X-Original-Host",
            "X-Original-Method",
            "X-Rewrite-URL",
            "X-Accel-Redirect",
            "X-Sendfile",
            "Forwarded",
        ] {
            for value in ["/public/x", "http://localhost/public/x", "GET", "OPTIONS", "a"] {
                is_kept_out(&gate, &mut gate.browser(), "/orders", &[(name, value)]);
                is_kept_out(&gate, &mut bob, "/admin/x", &[(name, value)]);
            }
        }
    }
}

#[test]
fn no_program_that_looks_after_servers_gets_in_without_a_login() {
    let gate = Gate::start();
    for agent in [
        "kube-probe/1.31",
        "GoogleHC/1.0",
        "ELB-HealthChecker/2.0",
        "Amazon-Route53-Health-Check-Service",
        "Consul Health Check",
        "HAProxy",
        "Prometheus/3.0",
        "Googlebot/2.1",
        "curl/8",
    ] {
        let paths = ["/orders", "/healthz", "/readyz", "/startupz", "/metrics", "/ping", "/ready"];
        for path in paths {
            is_kept_out(&gate, &mut gate.browser(), path, &[("User-Agent", agent)]);
        }
    }
}

#[test]
fn only_a_session_is_a_login() {
    let gate = Gate::start();
    let unsigned =
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzbXN8MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwIn0.";
    for given in ["Bearer x", "Bearer", "Bearer null", unsigned, "Basic YTpi", "Negotiate a", "x"] {
        for name in ["Authorization", "Proxy-Authorization", "X-Authorization"] {
            is_kept_out(&gate, &mut gate.browser(), "/orders", &[(name, given)]);
            is_kept_out(&gate, &mut gate.browser(), "/admin/x", &[(name, given)]);
        }
        // What is for the app passes where nobody needs to be signed in.
        gate.browser().send("GET", "/public/x", &[("Authorization", given)], None).is(200);
        assert_eq!(gate.app.last().header("authorization"), Some(given));
    }
}
