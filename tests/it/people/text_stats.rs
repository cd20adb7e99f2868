//! `doorcode sms stats`: what was sent, what arrived, what was used and what it cost.
use serde_json::{Value, json};

use crate::receipts::tell_at;
use crate::support::browser::code_in;
use crate::support::gate::wait_for;
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};

const FILE: &str = "my.toml";

fn stats(program: &Program, more: &[&str]) -> String {
    let arguments = [&["sms", "stats", FILE], more].concat();
    let (code, said) = program.said(&arguments);
    assert_eq!(code, Some(0), "{said}");
    said
}

#[test]
fn texts_are_told_by_country_and_provider() {
    let program = Program::start("info");
    assert_eq!(stats(&program, &["--json"]), "[]\n");
    program.browser().sign_in("/orders", ADA, &program.texts).is(200);
    tell_at(program.port, &program.texts.taken(1), "delivered", None).is(200);
    let mut bob = program.browser();
    let page = bob.visit("/orders");
    let page = bob.give_number(&page, BOB);
    let code = code_in(&program.texts.text_to(BOB).body);
    tell_at(program.port, &program.texts.taken(2), "undelivered", Some(30_008)).is(200);
    // A carrier was wrong: the code is used all the same.
    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);
    let rows = wait_for("both", || {
        let rows: Value = serde_json::from_str(&stats(&program, &["--json"])).expect("JSON");
        let used = |row: &Value| row["used"] == 1 && row["delivered"] != row["undelivered"];
        let all = rows.as_array().is_some_and(|rows| rows.len() == 2 && rows.iter().all(used));
        all.then_some(rows)
    });
    let row = |country: &str, delivered: u8, spent: &str| {
        json!({
            "country": country, "provider": "twilio", "sent": 1, "delivered": delivered,
            "undelivered": 1 - delivered, "used": 1, "spent": spent, "currency": "USD",
        })
    };
    // By `config/prices.csv`.
    assert_eq!(rows, json!([row("GB", 0, "0.049300"), row("US", 1, "0.006700")]));

    let table = stats(&program, &["--since", "1h"]);
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    let head = ["country", "provider", "sent", "delivered", "undelivered", "used", "spent"];
    assert_eq!(lines[0], head, "{table}");
    assert_eq!(lines[1], ["GB", "twilio", "1", "0", "1", "1", "0.0493", "USD"], "{table}");
    assert_eq!(lines[3], ["all", "all", "2", "1", "1", "2", "0.0560", "USD"], "{table}");
    assert_eq!(stats(&program, &["--since", "2199-01-01", "--json"]), "[]\n");
    let none = stats(&program, &["--since", "2199-01-01"]);
    assert_eq!(none, "No text was sent since 2199-01-01T00:00:00Z.\n");
    let (code, said) = program.command(&["sms", "stats", "--since", "soon", FILE]);
    assert!(code == Some(2) && said.contains("neither a time ago"), "{said}");
}
