//! Rules that are judged by another path than the one that is asked for.
use super::is_kept_out;
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};

/// Below `/admin`, and open to everybody elsewhere.
const REST_IS_PUBLIC: (&str, &str) = (
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

const FOLDING: (&str, &str) = ("name = \"Shop\"\n", "name = \"Shop\"\nignore_case = true\n");

#[test]
fn no_other_name_of_a_file_hides_it_from_an_app_on_a_file_system_that_knows_it_by_that() {
    let tasks = (
        "path = \"/admin/*\"",
        "path = \"/tasks/*\"\nallow = [\"role:admin\"]\n[[site.rule]]\npath = \"/admin/*\"",
    );
    let gate = Gate::changed(&[REST_IS_PUBLIC, FOLDING, tasks]);
    let mut bob = gate.browser();
    bob.sign_in("/admin/x", BOB, &gate.texts).is(403);
    for target in [
        // Windows drops dots and blanks at the end.
        "/admin.",
        "/Admin./x",
        "/admin...",
        "/admin%20",
        "/admin%20/x",
        "/admin.%20.%20/x",
        "/admin%2e",
        "/admin%252e/x",
        "/admin%2520",
        "/admin.;x",
        "/admin.//x",
        "/admin.%2Fx",
        "/admin.%5Cx",
        // NTFS: streams, also of a directory.
        "/admin::$DATA",
        "/admin:x",
        "/admin:$I30:$INDEX_ALLOCATION/x",
        "/ADMIN::$INDEX_ALLOCATION/x",
        "/admin%3a%3a$data",
        "/admin%253ax/y",
        "/admin.::$DATA",
        "/admin::$DATA.",
        "/admin%20:x/y",
        // Short names.
        "/ADMINI~1/x",
        "/admin~1",
        "/ADMIN~1.",
        "/ADMIN%7E1/x",
        "/A0B1C2~1/x",
        "/AD1234~1::$DATA",
        "/public/ADMINI~2.TXT",
        "/public/AZ8X2Q~P",
        // Letters that some table takes for others.
        "/adm\u{131}n/x",
        "/adm%C4%B1n/x",
        "/ADM%C4%B0N/x",
        "/admi%CC%87n/x",
        "/%EF%BD%81dmin/x",
        "/%EF%BC%A1DMIN",
        "/ad%E2%80%8Bmin/x",
        "/admin%EF%BB%BF/x",
        "/%C3%A1dmin/x",
        "/ta%C5%BFk%C5%BF/x",
        "/TA%C5%BFKS",
        "/tas%E2%84%AAs/x",
        "/t%C3%85sks",
        "/tas%E2%84%AA%EF%BD%93./x",
        "/admin%EF%BC%8Fx",
        "/admin%E2%88%95x",
        "/admin%EF%BC%9Ax",
        "/admin%EF%BC%8E",
        // Ways out of a directory.
        "/public/...",
        "/public/..%20/admin",
        "/public/.%20/admin",
        "/public/%20/x",
        "/public/..:x/admin",
        "/public/..::$INDEX_ALLOCATION/admin",
        "/public/%EF%BC%8E%EF%BC%8E/admin",
        "/public/%E2%80%A5/admin",
        "/public%EF%BC%8F..%EF%BC%8Fadmin",
        "/public%E2%88%95%EF%BC%8E%EF%BC%8E%E2%88%95admin",
        // Ours.
        "/.doorcode./me",
        "/.doorcode%20/me",
        "/.doorcode::$DATA",
        "/.d%C3%B6orcode/me",
        "/.DOOR%EF%BC%A3ODE/me",
        "/DOORCO~1/me",
    ] {
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
        is_kept_out(&gate, &mut bob, target, &[]);
    }
    for target in [
        "/Wiki/Special:Search",
        "/wiki/Dr.",
        "/stra%C3%9Fe/K%C3%84SE",
        "/%E6%97%A5%E6%9C%AC/x",
        "/half/%C2%BD-cup",
        "/~user/a.b.c",
        "/backup~2026.tar",
        "/administer.",
        "/notes%20/x",
    ] {
        gate.browser().get(target).is(200);
        assert_eq!(gate.app.last().target, target);
    }
}

#[test]
fn an_encoded_slash_passes_byte_for_byte_where_every_reading_may() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    for target in [
        "/api/queues/%2F/q",
        "/api/queues/%2f/q?vhost=%2F",
        "/api/vhosts/%2F",
        "/api/exchanges/%2F/amq.default/publish",
        "/@scope%2fname",
        "/@scope%2Fname/-/name-1.0.0.tgz",
        "/api/v4/projects/group%2Fproject/issues",
        "/contents/a%2Fb%20c.ipynb",
        "/x%252Fy",
        "/x%252fy%2Fz",
        "/files/a%5Cb",
        "/files/a%5cb%255Cc",
        "/x%2F",
        "/x/a%2F%2Fb;c=%2f",
        "/caf%C3%A9%2Fmen%C3%BC",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let form: Option<&[_]> = (method == "PUT").then_some(&[]);
            bob.send(method, target, &[], form).is(200);
            assert_eq!(gate.app.last().target, target);
        }
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
        let public = format!("/public{target}");
        gate.browser().get(&public).is(200);
        assert_eq!(gate.app.last().target, public);
    }
    // The way back after a login is the same, byte for byte.
    let mut ada = gate.browser();
    ada.sign_in("/api/queues/%2F/q%5Cr?x=%2F", ADA, &gate.texts).is(200);
    assert_eq!(gate.app.last().target, "/api/queues/%2F/q%5Cr?x=%2F");
}

