//! A configuration that is read anew while the server runs.
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::browser::code_in;
use crate::support::gate::wait_for;
use crate::support::http::{Answer, Wire, exchange};
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};
use crate::support::tls::{Hello, Pair, Shelf};
use crate::support::upstream::Upstream;

const FILE: &str = "my.toml";
/// Puts a rule before the others of the shop.
const ORDERS: (&str, &str) = (
    "[[site.rule]]\npath = \"/maybe/*\"",
    "[[site.rule]]\npath = \"/orders\"\nallow = [\"public\"]\n[[site.rule]]\npath = \"/maybe/*\"",
);

fn asked(program: &Program) -> Answer {
    let request =
        b"POST /reload HTTP/1.1\r\nHost: localhost\r\nX-Doorcode-Admin: 1\r\nContent-Length: 0\r\n\r\n";
    exchange(program.admin, request)
}

#[track_caller]
fn reload(program: &Program) {
    let (code, said) = program.said(&["reload", FILE]);
    assert_eq!(code, Some(0), "{said} {}", program.printed_to("err"));
    assert!(said.contains("reloaded my.toml"), "{said}");
}

#[test]
fn a_changed_file_is_read_when_somebody_asks_for_it() {
    let program = Program::start("info");
    program.browser().get("/orders").is(303);
    program.rewrite(FILE, &[ORDERS]);
    program.browser().get("/orders").is(303);
    reload(&program);
    program.browser().get("/orders").is(200);
    let (rule, other) = (ORDERS.1, ORDERS.1.replace("/orders", "/others"));
    program.rewrite(FILE, &[(rule, &other)]);
    program.signal("HUP");
    wait_for("the file", || (program.browser().get("/others").status == 200).then_some(()));
    program.browser().get("/orders").is(303);
    assert!(program.printed_to("err").contains("reloaded my.toml"));
}

#[test]
fn a_file_with_mistakes_changes_nothing_and_each_is_told() {
    let program = Program::start("info");
    let mistakes = [("tries", "tires"), ("\"/public/*\"", "\"public\"")];
    program.rewrite(FILE, &[("[login]\n", "[login]\ntries = 3\n"), mistakes[1], ORDERS]);
    program.rewrite(FILE, &[mistakes[0]]);
    let said = asked(&program).is(422).text();
    for mistake in ["login.tires", "site[2].rule[1].path"] {
        assert!(said.contains(mistake), "{mistake}: {said}");
    }
    program.signal("HUP");
    let logged = || {
        let log = program.printed_to("err");
        (log.matches("nothing is reloaded").count() == 2).then_some(log)
    };
    let log = wait_for("both refusals in the log", logged);
    assert!(log.contains("login.tires"), "{log}");
    program.browser().get("/orders").is(303);
    program.browser().get("/public/x").is(200);
    let (code, said) = program.command(&["reload", FILE]);
    assert!(code == Some(1) && said.contains("login.tires"), "{said}");
    // The server has what the command does not need, and misses it.
    program.rewrite(
        FILE,
        &[
            ("tires", "tries"),
            ("\"public\"\nallow", "\"/public/*\"\nallow"),
            ("env:TOKEN", "env:GONE"),
        ],
    );
    let (code, said) = program.command(&["reload", FILE]);
    assert!(code == Some(1) && said.contains("GONE"), "{said}");
}

#[test]
fn what_may_never_be_read_is_refused_and_the_next_reload_works() {
    let program = Program::start("info");
    let pipe = program.file("token");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    program.rewrite(FILE, &[("env:TOKEN", "file:token"), ORDERS]);
    asked(&program).is(422).says("token: it is no regular file");
    fs::remove_file(&pipe).expect("removed");
    fs::write(&pipe, "a token").expect("written");
    reload(&program);
    program.browser().get("/orders").is(200);
    // Of a secret that Doorcode made itself, too.
    let program = Program::changed("info", &[("secret = \"env:SECRET\"\n", "")]);
    reload(&program);
    fs::write(program.file("doorcode.secret"), "another secret than that of the start, and long")
        .expect("written");
    asked(&program).is(422).says("server.secret").says("doorcode.secret");
    fs::remove_file(program.file("doorcode.secret")).expect("removed");
    asked(&program).is(422).says("server.secret");
}

#[test]
fn what_only_a_start_reads_is_told_by_its_key() {
    let program = Program::start("info");
    program.rewrite(
        FILE,
        &[
            ("secret = \"env:SECRET\"", "secret = \"env:OTHER\"\nh2c = true\nidle = \"7s\""),
            ("sqlite:doorcode.db", "sqlite:other.db"),
            ORDERS,
        ],
    );
    let said = asked(&program).is(422).text();
    assert!(said.starts_with("read at the start only"), "{said}");
    for key in ["5:10: server.secret", "6:7: server.h2c", "7:8: server.idle", "store.database"] {
        assert_eq!(said.matches(key).count(), 1, "{key}: {said}");
    }
    assert!(!said.contains("rule"), "{said}");
    program.browser().get("/orders").is(303);
}

