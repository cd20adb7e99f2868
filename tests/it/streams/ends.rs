//! What is open ends with the session that opened it.
use std::collections::BTreeSet;
use std::time::Duration;

use doorcode::domain::{PhoneNumber, Role};
use doorcode::store::UserStore as _;
use doorcode::system::Timestamp;

use super::app::{App, Line};
use super::websockets::SWITCHED;
use crate::people::beside;
use crate::support::browser::{Browser, WEBSOCKET};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::settings::{ADA, BOB};

const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const SIGNED_IN: (&str, &str) = ("allow = [\"public\"]", "allow = [\"signed-in\"]");

/// Takes what is asked for, says one thing, and then waits for more, however long.
fn wait(line: &mut Line) {
    let Some(head) = line.head() else { return };
    let socket = head.to_ascii_lowercase().contains("upgrade: websocket");
    let opening = if socket { SWITCHED } else { EVENTS };
    if line.say(format!("{opening}data: 1\n\n").as_bytes()).is_err() {
        return;
    }
    let mut bytes = [0; 64];
    while let count @ 1.. = line.hear(&mut bytes) {
        if line.say(&bytes[..count]).is_err() {
            return;
        }
    }
}

/// A websocket and an event stream of one browser, both open and silent.
struct Open {
    socket: Wire,
    events: Wire,
}

impl Open {
    fn by(browser: &Browser, gate: &Gate) -> Self {
        let origin = browser.origin();
        let mut lines = WEBSOCKET.to_vec();
        lines.push(("Origin", &origin));
        let socket = open(gate, &browser.request("GET", "/down/socket", &lines, None), 101);
        let lines = [("Accept", "text/event-stream"), ("Sec-Fetch-Mode", "cors")];
        let events = open(gate, &browser.request("GET", "/down/events", &lines, None), 200);
        Self { socket, events }
    }

    #[track_caller]
    fn is_open(&mut self) {
        self.socket.send(b"still there?").expect("sent");
        assert_eq!(self.socket.bytes(12), b"still there?");
    }

    /// Waits for the end of both, not nearly as long as anything else would end them.
    #[track_caller]
    fn ends(&mut self, why: &str) {
        for (wire, what) in [(&mut self.socket, "websocket"), (&mut self.events, "event stream")] {
            wire.hurry(Duration::from_secs(20));
            assert!(wire.is_closed(), "{why}: the {what} is open");
        }
    }
}

#[track_caller]
fn open(gate: &Gate, request: &[u8], status: u16) -> Wire {
    let mut wire = Wire::to(gate.port);
    wire.send(request).expect("sent");
    let answer = wire.answer(true).expect("an answer").is(status);
    if answer.header("transfer-encoding").is_some() {
        assert_eq!(wire.bytes(3), b"9\r\n");
    }
    assert_eq!(wire.bytes(9), b"data: 1\n\n");
    if answer.header("transfer-encoding").is_some() {
        assert_eq!(wire.bytes(2), b"\r\n");
    }
    wire
}

fn signed_in(gate: &Gate, phone: &str) -> Browser {
    let mut browser = gate.browser();
    browser.sign_in("/orders", phone, &gate.texts).is(200);
    browser
}

fn phone() -> PhoneNumber {
    PhoneNumber::from_e164(ADA).expect("a number")
}

