//! Two servers on one database, with what expires in Redis or in the database: every hop of a login on
//! the other one.
mod challenges;
mod clients;
mod hosts;
mod limits;
mod network;
mod receipts;
mod restored;

use std::collections::BTreeSet;
use std::time::Duration;

use doorcode::domain::PhoneNumber;

use crate::support::browser::{Browser, code_in, flow_of, unlike};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, exchange};
use crate::support::metrics::metric;
use crate::support::postgresql;
use crate::support::redis_server::TestRedis;
use crate::support::settings::{ADA, BOB};

const FILE: &str = "database = \"sqlite:doorcode.db\"";

/// Where an engine is away, tests would wait for it.
const SOON: Duration = Duration::from_secs(3);
/// Where it is not, a busy machine may be slow.
const LATE: Duration = Duration::from_secs(30);

/// Two nodes, and what they share.
struct Nodes {
    nodes: [Gate; 2],
    /// Of those that use it.
    redis: Option<TestRedis>,
}

/// What of two nodes is not as usual.
#[derive(Clone, Copy, Default)]
struct Unusual<'a> {
    /// Where the world sees them.
    origin: Option<&'a str>,
    changes: &'a [(&'a str, &'a str)],
}

impl Nodes {
    fn on(cache: &str, redis: Option<TestRedis>, wait: Duration, unusual: Unusual<'_>) -> Self {
        let setting = format!("{}\ncache = \"{cache}\"", postgresql::shared().setting(wait));
        let changes = [&[(FILE, setting.as_str())], unusual.changes].concat();
        let first = Gate::at(unusual.origin, &changes);
        first.pass(Duration::from_secs(1));
        let second = first.beside(&changes);
        wait_for("a second node", || {
            let request = b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n";
            (exchange(second.admin, request).status == 200).then_some(())
        });
        Self { nodes: [first, second], redis }
    }

    fn on_redis(wait: Duration, unusual: Unusual<'_>) -> Self {
        let redis = TestRedis::start();
        let cache = format!("redis://127.0.0.1:{}/0", redis.port);
        Self::on(&cache, Some(redis), wait, unusual)
    }

    /// One row a cache.
    fn each(test: impl Fn(&Self)) {
        Self::each_with(Unusual::default(), test);
    }

    fn each_with(unusual: Unusual<'_>, test: impl Fn(&Self)) {
        test(&Self::on_redis(LATE, unusual));
        test(&Self::on("database", None, LATE, unusual));
    }

    fn first(&self) -> &Gate {
        &self.nodes[0]
    }

    fn ports(&self) -> [u16; 2] {
        [self.nodes[0].port, self.nodes[1].port]
    }

    /// A browser before a balancer that sends each request to the other node.
    fn browser(&self) -> Browser {
        self.first().browser().balanced(&self.ports())
    }

    /// Asks for a code: the page for it, and the code.
    fn ask_for_code(&self, browser: &mut Browser, phone: &str) -> (Answer, String) {
        let sent = self.first().texts.messages().len();
        let number = browser.visit("/orders").is(200);
        let page = browser.give_number(&number, phone).is(200).says("name=\"code\"");
        let code = code_in(&self.first().texts.text(sent + 1).body);
        (page, code)
    }

    fn sign_in(&self, browser: &mut Browser, phone: &str) {
        browser.sign_in("/orders", phone, &self.first().texts).is(200);
        // Either node knows the session.
        for _ in self.ports() {
            browser.get("/orders").is(200);
        }
    }
}

#[test]
fn every_hop_of_a_login_may_be_on_the_other_node() {
    Nodes::each(|nodes| {
        let mut ada = nodes.browser();
        nodes.sign_in(&mut ada, ADA);
        // A code that is sent again is the same, and tries on another node count.
        let mut bob = nodes.browser();
        let (page, code) = nodes.ask_for_code(&mut bob, BOB);
        let wrong = bob.give_code(&page, &unlike(&code, 1));
        bob.follow(wrong).says("You have 2 tries left");
        nodes.first().pass(Duration::from_secs(40));
        let again = bob.post("/.doorcode/resend", &[("flow", &*flow_of(&page))]);
        let page = bob.follow(again).is(200);
        let sent = nodes.first().texts.messages().len();
        assert_eq!(code_in(&nodes.first().texts.text(sent).body), code);
        let wrong = bob.give_code(&page, &unlike(&code, 2));
        bob.follow(wrong).says("You have 1 try left");
        let answer = bob.give_code(&page, &code).is(303);
        bob.finish(answer).is(200);
        // A sign-out on one ends the session on the other.
        bob.post("/.doorcode/sign-out", &[]).is(303);
        for _ in nodes.ports() {
            wait_for("the end of the session", || (bob.get("/orders").status == 303).then_some(()));
        }
        ada.get("/orders").is(200);
    });
}