#[test]
fn only_a_program_of_the_operator_may_ask() {
    let program = Program::start("info");
    program.rewrite(FILE, &[ORDERS]);
    for request in [
        "GET /reload HTTP/1.1\r\nHost: localhost\r\nX-Doorcode-Admin: 1\r\n\r\n",
        // As a page of a browser can, without asking first.
        "POST /reload HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n",
    ] {
        exchange(program.admin, request.as_bytes()).is(404);
    }
    program.browser().get("/orders").is(303);
    exchange(program.port, b"POST /reload HTTP/1.1\r\nHost: localhost\r\nX-Doorcode-Admin: 1\r\nContent-Length: 0\r\n\r\n");
    program.browser().get("/orders").is(303);
}

#[test]
fn people_keep_their_sessions_and_logins_and_get_what_the_new_file_says() {
    let program = Program::start("info");
    let (mut ada, mut bob) = (program.browser(), program.browser());
    ada.sign_in("/admin/x", ADA, &program.texts).is(200);
    let number = bob.visit("/orders");
    let page = bob.give_number(&number, BOB).is(200);
    let code = code_in(&program.texts.text(2).body);
    program.rewrite(
        FILE,
        &[
            ("roles = [\"admin\", \"staff\"]", "roles = [\"staff\"]"),
            ("{{ code }} for", "{{ code }} opens"),
            ("name = \"Acme\"", "name = \"Emca\""),
        ],
    );
    reload(&program);
    let right = bob.give_code(&page, &code).is(303);
    bob.finish(right).is(200);
    ada.get("/orders").is(200);
    ada.get("/admin/x").is(403);
    let mut other = program.browser();
    let number = other.visit("/orders").says("Emca");
    other.give_number(&number, "+12025550124").is(200);
    assert!(program.texts.text(3).body.contains(" opens "), "{}", program.texts.text(3).body);
}

#[test]
fn certificates_are_shown_at_once() {
    let (old, new) = (Pair::of(&["localhost"]), Pair::of(&["localhost"]));
    let shelf = Shelf::with(&[&old]);
    let line = format!("secret = \"env:SECRET\"\n{}", shelf.line());
    let changes = [
        ("secret = \"env:SECRET\"", line.as_str()),
        ("public_url = \"http:", "public_url = \"https:"),
        ("name = \"Down\"\nurl = \"http:", "name = \"Down\"\nurl = \"https:"),
        ("name = \"Shop\"\nurl = \"http:", "name = \"Shop\"\nurl = \"https:"),
    ];
    let program = Program::changed("info", &changes);
    let shown = || Hello::USUAL.say(program.port).expect("a handshake").certificate();
    assert_eq!(shown(), old.der);
    new.write(&shelf.files[0]);
    reload(&program);
    assert_eq!(shown(), new.der);
    fs::write(&shelf.files[0].key, "").expect("written");
    asked(&program).is(422).says("server.tls[1].key");
    assert_eq!(shown(), new.der);
}

/// One file leads everybody to one app, the other only who is signed in to another: nobody who asks here
/// may ever reach that.
fn reload_under_load(rounds: usize) -> Program {
    let (program, inner) = (Program::start("error"), Upstream::start());
    let at = |app: &Upstream| format!("\"127.0.0.1:{}\"", app.port);
    let (outer, guarded) = (at(&program.app), at(&inner));
    let open = [(guarded.as_str(), outer.as_str()), ORDERS];
    let shut = [(outer.as_str(), guarded.as_str()), (ORDERS.1, ORDERS.0)];
    program.rewrite(FILE, &shut[..1]);
    reload(&program);
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let request = program.browser().request("GET", "/orders", &[], None);
    let ask = |keeps_connection: bool| {
        let mut wire = Wire::to(program.port);
        while !is_over.load(Ordering::Relaxed) {
            wire.send(&request).expect("sent");
            let answer = wire.answer(false).expect("an answer");
            assert!(matches!(answer.status, 200 | 303), "{answer}");
            answers.fetch_add(1, Ordering::Relaxed);
            if !keeps_connection {
                wire = Wire::to(program.port);
            }
        }
    };
    std::thread::scope(|scope| {
        let ask = &ask;
        for n in 0..4 {
            scope.spawn(move || ask(n % 2 == 0));
        }
        for round in 0..rounds {
            program.rewrite(FILE, if round % 2 == 0 { &open } else { &shut });
            let before = answers.load(Ordering::Relaxed);
            reload(&program);
            wait_for("requests", || (answers.load(Ordering::Relaxed) > before + 50).then_some(()));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(inner.count(), 0, "{:?}", inner.seen());
    assert!(program.app.count() > 10 * rounds);
    program
}

#[test]
fn under_load_no_request_fails_and_none_is_judged_by_two_files() {
    reload_under_load(10);
}

#[test]
#[ignore = "tests/long"]
fn a_hundred_reloads_under_load_leave_no_configuration_behind() {
    let program = reload_under_load(100);
    let before = program.memory();
    for _ in 0..100 {
        reload(&program);
    }
    let grown = program.memory().saturating_sub(before);
    // A configuration with its pages takes some MiB.
    assert!(grown < 16 * 1024, "{grown} KiB more than {before} KiB");
}
