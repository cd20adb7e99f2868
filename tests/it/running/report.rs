//! A site whose rules are only tried out.
use std::time::Duration;

use serde_json::Value;

use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::metrics::wait_until;
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};

const FILE: &str = "my.toml";
const SHOP: &str = "name = \"Shop\"";
const REPORTING: &str = "name = \"Shop\"\nmode = \"report\"\nmax_body = \"1KiB\"";
const INSIDE: (&str, &str) = (
    "[[site.rule]]\npath = \"/maybe/*\"",
    "[[site.rule]]\npath = \"/inside\"\nallow = [\"public\"]\nfrom = [\"10.0.0.0/8\"]\n\
     [[site.rule]]\npath = \"/maybe/*\"",
);

fn status(program: &Program, head: &str) -> u16 {
    let mut wire = Wire::to(program.port);
    let (line, rest) = head.split_once('\n').unwrap_or((head, ""));
    let host = program.port;
    let rest = rest.replace('\n', "\r\n");
    let text = format!("{line} HTTP/1.1\r\nHost: localhost:{host}\r\n{rest}\r\n");
    wire.send(text.as_bytes()).unwrap();
    wire.answer(false).unwrap().status
}

/// Decision and `would` of the access line of a path.
fn logged(program: &Program, path: &str) -> (String, Option<String>) {
    let line = wait_for("access line", || {
        let out = program.printed_to("out");
        let line = out.lines().rev().find(|line| line.contains(&format!("\"{path}\"")));
        line.map(|line| serde_json::from_str::<Value>(line).unwrap())
    });
    let text = |name: &str| line[name].as_str().map(str::to_owned);
    (text("decision").unwrap(), text("would"))
}

#[test]
fn what_rules_would_stop_reaches_the_app_and_is_told() {
    let program = Program::changed("info", &[(SHOP, REPORTING), INSIDE]);
    let mut bob = program.browser();
    bob.sign_in("/.doorcode/account", BOB, &program.texts).is(200);
    let cookie = format!("Cookie: doorcode={}\n", bob.session());
    let told = |decision: &str, would: &str| {
        (decision.to_owned(), Some(would.to_owned()).filter(|would| !would.is_empty()))
    };
    for (head, expected) in [
        ("GET /public/1\n".to_owned(), told("forward", "")),
        ("GET /orders/2\n".to_owned(), told("reported", "sign-in")),
        ("GET /inside\n".to_owned(), told("reported", "refused")),
        (format!("GET /orders/3\n{cookie}"), told("forward", "")),
        (format!("GET /admin/4\n{cookie}"), told("reported", "refused")),
    ] {
        let before = program.app.count();
        assert_eq!(status(&program, &head), 200, "{head}");
        assert_eq!(program.app.count(), before + 1, "{head}");
        let path = head.split([' ', '\n']).nth(1).unwrap();
        assert_eq!(logged(&program, path), expected, "{head}");
        // Whoever is known is told, and nobody is nobody.
        let phone = if head.contains("Cookie") { Some(BOB) } else { None };
        assert_eq!(program.app.last().header("x-forwarded-phone"), phone, "{head}");
    }
    let series = "doorcode_http_requests_total{decision=\"reported\",site=\"Shop\"}";
    wait_until(program.admin, series, 3);
}

#[test]
fn what_no_rule_says_is_refused_as_ever() {
    let program = Program::changed("info", &[(SHOP, REPORTING)]);
    let mut ada = program.browser();
    ada.sign_in("/.doorcode/account", ADA, &program.texts).is(200);
    let cookie = format!("Cookie: doorcode={}\n", ada.session());
    let before = program.app.count();
    let foreign =
        format!("POST /orders\n{cookie}Origin: https://evil.example\nContent-Length: 0\n");
    assert_eq!(status(&program, &foreign), 403);
    assert_eq!(status(&program, "POST /orders/large\nContent-Length: 2000\n"), 413);
    assert_eq!(logged(&program, "/orders/large"), ("too-large".to_owned(), None));
    let two = "GET /orders\nAuthorization: Bearer a\nAuthorization: Bearer b\n";
    assert_eq!(status(&program, two), 401);
    assert_eq!(status(&program, "GET /orders/%2e%2e/admin\n"), 400);
    let preflight =
        "OPTIONS /orders\nOrigin: https://evil.example\nAccess-Control-Request-Method: PUT\n";
    assert_eq!(status(&program, preflight), 403);
    assert_eq!(program.app.count(), before);
}

#[test]
fn start_reload_and_check_name_the_sites_that_only_report() {
    let program = Program::start("info");
    assert!(!program.printed_to("err").contains("site[2].mode"));
    assert_eq!(status(&program, "GET /orders\n"), 401);
    program.rewrite(FILE, &[(SHOP, REPORTING)]);
    let (code, said) = program.said(&["reload", FILE]);
    assert!(code == Some(0) && said.contains("mode `report`: Shop"), "{said}");
    assert_eq!(status(&program, "GET /orders\n"), 200);
    let log = program.printed_to("err");
    assert!(log.contains("site[2].mode") && log.contains("whatever the rules say"), "{log}");
    let (_, said) = program.said(&["check", FILE]);
    assert!(said.contains("warning: site[2].mode: is `report`"), "{said}");
    let (code, said) =
        program.said(&["explain", FILE, "--url", &format!("http://localhost:{}/", program.port)]);
    assert!(code == Some(0) && said.contains("passes, since the mode"), "{said}");
    let again = Program::changed("info", &[(SHOP, REPORTING)]);
    assert!(again.printed_to("err").contains("site[2].mode"), "{}", again.printed_to("err"));
}

#[test]
fn a_login_that_is_too_old_and_a_destination_are_reported_too() {
    let fresh = "[[site.rule]]\npath = \"/billing\"\nallow = [\"signed-in\"]\nfresh = \"15m\"\n";
    let fresh = (
        "[[site.rule]]\npath = \"/maybe/*\"",
        format!("{fresh}{}", "[[site.rule]]\npath = \"/maybe/*\""),
    );
    let gate = Gate::changed(&[(SHOP, REPORTING), (fresh.0, &fresh.1)]);
    let mut bob = gate.browser();
    bob.sign_in("/.doorcode/account", BOB, &gate.texts).is(200);
    bob.get("/billing").is(200);
    assert!(!gate.access_log().contains("\"would\""));
    gate.pass(Duration::from_mins(16));
    bob.get("/billing").is(200);
    let line = |would: &str| {
        // The line of a request before it may come after it.
        let told = format!("\"would\":\"{would}\"");
        wait_for(would, || gate.access_log().contains(&told).then_some(()));
    };
    line("log-in-again");
    // Each of both paths is judged.
    let there = [("Destination", "/admin/b")];
    bob.send("COPY", "/public/a", &there, None).is(200);
    line("refused");
    gate.browser().send("COPY", "/orders", &[("Destination", "/public/b")], None).is(200);
    line("sign-in");
}
