//! Websockets: from the first byte to their end with the session.

use super::app::{App, Line};
use crate::support::http::{Answer, Wire};

pub(super) const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
/// What the app says at once, in one write with its answer: as a frame, `hello`.
pub(super) const GREETING: &[u8] = b"\x81\x05hello";

/// A browser's, but for its `Origin`.
pub(super) const LINES: [(&str, &str); 5] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-Fetch-Mode", "websocket"),
];

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
