//! A server that hands over to a new process.
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::browser::{code_in, unlike};
use crate::support::gate::{wait_for, wait_until_ready};
use crate::support::http::{Wire, exchange};
use crate::support::postgresql;
use crate::support::program::{Program, lives, send};
use crate::support::settings::{ADA, BOB};

const FILE: &str = "my.toml";

/// Asks again and again until it is over: each time by a new connection, or by one for as long as the
/// server keeps it.
fn ask(program: &Program, keeps_connection: bool, is_over: &AtomicBool, answers: &AtomicUsize) {
    let request = program.browser().request("GET", "/public/x", &[], None);
    let mut wire = Wire::to(program.port);
    while !is_over.load(Ordering::Relaxed) {
        wire.send(&request).expect("sent");
        let answer = wire.answer(false).expect("an answer").is(200);
        answers.fetch_add(1, Ordering::Relaxed);
        let ends = answer.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        if ends || !keeps_connection {
            wire = Wire::to(program.port);
        }
    }
}

/// Upgrades under load. No request fails, and no connection is refused.
pub(crate) fn upgrade_under_load(program: &Program, rounds: usize, mut between: impl FnMut()) {
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let (is_over, answers) = (&is_over, &answers);
        for n in 0..4 {
            scope.spawn(move || ask(program, n % 2 == 0, is_over, answers));
        }
        for _ in 0..rounds {
            let before = answers.load(Ordering::Relaxed);
            program.upgrade();
            let more = || (answers.load(Ordering::Relaxed) > before + 50).then_some(());
            wait_for("requests", more);
            exchange(program.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n").is(200);
            between();
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn ten_upgrades_under_load_refuse_nobody_and_the_former_processes_end() {
    let mut program = Program::start("info");
    let mut ada = program.browser();
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    upgrade_under_load(&program, 10, || ());
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    ada.get("/orders").is(200);
    let log = program.printed_to("err");
    assert_eq!(log.matches("took over from").count(), 10, "{log}");
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
#[ignore = "tests/long"]
fn a_hundred_upgrades_under_load_refuse_nobody() {
    upgrade_under_load(&Program::start("info"), 100, || ());
}

#[test]
fn a_signal_does_the_same() {
    let mut program = Program::start("info");
    program.signal("QUIT");
    let told = || {
        let log = program.printed_to("err");
        let line = log.lines().find(|line| line.contains("took over from"))?;
        line.split("process ").nth(1)?.split(' ').next()?.parse().ok()
    };
    let id = wait_for("the new process", told);
    program.successor(id);
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    assert!(lives(id));
    program.browser().get("/public/x").is(200);
}

#[test]
fn a_new_process_that_cannot_start_changes_nothing() {
    let mut program = Program::start("info");
    let upgrade = |why: &str| {
        let (code, said) = program.command(&["upgrade", FILE]);
        assert!(code == Some(1) && said.contains(why), "{said}");
        program.browser().get("/public/x").is(200);
    };
    // A mistake of the file is told before anything begins, by the new program.
    program.rewrite(FILE, &[("[login]\n", "[login]\ntires = 3\n")]);
    let (code, said) = program.command(&["upgrade", FILE]);
    assert!(code == Some(1) && said.contains("login.tires"), "{said}");
    program.rewrite(FILE, &[("[login]\ntires = 3\n", "[login]\n")]);
    // A file that is right, and a database that cannot be used.
    fs::write(program.file("other.db"), "no database").expect("written");
    program.rewrite(FILE, &[("sqlite:doorcode.db", "sqlite:other.db")]);
    upgrade("the new process ended");
    program.rewrite(FILE, &[("sqlite:other.db", "sqlite:doorcode.db")]);
    assert!(program.is_running());
    program.upgrade();
    program.browser().get("/public/x").is(200);
}

#[test]
fn only_a_program_of_the_operator_may_ask() {
    let mut program = Program::start("info");
    for request in [
        "GET /upgrade HTTP/1.1\r\nHost: localhost\r\nX-Doorcode-Admin: 1\r\n\r\n",
        "POST /upgrade HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ] {
        exchange(program.admin, request.as_bytes()).is(404);
    }
    assert!(program.is_running() && !program.printed_to("err").contains("handing over"));
}

#[test]
fn a_unix_socket_lives_on_and_goes_with_the_last_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("gate");
    let listen = format!("trusted_proxies = [\"unix\"]\nlisten = [\"unix:{}\", ", socket.display());
    let mut program = Program::changed("info", &[("listen = [", &listen)]);
    let id = program.upgrade();
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    assert!(std::os::unix::net::UnixStream::connect(&socket).is_ok());
    assert!(send(id, "TERM"));
    wait_for("the end of the new process", || (!lives(id)).then_some(()));
    assert!(!socket.exists());
}

#[test]
fn an_address_that_the_new_file_names_is_listened_on_and_another_is_left() {
    let program = Program::start("info");
    let more = crate::support::ports::free_port();
    let here = format!("127.0.0.1:{}", program.port);
    program.rewrite(FILE, &[(&format!("\"{here}\""), &format!("\"127.0.0.1:{more}\""))]);
    program.upgrade();
    wait_until_ready(more, program.admin);
    wait_for("the former address to close", || Wire::try_to(program.port).is_err().then_some(()));
}

#[test]
fn a_login_under_way_goes_on_with_the_tries_that_are_left() {
    let program = Program::start("info");
    let (mut ada, mut bob) = (program.browser(), program.browser());
    let page = ada.visit("/orders");
    let page = ada.give_number(&page, ADA).is(200);
    let code = code_in(&program.texts.text(1).body);
    let number = bob.visit("/orders");
    let bobs = bob.give_number(&number, BOB).is(200);
    let right = code_in(&program.texts.text(2).body);
    let mut guess = |n| {
        let answer = bob.give_code(&bobs, &unlike(&right, n));
        bob.follow(answer)
    };
    guess(0).says("2 tries left");
    guess(1).says("1 try left");
    program.upgrade();
    let signed_in = ada.give_code(&page, &code).is(303);
    ada.finish(signed_in).is(200);
    assert!(!guess(2).text().contains("name=\"code\""), "three wrong codes are enough");
    assert_eq!(program.texts.messages().len(), 2);
}

#[test]
fn a_node_with_a_memory_of_its_own_may_succeed_itself() {
    let server = postgresql::shared();
    let setting = server.setting(std::time::Duration::from_secs(30));
    let mut program = Program::changed("info", &[("database = \"sqlite:doorcode.db\"", &setting)]);
    let id = program.upgrade();
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    exchange(program.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n").is(200);
    assert!(lives(id));
}

/// A program in the place of the installed one, which passes `check`.
fn put(program: &Program, then: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = program.file("doorcode");
    let text = format!("#!/bin/sh\n[ \"$1\" = check ] && exit 0\n{then}\n");
    fs::write(program.file("new"), text).expect("written");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(program.file("new"), mode).expect("its mode");
    fs::rename(program.file("new"), path).expect("in its place");
}

/// One whose file can be replaced.
fn replaceable() -> Program {
    Program::by_shell("cp \"$0\" doorcode && exec ./doorcode --config my.toml", "info", &[])
}

#[test]
fn a_new_process_that_dies_when_it_takes_over_is_replaced_by_the_former_program() {
    let mut program = replaceable();
    for dies in ["echo '\"ready\"' >&0; exit 0", "echo '\"ready\"' >&0; read line <&0; exit 1"] {
        put(&program, dies);
        let id = program.upgrade();
        program.browser().get("/public/x").is(200);
        assert!(lives(id), "{dies}");
    }
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    program.browser().get("/public/x").is(200);
    assert!(program.printed_to("err").contains("takes its own place"));
}

#[test]
fn a_new_program_that_is_no_doorcode_is_ended_and_the_next_upgrade_works() {
    let program = replaceable();
    for (is_none, told) in [
        ("echo garbage >&0; exec sleep 1000", "says what is not ours"),
        ("exec 0<&-; exec sleep 1000", "says what is not ours"),
        ("exit 0", "ended (exit status: 0)"),
    ] {
        put(&program, is_none);
        let (code, said) = program.command(&["upgrade", FILE]);
        assert!(code == Some(1) && said.contains(told), "{is_none}: {said}");
        program.browser().get("/public/x").is(200);
    }
    fs::copy(env!("CARGO_BIN_EXE_doorcode"), program.file("new")).expect("copied");
    fs::rename(program.file("new"), program.file("doorcode")).expect("in its place");
    program.upgrade();
    program.browser().get("/public/x").is(200);
}

#[test]
fn a_server_that_is_told_to_end_does_not_hand_over() {
    let mut program = replaceable();
    put(&program, "echo $$ >began.new; mv began.new began; exec sleep 1000");
    std::thread::scope(|scope| {
        let upgrade = scope.spawn(|| program.command(&["upgrade", FILE]));
        wait_for("the new process", || program.file("began").exists().then_some(()));
        program.signal("TERM");
        let (code, _) = upgrade.join().expect("ended");
        assert_eq!(code, Some(1));
    });
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    assert!(!program.printed_to("err").contains("took over"));
    // Who has its sockets too. Its port may be another server's by now.
    let new = fs::read_to_string(program.file("began")).expect("its id");
    let new = new.trim().parse().expect("a number");
    wait_for("the end of the new process", || (!lives(new)).then_some(()));
}