#[test]
fn three_wrong_codes_over_two_nodes_end_the_right_one() {
    Nodes::each(|nodes| {
        let mut ada = nodes.browser();
        let (page, code) = nodes.ask_for_code(&mut ada, ADA);
        for n in 1..=3 {
            ada.give_code(&page, &unlike(&code, n));
        }
        ada.give_code(&page, &code);
        assert_eq!(ada.cookie("doorcode"), None);
        ada.get("/orders").is(303);
    });
}

#[test]
fn a_hundred_right_codes_over_two_nodes_make_one_session() {
    Nodes::each(|nodes| {
        let mut ada = nodes.browser();
        let (page, code) = nodes.ask_for_code(&mut ada, ADA);
        let form = [("flow", &*flow_of(&page)), ("code", &*code)];
        let request = ada.request("POST", "/.doorcode/code", &[], Some(&form));
        let sessions: BTreeSet<String> = std::thread::scope(|scope| {
            let ask = |n: usize| {
                let (port, request) = (nodes.ports()[n % 2], &request);
                scope.spawn(move || exchange(port, request))
            };
            let asked: Vec<_> = (0..100).map(ask).collect();
            let answers = asked.into_iter().map(|asked| asked.join().expect("an answer"));
            answers.filter_map(|answer| session_of(&answer)).collect()
        });
        assert_eq!(sessions.len(), 1, "{sessions:?}");
    });
}

fn session_of(answer: &Answer) -> Option<String> {
    let cookies = answer.all("set-cookie");
    let session = cookies.iter().find_map(|cookie| cookie.strip_prefix("doorcode="))?;
    session.split(';').next().filter(|token| !token.is_empty()).map(str::to_owned)
}

#[test]
fn a_user_who_is_blocked_is_out_on_every_node_within_a_second() {
    let nodes = Nodes::on_redis(LATE, Unusual::default());
    let mut ada = nodes.browser();
    nodes.sign_in(&mut ada, ADA);
    let phone = PhoneNumber::from_e164(ADA).expect("a number");
    doorcode::app::block_user(&nodes.first().config, &phone, &nodes.first().system())
        .expect("blocked");
    for _ in nodes.ports() {
        wait_for("the end of the session", || (ada.get("/orders").status == 303).then_some(()));
    }
}

fn ready(node: &Gate) -> Answer {
    exchange(node.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n")
}

#[test]
fn without_redis_known_sessions_go_on_and_nobody_gets_in_unchecked() {
    let mut nodes = Nodes::on_redis(SOON, Unusual::default());
    let (mut ada, mut bob) = (nodes.browser(), nodes.browser());
    nodes.sign_in(&mut ada, ADA);
    let (page, code) = nodes.ask_for_code(&mut bob, BOB);
    let sent = nodes.first().texts.messages().len();
    nodes.redis.as_mut().expect("Redis").kill();
    for _ in nodes.ports() {
        ada.get("/orders").is(200);
        ada.get("/public/x").is(200);
    }
    let answer = ready(nodes.first());
    assert_eq!((answer.status, &*answer.text()), (503, "Redis does not answer\n"));
    let answer = bob.give_code(&page, &code);
    bob.follow(answer).is(503);
    let number = bob.visit("/");
    bob.give_number(&number, BOB).is(503);
    assert!(metric(nodes.first().admin, "doorcode_redis_failures_total") > 0);
    assert!(metric(nodes.first().admin, "doorcode_database_calls_total") > 10);
    assert_eq!(metric(nodes.first().admin, "doorcode_database_failures_total"), 0);
    assert_eq!(nodes.first().texts.messages().len(), sent, "no text whose code cannot be checked");

    nodes.redis.as_mut().expect("Redis").start_again(&[]);
    for node in &nodes.nodes {
        wait_for("a server that is ready", || (ready(node).status == 200).then_some(()));
    }
    // What Redis held is gone: the login in progress, and not the session.
    bob.give_code(&page, &code);
    assert_eq!(bob.cookie("doorcode"), None);
    ada.get("/orders").is(200);
    nodes.first().pass(Duration::from_mins(2));
    nodes.sign_in(&mut bob, BOB);
}
