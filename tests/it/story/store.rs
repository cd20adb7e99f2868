//! When the database does not answer: nobody gets in, nobody is told a lie, and nothing is lost.
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::support::browser::{between, code_in, unlike};
use crate::support::gate::Gate;
use crate::support::settings::ADA;
use crate::support::tables::{sessions, users};
use crate::support::words::word;

/// Another writer that does not let go, such as a backup that hangs.
struct Locked<'g> {
    gate: &'g Gate,
    database: SqliteConnection,
}

impl<'g> Locked<'g> {
    fn new(gate: &'g Gate) -> Self {
        let mut database = gate.database();
        gate.run(database.execute("BEGIN EXCLUSIVE")).expect("the lock");
        Self { gate, database }
    }

    fn release(mut self) {
        self.gate.run(self.database.execute("ROLLBACK")).expect("released");
        self.gate.run(self.database.close()).expect("closed");
    }
}

fn execute(gate: &Gate, sql: &'static str) {
    let mut database = gate.database();
    gate.run(database.execute(sql)).expect("done");
    gate.run(database.close()).expect("closed");
}

#[test]
fn a_code_that_cannot_be_written_down_signs_nobody_in_and_its_try_is_given_back() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA);
    let code = code_in(&gate.texts.text(1).body);
    browser.give_code(&page, &unlike(&code, 0)).is(303);
    browser.give_code(&page, &unlike(&code, 1)).is(303);

    let locked = Locked::new(&gate);
    for _ in 0..2 {
        let answer = browser.give_code(&page, &code).is(303);
        assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{answer}");
        let answer = browser.follow(answer).is(503).says(&word("unavailable_title"));
        let again = between(&answer.text(), "class=\"button\" href=\"", "\"").to_owned();
        browser.get(&again).is(200).says("name=\"code\"");
        assert_eq!(answer.header("retry-after"), Some("5"), "{answer}");
    }
    browser.get("/").is(303);
    assert_eq!(gate.app.count(), 0);
    locked.release();

    assert_eq!(gate.count(sessions::ALL), 0);
    assert_eq!(gate.count(users::ALL), 1, "the one whom the file names");
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("the app: GET /");
}

#[test]
fn a_session_that_cannot_be_read_passes_nobody_and_is_not_forgotten() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA);
    let code = code_in(&gate.texts.text(1).body);
    browser.give_code(&page, &code).is(303);

    execute(&gate, "ALTER TABLE session_tokens RENAME TO elsewhere");
    browser.get("/orders").is(503).says(&word("unavailable_title"));
    let script = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];
    let told = browser.send("GET", "/orders", &script, None).is(503);
    assert_eq!(told.header("content-type"), Some("application/problem+json"), "{told}");
    browser.send("GET", "/.doorcode/me", &script, None).is(503);
    browser.get("/.doorcode/login").is(503);
    assert_eq!(gate.app.count(), 0, "a doubt never passes");
    browser.get("/public/x").is(200);
    gate.browser().get("/orders").is(303);

    execute(&gate, "ALTER TABLE elsewhere RENAME TO session_tokens");
    browser.get("/orders").is(200).says("the app: GET /orders");
}

#[test]
fn signing_out_that_was_not_written_down_is_not_claimed() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);

    let locked = Locked::new(&gate);
    let answer = browser.post("/.doorcode/sign-out", &[]).is(303);
    assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
    browser.follow(answer).is(503).never_says("signed out");
    browser.get("/").is(200);
    locked.release();

    browser.post("/.doorcode/sign-out", &[]).is(303);
    browser.get("/").is(303);
}

#[test]
fn the_database_is_asked_once_for_a_session_and_then_known() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    execute(&gate, "ALTER TABLE session_tokens RENAME TO elsewhere");
    browser.get("/orders").is(200);
    gate.browser().send("GET", "/", &[("Cookie", "doorcode=AAAA")], None).is(303);
    gate.browser().send("GET", "/", &[("Cookie", &format!("doorcode={}", "A".repeat(54)))], None);
    assert_eq!(gate.app.count(), 2, "and what is not ours is told without asking");
}
