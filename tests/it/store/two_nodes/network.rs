//! The network before an engine is gone: what is known goes on, nothing passes unchecked, and nobody
//! starts anything again.
use super::{FILE, SOON, ready};
use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::postgresql;
use crate::support::redis_server::TestRedis;
use crate::support::relay::Relay;

/// A server, and what is between it and its engines.
struct Apart {
    gate: Gate,
    to_database: Relay,
    to_redis: Relay,
    _redis: TestRedis,
}

impl Apart {
    fn start() -> Self {
        let (server, redis) = (postgresql::shared(), TestRedis::start());
        let (to_database, to_redis) = (Relay::to(server.port()), Relay::to(redis.port));
        let direct = format!(":{}/", server.port());
        let database = server.setting(SOON).replace(&direct, &format!(":{}/", to_database.port));
        let cache = format!("cache = \"redis://127.0.0.1:{}/0\"", to_redis.port);
        let gate = Gate::changed(&[(FILE, &format!("{database}\n{cache}"))]);
        Self { gate, to_database, to_redis, _redis: redis }
    }

    /// Ada is signed in and Bob has his code when the network fails, and `missing` is told. Each time
    /// others have these names: time that passes at once would be time without word of the database.
    fn happens(&self, network: &Relay, fault: fn(&Relay), missing: &str) {
        let gate = &self.gate;
        let number = |n| format!("+1202555{:04}", 2000 + gate.texts.messages().len() * 10 + n);
        let [ada_phone, bob_phone, other_phone] = [0, 1, 2].map(number);
        let (mut ada, mut bob) = (gate.browser(), gate.browser());
        ada.sign_in("/orders", &ada_phone, &gate.texts).is(200);
        let sent = gate.texts.messages().len();
        let number = bob.visit("/orders").is(200);
        let page = bob.give_number(&number, &bob_phone).is(200);
        let code = code_in(&gate.texts.text(sent + 1).body);
        fault(network);
        ada.get("/orders").is(200);
        bob.get("/public/x").is(200);
        let answer = bob.give_code(&page, &code);
        bob.follow(answer).is(503);
        assert_eq!(bob.cookie("doorcode"), None);
        self.nobody_starts(&other_phone);
        ada.get("/orders").is(200);
        let answer = ready(gate);
        assert_eq!((answer.status, &*answer.text()), (503, missing));
        network.pass();
        wait_for("a server that is ready", || (ready(gate).status == 200).then_some(()));
        // The right code was not used up by being refused.
        let answer = bob.give_code(&page, &code).is(303);
        bob.finish(answer).is(200);
        ada.get("/orders").is(200);
    }

    fn nobody_starts(&self, phone: &str) {
        let sent = self.gate.texts.messages().len();
        let mut browser = self.gate.browser();
        let number = browser.visit("/orders").is(200);
        browser.give_number(&number, phone).is(503);
        assert_eq!(self.gate.texts.messages().len(), sent, "no text whose code cannot be checked");
    }
}

#[test]
fn a_redis_behind_a_network_that_is_silent_or_refuses_is_missed_until_it_is_back() {
    let apart = Apart::start();
    for fault in [Relay::swallow, Relay::refuse] {
        apart.happens(&apart.to_redis, fault, "Redis does not answer\n");
    }
}

#[test]
fn a_database_behind_a_network_that_is_silent_or_refuses_is_missed_until_it_is_back() {
    let apart = Apart::start();
    for fault in [Relay::swallow, Relay::refuse] {
        apart.happens(&apart.to_database, fault, "the database does not answer\n");
    }
}
