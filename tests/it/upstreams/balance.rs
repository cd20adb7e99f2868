//! Which of several upstreams gets a request.
use std::collections::BTreeSet;

use super::app::App;
use super::{NAME, UPSTREAMS, at, gate};
use crate::support::browser::{Browser, WEBSOCKET};
use crate::support::gate::Gate;
use crate::support::http::Wire;
use crate::support::settings::ADA;

fn websocket(gate: &Gate) -> Wire {
    let mut wire = Wire::to(gate.port);
    wire.send(&gate.browser().request("GET", "/down/socket", &WEBSOCKET, None)).expect("sent");
    wire.answer(false).expect("an answer").is(101);
    wire
}

#[test]
fn a_thousand_websockets_are_spread_evenly() {
    let (one, other) = (App::start(), App::start());
    let gate = gate(&[at(one.port), at(other.port)], "");
    for n in 0..1000 {
        drop(websocket(&gate));
        if n % 100 == 0 {
            gate.browser().get("/down/x").is(200);
        }
    }
    let counts = [one.switches(), other.switches()];
    assert_eq!(counts.iter().sum::<usize>(), 1000);
    assert!(counts.iter().all(|count| (450..=550).contains(count)), "{counts:?}");
}

#[test]
fn open_websockets_count_as_connections() {
    let (one, other) = (App::start(), App::start());
    let lines = "upstream.balance = \"least-connections\"\n";
    let gate = gate(&[at(one.port), at(other.port)], lines);
    let mut held: Vec<Wire> = (0..10).map(|_| websocket(&gate)).collect();
    assert_eq!([one.switches(), other.switches()], [5, 5]);
    // Ends all of one: the next ones go there.
    one.end();
    held.extend((0..4).map(|_| websocket(&gate)));
    assert_eq!([one.switches(), other.switches()], [5, 9]);
    let third = App::start();
    drop((held, third));
}

#[test]
fn a_session_stays_with_its_upstream_and_moves_only_when_that_is_gone() {
    let apps = [App::start(), App::start(), App::start()];
    let upstreams = apps.iter().map(|app| format!("\"{}\"", at(app.port)));
    let upstreams = upstreams.collect::<Vec<_>>().join(", ");
    let gate = Gate::changed(&[
        (UPSTREAMS, &upstreams),
        (NAME, &format!("{NAME}upstream.balance = \"session\"\n")),
        ("path = \"/*\"\nallow = [\"public\"]", "path = \"/*\"\nallow = [\"optional\"]"),
    ]);
    let mut browsers: Vec<Browser> = (0..10).map(|_| gate.browser()).collect();
    for browser in &mut browsers {
        browser.sign_in("/admin/x", ADA, &gate.texts);
    }
    let where_to = |browser: &mut Browser| {
        let all: BTreeSet<String> = (0..6).map(|_| browser.get("/down/x").is(200).text()).collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().expect("one")
    };
    let before: Vec<String> = browsers.iter_mut().map(where_to).collect();
    let used: BTreeSet<&String> = before.iter().collect();
    assert!(used.len() > 1, "{used:?}");
    // Nobody's requests have their client's address in common.
    assert_eq!(where_to(&mut gate.browser()), where_to(&mut gate.browser()));
    let gone = apps.iter().find(|app| app.port.to_string() == before[0]).expect("an app");
    gone.end();
    let after: Vec<String> = browsers.iter_mut().map(where_to).collect();
    for (before, after) in before.iter().zip(&after) {
        let is_gone = *before == gone.port.to_string();
        assert_eq!(before != after, is_gone, "{before} {after}");
    }
}
