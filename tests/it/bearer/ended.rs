//! What a token came from ends, and the token with it; and what is asked of the database.
use std::time::Duration;

use doorcode::domain::{GrantId, PhoneNumber, SessionId};
use doorcode::store::{GrantStore as _, SessionStore as _, UserStore as _};
use doorcode::system::{Clock as _, Timestamp};
use serde_json::json;
use sqlx::Executor as _;

use super::world::{HERE, Login, api, gate, get, is_refused, is_refused_soon, login};
use crate::people::beside;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};

fn revoke(gate: &Gate, token: &str) -> Answer {
    api(gate, "/oauth/revoke", &json!({ "client_id": "spa", "token": token }))
}

type Ending = (&'static str, fn(&Gate, &Login));

/// Known at once to the process that did it.
const AT_ONCE: &[Ending] = &[
    ("ended on the account page of a browser", |gate, _| {
        let mut browser = gate.browser();
        browser.sign_in("/orders", ADA, &gate.texts).is(200);
        browser.post("/.doorcode/account/end-others", &[]).is(303);
    }),
    ("revoked by the access token", |gate, ada| drop(revoke(gate, ada.access()).is(200))),
    ("revoked by the refresh token", |gate, ada| drop(revoke(gate, ada.refresh()).is(200))),
];

/// Written by others, and learned of soon.
const SOON: &[Ending] = &[
    ("revoked at another node", |gate, ada| {
        let now = Timestamp::from_millis(0);
        assert!(gate.run(beside(gate).revoke_grant(grant(ada), now)).unwrap());
    }),
    ("blocked by an operator", |gate, _| {
        let (ada, now) = (PhoneNumber::from_e164(ADA).unwrap(), Timestamp::from_millis(0));
        gate.run(beside(gate).set_blocked(&ada.into(), true, now)).unwrap().expect("a user");
    }),
];

#[test]
fn a_token_ends_with_its_session_and_its_grant_and_those_of_others_do_not() {
    for (endings, soon) in [(AT_ONCE, false), (SOON, true)] {
        for (why, end) in endings {
            let gate = gate(&[]);
            let (ada, bob) = (login(&gate, ADA, HERE), login(&gate, BOB, HERE));
            for token in [ada.access(), bob.access()] {
                get(&gate, "/orders", token).is(200);
            }
            end(&gate, &ada);
            if soon {
                is_refused_soon(&gate, ada.access(), why);
            }
            let before = gate.app.count();
            for _ in 0..2 {
                is_refused(&get(&gate, "/orders", ada.access()), why);
            }
            assert_eq!(gate.app.count(), before, "{why}");
            get(&gate, "/orders", bob.access()).is(200);
        }
    }
}

/// A session that another takes the place of goes, and what its person was given stays.
#[test]
fn a_token_goes_on_when_its_person_signs_in_again_in_the_same_browser() {
    let gate = gate(&[]);
    let (ada, bob) = (login(&gate, ADA, HERE), login(&gate, BOB, HERE));
    gate.pass(Duration::from_mins(2));
    let next = login(&gate, ADA, HERE);
    for token in [ada.access(), bob.access()] {
        get(&gate, "/orders", token).is(200);
    }
    let session = |login: &Login| SessionId::parse(&login.claim("sid")).unwrap();
    for former in [&ada, &bob] {
        let now = gate.clock.now();
        gate.run(beside(&gate).replace(session(former), session(&next), now)).unwrap();
    }
    // Learned in this order.
    is_refused_soon(&gate, bob.access(), "somebody else has the browser");
    let before = gate.app.count();
    for _ in 0..2 {
        get(&gate, "/orders", ada.access()).is(200);
    }
    assert_eq!(gate.app.count(), before + 2);
    assert!(gate.run(beside(&gate).revoke_grant(grant(&ada), gate.clock.now())).unwrap());
    is_refused_soon(&gate, ada.access(), "revoked after all");
}

fn grant(login: &Login) -> GrantId {
    GrantId::parse(&login.claim("gid")).unwrap()
}

fn execute(gate: &Gate, sql: &'static str) {
    let mut database = gate.database();
    gate.run(database.execute(sql)).expect("done");
}

#[test]
fn the_database_is_asked_once_for_a_token_and_a_doubt_never_passes() {
    let gate = gate(&[]);
    let (ada, bob) = (login(&gate, ADA, HERE), login(&gate, BOB, HERE));
    get(&gate, "/orders", ada.access()).is(200);
    for (away, back) in [
        ("ALTER TABLE grants RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO grants"),
        ("ALTER TABLE sessions RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO sessions"),
    ] {
        let cold =
            if away.contains("grants") { &bob } else { &login(&gate, "+447400123457", HERE) };
        execute(&gate, away);
        let before = gate.app.count();
        get(&gate, "/orders", ada.access()).is(200);
        let answer = get(&gate, "/orders", cold.access()).is(503);
        assert_eq!(answer.header("www-authenticate"), None, "{answer}");
        assert_eq!(gate.app.count(), before + 1, "{away}");
        execute(&gate, back);
        get(&gate, "/orders", cold.access()).is(200);
    }
}
