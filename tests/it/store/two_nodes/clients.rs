//! Applications: their tokens, and the keys that sign those.
use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Nodes, Unusual};
use crate::support::gate::wait_for;
use crate::support::http::{Answer, exchange};
use crate::support::settings::BOB;

const OTP: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";
const KEYS: &str = "/.well-known/jwks.json";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// How long a key is published before it signs.
const LEARNED: Duration = Duration::from_mins(10);
/// `refresh_token_overlap`.
const OVERLAP: Duration = Duration::from_secs(10);

const SPA: (&str, &str) = (
    "[[site]]\nname = \"Down\"\n",
    r#"[oauth]
key_lifetime = "1d"
[[client]]
id = "spa"
name = "My SPA"
grants = ["passwordless", "refresh_token"]
[[site]]
name = "Down"
"#,
);

/// An application behind the balancer, which sends each of its requests to the other node.
struct App<'n> {
    nodes: &'n Nodes,
    turn: Cell<usize>,
}

impl App<'_> {
    fn each(test: impl Fn(&App<'_>)) {
        let unusual = Unusual { changes: &[SPA], ..Unusual::default() };
        Nodes::each_with(unusual, |nodes| test(&App { nodes, turn: Cell::new(0) }));
    }

    /// Whose turn it is.
    fn next(&self) -> u16 {
        let turn = self.turn.get();
        self.turn.set(turn + 1);
        self.nodes.ports()[turn % 2]
    }

    fn json(&self, path: &str, body: &Value) -> Answer {
        let (body, host) = (body.to_string(), &self.nodes.first().browser().authority);
        let head = format!(
            "POST /.doorcode{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(self.next(), head.as_bytes())
    }

    fn get(&self, port: u16, path: &str, token: &str) -> Answer {
        let host = &self.nodes.first().browser().authority;
        let head = format!("GET /.doorcode{path} HTTP/1.1\r\nHost: {host}\r\n");
        exchange(port, format!("{head}Authorization: Bearer {token}\r\n\r\n").as_bytes())
    }

    /// Logs in on both nodes: what the second gave.
    fn log_in(&self) -> Value {
        let sent = self.nodes.first().texts.messages().len();
        let start = json!({"client_id": "spa", "connection": "sms", "phone_number": BOB});
        self.json("/passwordless/start", &start).is(200);
        let text = self.nodes.first().texts.text(sent + 1).body;
        let code = text.split(' ').next().expect("a code");
        let otp = json!({
            "grant_type": OTP, "client_id": "spa", "username": BOB, "otp": code, "realm": "sms",
            "scope": "openid offline_access",
        });
        read(&self.json("/oauth/token", &otp).is(200))
    }

    fn refresh(&self, given: &Value) -> Answer {
        let token = &given["refresh_token"];
        let body =
            json!({"grant_type": "refresh_token", "client_id": "spa", "refresh_token": token});
        self.json("/oauth/token", &body)
    }

    /// What either node thinks of an access token.
    fn taken(&self, given: &Value) -> [u16; 2] {
        let token = given["access_token"].as_str().expect("a token");
        self.nodes.ports().map(|port| self.get(port, "/userinfo", token).status)
    }

    /// The ids of the keys that either node publishes, the one that signs first.
    fn published(&self) -> [Vec<String>; 2] {
        self.nodes.ports().map(|port| {
            let keys = read(&self.get(port, KEYS, "none").is(200));
            let keys = keys["keys"].as_array().expect("keys");
            keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
        })
    }

    /// The same, once both nodes publish the same that is `good`.
    fn publish(&self, what: &str, good: impl Fn(&[String]) -> bool) -> Vec<String> {
        wait_for(what, || {
            let [one, other] = self.published();
            (one == other && good(&one)).then_some(one)
        })
    }
}

fn read(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("no JSON: {answer}"))
}

fn signed_by(given: &Value) -> String {
    let token = given["id_token"].as_str().expect("a token");
    jsonwebtoken::decode_header(token).expect("a JWT").kid.expect("a kid")
}

#[test]
fn a_refresh_token_of_one_node_is_rotated_by_the_other_and_its_reuse_is_told_to_both() {
    App::each(|app| {
        let first = app.log_in();
        let second = read(&app.refresh(&first).is(200));
        // A client that asked twice: the other node knows what the next one was.
        let again = read(&app.refresh(&first).is(200));
        assert_eq!(again["refresh_token"], second["refresh_token"]);
        assert_ne!(again["refresh_token"], first["refresh_token"]);
        let third = read(&app.refresh(&second).is(200));
        assert_eq!(app.taken(&third), [200, 200]);
        app.nodes.first().pass(OVERLAP);
        // Both know the tokens, and one sees the thief.
        let error = read(&app.refresh(&second).is(403));
        assert_eq!(error["error"], "invalid_grant");
        wait_for("the end of the tokens", || (app.taken(&third) == [401, 401]).then_some(()));
        for _ in app.nodes.ports() {
            app.refresh(&third).is(403);
        }
    });
}

#[test]
fn keys_that_one_node_publishes_and_promotes_are_those_of_the_other() {
    App::each(|app| {
        let clock = app.nodes.first();
        let [one, other] = app.published();
        assert_eq!((one.len(), &one), (1, &other));
        clock.pass(DAY.saturating_sub(LEARNED) + MINUTE);
        let shown = app.publish("a next key", |keys| keys.len() == 2);
        assert_eq!(shown[0], one[0], "the next one signs later");
        let before = [app.log_in(), app.log_in()];
        assert!(before.iter().all(|given| signed_by(given) == one[0]));
        clock.pass(LEARNED + MINUTE);
        let shown = app.publish("a key that signs", |keys| keys[0] != one[0]);
        assert_eq!((shown.len(), &shown[1]), (2, &one[0]));
        // Each asks the other one for its tokens, since a login is two requests.
        let mut after = Vec::new();
        for _ in 0..2 {
            after.push(app.log_in());
            app.next();
        }
        assert!(after.iter().all(|given| signed_by(given) == shown[0]));
        for given in before.iter().chain(&after) {
            assert_eq!(app.taken(given), [200, 200]);
        }
        // A day is longer than what the former key signed is valid.
        clock.pass(DAY.saturating_sub(2 * LEARNED));
        app.publish("an end of the former key", |keys| !keys.contains(&one[0]));
    });
}