type Ending = (&'static str, fn(&Gate, &mut Browser));

/// What ends a session of Ada's and none of Bob's.
const ENDINGS: &[Ending] = &[
    ("signed out", |_, browser| {
        browser.post("/.doorcode/sign-out", &[]).is(303);
    }),
    ("ended on the account page of another browser", |gate, _| {
        let mut other = signed_in(gate, ADA);
        other.post("/.doorcode/account/end-others", &[]).is(303);
    }),
    ("blocked by an operator", |gate, _| {
        let now = Timestamp::from_millis(0);
        gate.run(beside(gate).set_blocked(&phone().into(), true, now)).unwrap().expect("a user");
    }),
    ("judged by other roles", |gate, _| {
        let roles = BTreeSet::from([Role::parse("night").expect("a role")]);
        gate.run(beside(gate).set_roles(&phone().into(), &roles)).unwrap().expect("a user");
    }),
];

#[test]
fn the_end_of_a_session_ends_its_websockets_and_event_streams_and_no_others() {
    for (why, end) in ENDINGS {
        let app = App::start(wait);
        let gate = app.gate(&[SIGNED_IN]);
        let (mut ada, bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
        let (mut adas, mut bobs) = (Open::by(&ada, &gate), Open::by(&bob, &gate));
        adas.is_open();
        end(&gate, &mut ada);
        adas.ends(why);
        bobs.is_open();
        bobs.events.hurry(Duration::from_millis(200));
        assert!(!bobs.events.is_closed(), "{why}: Bob's events are over too");
    }
}

/// Longer than the server takes to look once more at what is open.
const LOOK: Duration = Duration::from_millis(1200);
const HOUR: Duration = Duration::from_hours(1);

#[test]
fn a_session_that_is_not_used_ends_what_it_opened_though_that_is_used() {
    let app = App::start(wait);
    let gate = app.gate(&[SIGNED_IN]);
    let mut open = Open::by(&signed_in(&gate, ADA), &gate);
    gate.pass((24 * HOUR).saturating_sub(Duration::from_secs(1)));
    std::thread::sleep(LOOK);
    open.is_open();
    gate.pass(Duration::from_secs(1));
    open.ends("not used for a day");
}

#[test]
fn a_session_that_is_used_ends_what_it_opened_after_its_lifetime() {
    let app = App::start(wait);
    let gate = app.gate(&[SIGNED_IN]);
    let mut ada = signed_in(&gate, ADA);
    let mut open = Open::by(&ada, &gate);
    for _ in 0..31 {
        gate.pass(23 * HOUR);
        ada.get("/orders").is(200);
    }
    std::thread::sleep(LOOK);
    open.is_open();
    gate.pass(7 * HOUR);
    open.ends("begun 30 days ago");
}

#[test]
fn a_download_that_began_long_ago_is_cut_and_what_is_answered_at_once_is_not() {
    let app = App::start(|line| {
        let Some(head) = line.head() else { return };
        let endless = head.contains("endless");
        let length = if endless { 1_000_000_000 } else { 5 };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        line.say(head.as_bytes()).expect("said");
        loop {
            std::thread::sleep(Duration::from_millis(20));
            if line.say(b"12345").is_err() || !endless {
                return;
            }
        }
    });
    let gate = app.gate(&[SIGNED_IN]);
    let mut ada = signed_in(&gate, ADA);
    let mut wires = ["/down/endless", "/down/short"].map(|path| {
        let mut wire = Wire::to(gate.port);
        if path.contains("endless") {
            wire.send(&ada.request("GET", path, &[], None)).expect("sent");
            wire.answer(true).expect("a head").is(200);
            wire.bytes(10);
            gate.pass(Duration::from_secs(6));
        }
        wire
    });
    wires[1].send(&ada.request("GET", "/down/short", &[], None)).expect("sent");
    wait_for("the request at the app", || (app.count() == 2).then_some(()));
    ada.post("/.doorcode/sign-out", &[]).is(303);
    wires[1].answer(false).expect("an answer").is(200).says("12345");
    let mut rest = 0;
    wires[0].hurry(Duration::from_secs(20));
    while !wires[0].is_closed() {
        wires[0].bytes(5);
        rest += 1;
        assert!(rest < 1000, "the download goes on");
    }
}

#[test]
fn events_come_when_they_are_said() {
    let (next, wanted) = std::sync::mpsc::channel::<()>();
    let wanted = std::sync::Mutex::new(wanted);
    let app = App::start(move |line| {
        if line.head().is_none() {
            return;
        }
        line.say(EVENTS.as_bytes()).expect("said");
        for number in 1.. {
            let event = format!("data: {number}\n\n");
            let asked = wanted.lock().expect("the channel").recv();
            if asked.is_err() || line.say(event.as_bytes()).is_err() {
                return;
            }
        }
    });
    let gate = app.gate(&[]);
    let mut wire = Wire::to(gate.port);
    let lines = [("Accept", "text/event-stream")];
    wire.send(&gate.browser().request("GET", "/down/events", &lines, None)).expect("sent");
    wire.answer(true).expect("a head").is(200);
    for number in 1..=9 {
        // The app says nothing more until this has come.
        next.send(()).expect("an app");
        assert_eq!(wire.bytes(14), format!("9\r\ndata: {number}\n\n\r\n").as_bytes());
    }
}
