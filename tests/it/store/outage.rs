//! A server whose database is away for a while.
use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::exchange;
use crate::support::metrics::wait_until;
use crate::support::postgresql::{self, Server};
use crate::support::settings::{ADA, BOB};

/// The setting that [`Server::setting`] takes the place of.
const FILE: &str = "database = \"sqlite:doorcode.db\"";

/// Where an engine is away, tests would wait for it.
const SOON: Duration = Duration::from_secs(3);
/// Where it is not, a busy machine may be slow.
const LATE: Duration = Duration::from_secs(30);

fn ready(gate: &Gate) -> u16 {
    exchange(gate.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n").status
}

fn status(browser: &mut Browser, path: &str) -> u16 {
    browser.get(path).status
}

#[test]
fn sessions_that_are_known_outlive_a_database_for_half_a_minute_and_nothing_passes_unchecked() {
    let server = Server::start();
    let gate = Gate::changed(&[(FILE, &server.setting(SOON))]);
    let (mut ada, mut bob) = (gate.browser(), gate.browser());
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let form = bob.visit("/");
    server.pause();
    // Known: no word of the database is needed.
    ada.get("/orders").is(200);
    bob.get("/public/x").is(200);
    assert_eq!(ready(&gate), 503);
    // Not known, and what would have to be counted.
    let answer = bob.give_number(&form, BOB).is(503);
    assert!(answer.text().contains("Try again"), "{answer}");
    let unknown = format!("doorcode={}", "x".repeat(43));
    let host = gate.browser().authority;
    let request = format!("GET /orders HTTP/1.1\r\nHost: {host}\r\nCookie: {unknown}\r\n\r\n");
    assert_ne!(gate.exchange(&request).status, 200);
    gate.pass(Duration::from_secs(31));
    wait_for("the end of what is known", || (status(&mut ada, "/orders") == 503).then_some(()));
    bob.get("/public/x").is(200);
    assert_eq!(gate.texts.requests(), 1, "no text whose code cannot be checked");

    server.resume();
    wait_for("what is known again", || (status(&mut ada, "/orders") == 200).then_some(()));
    wait_for("a server that is ready", || (ready(&gate) == 200).then_some(()));
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
}

#[test]
fn a_server_on_postgresql_signs_people_in_and_knows_them_after_a_restart() {
    let server = postgresql::shared();
    let setting = server.setting(LATE);
    let gate = Gate::changed(&[(FILE, &setting)]);
    let mut ada = gate.browser();
    ada.sign_in("/admin/x", ADA, &gate.texts).is(200);
    let cookie = ada.cookie("doorcode").expect("a session");
    drop(gate);
    let gate = Gate::changed(&[(FILE, &setting)]);
    let host = gate.browser().authority;
    let ask = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: doorcode={cookie}");
        gate.exchange(&format!("{head}\r\n\r\n")).status
    };
    assert_eq!((ask("/admin/x"), ask("/orders")), (200, 200));
    let mut other = gate.browser();
    other.sign_in("/orders", ADA, &gate.texts).is(200);
    other.post("/.doorcode/sign-out", &[]).is(303);
    other.get("/orders").is(303);
    assert_eq!(ask("/orders"), 200, "another session");
}

/// Two servers on one database, each with its logins in its own memory.
#[test]
fn a_second_server_with_a_memory_of_its_own_never_gets_ready_and_says_why() {
    let server = postgresql::shared();
    let setting = server.setting(LATE);
    let first = Gate::changed(&[(FILE, &setting)]);
    // Of two that start at once, either may be the first.
    first.pass(Duration::from_secs(1));
    let second = first.beside(&[(FILE, &setting)]);
    let told = || {
        let answer = exchange(second.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n");
        (answer.status == 503 && answer.text().contains("another server")).then_some(answer)
    };
    let answer = wait_for("the reason", told);
    assert!(answer.text().contains(&format!(":{}", first.port)), "{answer}");
    assert!(answer.text().contains("store.cache"), "{answer}");
    assert_eq!(ready(&first), 200, "the first one goes on");
    wait_until(second.admin, "doorcode_nodes", 2);
    wait_until(second.admin, "doorcode_nodes_with_other_settings", 1);
    let listed = doorcode::app::list_nodes(&first.config).expect("a list");
    for node in [&first, &second] {
        assert!(listed.contains(&format!(":{}", node.port)), "{listed}");
    }
    drop(first);
    // It did not say that it ends, and its last sign of life may be seen yet.
    wait_for("the place of the first", || {
        second.pass(Duration::from_secs(1));
        (ready(&second) == 200).then_some(())
    });
}
