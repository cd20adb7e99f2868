//! What a token opened ends with it.
use std::time::Duration;

use serde_json::json;

use super::world::{HERE, Login, api, bearer, gate, login, robot};
use crate::support::gate::Gate;
use crate::support::http::Wire;
use crate::support::settings::{ADA, BOB};

/// Longer than the server takes to look once more at what is open.
const LOOK: Duration = Duration::from_millis(1200);

/// An open websocket, which gives back what it is told.
struct Open(Wire);

impl Open {
    fn at(gate: &Gate, path: &str, token: &str) -> Self {
        let mut wire = Wire::to(gate.port);
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Authorization: {}\r\n\r\n",
            &HERE["https://".len()..],
            bearer(token)
        );
        wire.send(head.as_bytes()).expect("sent");
        wire.answer(true).expect("an answer").is(101);
        Self(wire)
    }

    #[track_caller]
    fn is_open(&mut self) {
        self.0.send(b"still there?").expect("sent");
        assert_eq!(self.0.bytes(12), b"still there?");
    }

    /// Waits for the end, not nearly as long as anything else would end it.
    #[track_caller]
    fn ends(&mut self, why: &str) {
        self.0.hurry(Duration::from_secs(20));
        assert!(self.0.is_closed(), "{why}: the websocket is open");
    }
}

type Ending = (&'static str, fn(&Gate, &Login));

const ENDINGS: &[Ending] = &[
    ("its session ended", |gate, _| {
        let mut browser = gate.browser();
        browser.sign_in("/orders", ADA, &gate.texts).is(200);
        browser.post("/.doorcode/account/end-others", &[]).is(303);
    }),
    ("its grant revoked", |gate, ada| {
        let token = json!({ "client_id": "spa", "token": ada.access() });
        api(gate, "/oauth/revoke", &token).is(200);
    }),
];

#[test]
fn a_websocket_ends_with_the_session_and_the_grant_of_the_token_that_opened_it() {
    for (why, end) in ENDINGS {
        let gate = gate(&[]);
        let (ada, bob) = (login(&gate, ADA, HERE), login(&gate, BOB, HERE));
        let mut adas = Open::at(&gate, "/socket", ada.access());
        let mut bobs = Open::at(&gate, "/socket", bob.access());
        adas.is_open();
        end(&gate, &ada);
        adas.ends(why);
        bobs.is_open();
    }
}

#[test]
fn a_websocket_ends_with_its_token_and_not_with_what_a_browser_did_not_use() {
    let gate = gate(&[("[login]\n", "[login]\nsession_idle = \"5m\"\n")]);
    let ada = login(&gate, ADA, HERE);
    let robot = robot(&gate);
    let mut open =
        [Open::at(&gate, "/socket", ada.access()), Open::at(&gate, "/reports/socket", &robot)];
    gate.pass(Duration::from_mins(15).saturating_sub(Duration::from_secs(1)));
    std::thread::sleep(LOOK);
    open.iter_mut().for_each(Open::is_open);
    gate.pass(Duration::from_secs(1));
    for open in &mut open {
        open.ends("the token has run out");
    }
}
