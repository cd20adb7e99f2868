//! The process: killed, hung up on, ended.
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::browser::{Browser, code_in, flow_of};
use crate::support::gate::wait_for;
use crate::support::http::{Wire, exchange};
use crate::support::program::Program;
use crate::support::provider::Outcome;
use crate::support::settings::ADA;

#[test]
fn what_was_answered_survives_a_kill() {
    let mut program = Program::start("info");
    let mut browser = program.browser();
    let number = browser.visit("/orders");
    let page = browser.give_number(&number, ADA);
    let code = code_in(&program.texts.text(1).body);
    let mut thief = browser.clone();
    let answer = browser.give_code(&page, &code).is(303);
    program.kill();
    program.start_again("info");

    browser.finish(answer).is(200).says("the app: GET /orders");
    let user = program.app.last().header("x-forwarded-user").expect("a user").to_owned();

    let refused = thief.give_code(&page, &code).is(303);
    thief.follow(refused).is(200).says("name=\"phone\"");
    assert_eq!(thief.cookie("doorcode"), None, "the code was used before the kill");

    program.kill();
    program.start_again("info");
    let mut other = program.browser();
    other.sign_in("/orders", ADA, &program.texts).is(200);
    assert_eq!(program.app.last().header("x-forwarded-user"), Some(user.as_str()));
    browser.get("/orders").is(200);
    browser.post("/.doorcode/sign-out", &[]).is(303);
    program.kill();
    program.start_again("info");
    browser.get("/orders").is(303);
    other.get("/orders").is(200);
}

#[test]
fn what_is_under_way_is_answered_before_the_process_ends() {
    let mut program = Program::start("info");
    program.app.slows("/public/slow", Duration::from_secs(8));
    let request = program.browser().request("GET", "/public/slow", &[], None);
    let mut wires: Vec<Wire> = (0..8).map(|_| Wire::to(program.port)).collect();
    for wire in &mut wires {
        wire.send(&request).expect("sent");
    }
    wait_for("eight requests at the app", || (program.app.count() == 8).then_some(()));

    program.signal("TERM");
    let unready = || {
        let ready = Wire::try_to(program.admin).and_then(|mut wire| {
            wire.send(b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n")?;
            wire.answer(false)
        });
        ready.map_or(Some(()), |answer| (answer.status == 503).then_some(()))
    };
    wait_for("end of readiness", unready);
    for wire in &mut wires {
        let answer = wire.answer(false).expect("an answer").is(200).says("the app");
        assert_eq!(answer.header("connection"), Some("close"), "{answer}");
    }
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
}

#[test]
fn connections_that_say_nothing_do_not_hold_the_end_up() {
    let mut program = Program::start("info");
    let request = program.browser().request("GET", "/public/x", &[], None);
    let mut wires: Vec<Wire> = (0..3).map(|_| Wire::to(program.port)).collect();
    wires[0].send(&request).expect("sent");
    wires[0].answer(false).expect("an answer").is(200);
    wires[1].send(&request[..request.len() / 2]).expect("sent");
    program.signal("TERM");
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
    assert!(!program.printed().contains("with connections open"), "{}", program.printed());
    for wire in &mut wires {
        assert!(wire.is_closed());
    }
}

#[test]
fn control_c_ends_the_process_without_waiting_for_anybody() {
    let mut program = Program::start("info");
    program.app.slows("/public/slow", Duration::from_mins(1));
    let mut wire = Wire::to(program.port);
    wire.send(&program.browser().request("GET", "/public/slow", &[], None)).expect("sent");
    wait_for("the request at the app", || (program.app.count() == 1).then_some(()));
    program.signal("INT");
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
}

/// A connection on which nothing was asked for a second may be closed by a server that ends. Well
/// below that: the server may be held up too.
const PROMPT: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Default)]
struct Tally {
    answered: usize,
    /// Asked before the end was asked for, or promptly where the server had not said that it
    /// closes, and not answered.
    lost: usize,
}

#[expect(clippy::disallowed_methods, reason = "how promptly a client asks is real time")]
fn now() -> Instant {
    Instant::now()
}

/// Asks for page after page on one connection, or on a new one where the server closes, until it
/// takes no connection any more.
fn keep_asking(browser: &Browser, port: u16, ending: &AtomicBool) -> Tally {
    let request = browser.request("GET", "/orders", &[], None);
    let mut tally = Tally::default();
    while let Ok(mut wire) = Wire::try_to(port) {
        let mut promised = None;
        loop {
            let early = !ending.load(Ordering::SeqCst);
            let asked = now();
            let sent = wire.send(&request);
            // Looked at only now: this thread may have waited for its turn before it sent.
            let prompt = promised.is_some_and(|at: Instant| at.elapsed() < PROMPT);
            let owed = prompt || early;
            let Ok(answer) = sent.and_then(|()| wire.answer(false)) else {
                tally.lost += usize::from(owed);
                break;
            };
            let answer = answer.is(200).says("the app: GET /orders\n");
            tally.answered += 1;
            if answer.header("connection").is_some_and(|said| said == "close") {
                break;
            }
            // The server may have answered as soon as it was asked: when this thread came to read
            // the answer says nothing of that.
            promised = Some(asked);
        }
    }
    tally
}

#[test]
fn no_request_is_lost_when_the_process_ends_under_load() {
    let mut program = Program::start("info");
    let mut browser = program.browser();
    browser.sign_in("/orders", ADA, &program.texts).is(200);
    let ending = AtomicBool::new(false);
    let (port, ending) = (program.port, &ending);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let browser = &browser;
        let ask = |_| scope.spawn(move || keep_asking(browser, port, ending));
        let threads: Vec<_> = (0..8).map(ask).collect();
        wait_for("a thousand requests", || (program.app.count() > 1000).then_some(()));
        ending.store(true, Ordering::SeqCst);
        program.signal("TERM");
        threads.into_iter().map(|thread| thread.join().expect("a thread")).collect()
    });
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
    let answered: usize = tallies.iter().map(|tally| tally.answered).sum();
    let lost: usize = tallies.iter().map(|tally| tally.lost).sum();
    assert_eq!(lost, 0, "of {answered}");
    assert!(answered > 999);
}

#[test]
fn texts_that_wait_are_sent_before_the_process_ends() {
    const MANY: usize = 40;
    let mut program = Program::start("info");
    let mut starts = Vec::new();
    for n in 0..MANY {
        program.texts.script(Outcome::AcceptAfter(Duration::from_millis(700)));
        let mut browser = program.browser();
        let flow = flow_of(&browser.visit("/"));
        // Not in a row: what numbers in a row may cost is limited.
        let phone = format!("+4474001{n:02}456");
        let form = [("flow", flow.as_str()), ("phone", &phone)];
        starts.push(browser.request("POST", "/.doorcode/login", &[], Some(&form)));
    }
    for start in &starts {
        exchange(program.port, start).is(303);
    }
    program.signal("TERM");
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
    assert_eq!(program.texts.messages().len(), MANY, "every text that was promised");
}
