//! What a server says of the engines that it uses: when one goes away, is back, or must not be used.
use std::time::Duration;

use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, exchange};
use crate::support::postgresql::Server;
use crate::support::program::Program;
use crate::support::redis_server::TestRedis;
use crate::support::settings::ADA;

const DATABASE: &str = "database = \"sqlite:doorcode.db\"";
const SOON: Duration = Duration::from_secs(2);

fn redis_setting(redis: &TestRedis) -> String {
    format!("{DATABASE}\ncache = \"redis://127.0.0.1:{}\"", redis.port)
}

/// The lines of the log that say this.
fn lines(program: &Program, text: &str) -> Vec<String> {
    let log = program.printed();
    log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

fn wait_for_line(program: &Program, text: &str) -> String {
    wait_for(text, || lines(program, text).into_iter().next())
}

/// Asks for codes that the server cannot give.
fn ask_in_vain(program: &Program, times: usize) {
    for _ in 0..times {
        let mut ada = program.browser();
        let page = ada.visit("/orders");
        ada.give_number(&page, ADA).is(503);
    }
}

fn assert_told_once(program: &Program, place: &str) {
    let away = lines(program, "an engine is away");
    assert_eq!(away.len(), 1, "{}", program.printed());
    assert!(away[0].contains(place) && away[0].contains("why"), "{away:?}");
    let back = lines(program, "an engine is back");
    assert!(back.len() == 1 && back[0].contains(place) && back[0].contains("seconds"), "{back:?}");
    for silent in ["store operation failed", "change feed"] {
        assert!(lines(program, silent).is_empty(), "{}", program.printed());
    }
}

#[test]
fn a_redis_that_goes_away_and_comes_back_is_two_lines_in_the_log() {
    let mut redis = TestRedis::start();
    let program = Program::changed("info", &[(DATABASE, &redis_setting(&redis))]);
    redis.kill();
    ask_in_vain(&program, 5);
    wait_for_line(&program, "an engine is away");
    redis.start_again(&[]);
    wait_for_line(&program, "an engine is back");
    assert_told_once(&program, &format!("redis://127.0.0.1:{}", redis.port));
}

#[test]
fn a_postgresql_that_goes_away_and_comes_back_is_two_lines_in_the_log() {
    let server = Server::start();
    let program = Program::changed("info", &[(DATABASE, &server.setting(SOON))]);
    server.pause();
    wait_for_line(&program, "an engine is away");
    ask_in_vain(&program, 2);
    server.resume();
    wait_for_line(&program, "an engine is back");
    assert_told_once(&program, &format!("postgres://127.0.0.1:{}", server.port()));
}

fn ready(gate: &Gate) -> Answer {
    exchange(gate.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n")
}

#[test]
fn a_redis_that_begins_to_evict_makes_a_server_unready_within_a_minute_and_says_why() {
    let redis = TestRedis::start();
    let gate = Gate::changed(&[(DATABASE, &redis_setting(&redis))]);
    redis.tell("CONFIG SET maxmemory-policy allkeys-lru");
    assert_eq!(ready(&gate).status, 200, "nobody has looked");
    gate.pass(Duration::from_mins(1));
    let told = || Some(ready(&gate)).filter(|answer| answer.status == 503);
    let answer = wait_for("the reason", told).text();
    assert!(answer.starts_with("Redis: ") && answer.contains("maxmemory-policy"), "{answer}");
    let mut ada = gate.browser();
    let page = ada.visit("/orders");
    ada.give_number(&page, ADA).is(503);
    redis.tell("CONFIG SET maxmemory-policy noeviction");
    wait_for("a server that is ready", || (ready(&gate).status == 200).then_some(()));
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
}
