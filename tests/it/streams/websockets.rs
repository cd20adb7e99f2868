//! Websockets: from the first byte to their end with the session.

use std::time::Duration;

use super::app::{App, Line};
use crate::support::browser::WEBSOCKET;
use crate::support::gate::wait_for;
use crate::support::http::{Answer, Wire};
use crate::support::program::Program;

pub(super) const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
/// What the app says at once, in one write with its answer: as a frame, `hello`.
pub(super) const GREETING: &[u8] = b"\x81\x05hello";

fn handshake(authority: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

pub(super) fn greet_and_echo(line: &mut Line) {
    if line.head().is_none() || line.say(&[SWITCHED.as_bytes(), GREETING].concat()).is_err() {
        return;
    }
    let mut bytes = [0; 1024];
    while let count @ 1.. = line.hear(&mut bytes) {
        if line.say(&bytes[..count]).is_err() {
            return;
        }
    }
}

/// An open websocket to an app that greets and echoes.
#[track_caller]
pub(super) fn open(program: &Program, path: &str) -> Wire {
    let mut wire = Wire::to(program.port);
    wire.send(&program.browser().request("GET", path, &WEBSOCKET, None)).expect("sent");
    wire.answer(false).expect("an answer").is(101);
    assert_eq!(wire.bytes(GREETING.len()), GREETING);
    wire
}

#[track_caller]
pub(super) fn echoes(wire: &mut Wire) {
    wire.send(b"word").expect("sent");
    assert_eq!(wire.bytes(4), b"word");
}

/// Waits until the other side has ended it.
#[track_caller]
pub(super) fn wait_for_end(wire: &mut Wire) {
    wait_for("the end of the websocket", || {
        let sent = wire.send(b"x").is_err();
        wire.hurry(Duration::from_millis(100));
        (sent || wire.is_closed()).then_some(())
    });
}

#[track_caller]
fn switched(answer: Answer) {
    let answer = answer.is(101);
    assert_eq!(answer.header("upgrade"), Some("websocket"), "{answer}");
    assert_eq!(answer.header("connection"), Some("Upgrade"), "{answer}");
}

#[test]
fn an_app_that_answers_within_microseconds_keeps_its_websocket() {
    let app = App::start(greet_and_echo);
    let gate = app.gate(&[]);
    let request = handshake(&gate.browser().authority, "/down/socket");
    for round in 0..500 {
        let mut wire = Wire::to(gate.port);
        wire.send(&request).expect("sent");
        switched(wire.answer(false).unwrap_or_else(|why| panic!("round {round}: {why}")));
        assert_eq!(wire.bytes(GREETING.len()), GREETING, "round {round}");
        for word in [b"one", b"two"] {
            wire.send(word).expect("sent");
            assert_eq!(wire.bytes(3), word, "round {round}: what the app echoes");
        }
    }
    assert_eq!(app.count(), 500);
}