#[test]
fn an_encoded_slash_is_judged_by_every_reading_and_by_more_than_one_rule() {
    let rules = "path = \"/admin/*\"\nallow = [\"role:admin\"]\n\
                 [[site.rule]]\npath = \"/x/a/b\"\nallow = [\"public\"]\n\
                 [[site.rule]]\npath = \"/x/*\"\nallow = [\"role:admin\"]\n\
                 [[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n";
    let gate = Gate::changed(&[(REST_IS_PUBLIC.0, rules)]);
    let mut bob = gate.browser();
    bob.sign_in("/admin/x", BOB, &gate.texts).is(403);
    // Public by one rule as it is and by another once decoded.
    for target in ["/public%2Fx", "/other%2Fpublic", "/%78%2Fa%2Fb", "/public%5Cx", "/a%252Fb"] {
        gate.browser().get(target).is(200);
        assert_eq!(gate.app.last().target, target);
    }
    for target in [
        "/admin%2Fx",
        "/admin%2fx/y",
        "/admin%252Fx",
        "/admin%5Cx",
        "/admin%255cx",
        "/%61dmin%2Fx",
        "/%2561dmin%252Fx",
        "/admin%3Bx%2Fy",
        "/admin%3Fx%2Fy",
        "/;%2Fadmin/x",
        "/%2Fadmin/x",
        "/%5Cadmin/x",
        "/%2F%2Fevil.example/x",
        "/%5C%5Cevil.example",
        "/public%2F..%2Fadmin",
        "/public/..%2Fadmin",
        "/public%2F..",
        "/public%5C..%5Cadmin",
        "/public/..%5Cadmin",
        "/public/..%252Fadmin",
        "/public/%2e%2e%2Fadmin",
        "/public/..;%2Fadmin",
        "/public/.%2Fadmin",
        "/public/..%25252Fadmin",
        "/admin%25252Fx",
        "/public%2F%00",
        "/public%2F%2500",
        "/public%00%2Fx",
        "/.doorcode%2Fme",
        "/.doorcode%2flogin",
        "/.doorcode%252Fme",
        "/.doorcode%5Cme",
        "/.doorcode%255cme",
        "/%2edoorcode%2Fme",
        "/.doorcode;x%2Fme",
        "/down%2Fx",
        "/down%5Cx",
        // Not as it is, not wholly decoded, but where the parts are decoded each by itself.
        "/%78/a%2Fb",
        "/%78/a%5Cb",
        "/x%2Fa/%62%2Fc",
        "/x%2Fa%252Fb",
        "/x/a%2Fb",
    ] {
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
        is_kept_out(&gate, &mut bob, target, &[]);
    }
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
