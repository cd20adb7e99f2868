use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::support::browser::flow_of;
use crate::support::gate::wait_for;
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB, RAISED};

#[test]
fn a_log_in_json_has_an_object_on_every_line_and_no_secret_in_any() {
    let program =
        Program::changed("debug", &[("[server]\n", "[log]\nformat = \"json\"\n[server]\n")]);
    let mut ada = program.browser();
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    let mut bob = program.browser();
    let number = bob.visit("/");
    bob.give_number(&number, BOB).is(200);

    let log = program.printed_to("err");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert!(lines.iter().all(|line| line["time"].is_string() && line["level"].is_string()));
    let signed_in = lines.iter().find(|line| line["message"] == "signed in").expect(&log);
    assert!(signed_in["user"].as_str().is_some_and(|user| user.starts_with("sms|")), "{signed_in}");
    let sent = lines.iter().find(|line| line["message"] == "text sent").expect(&log);
    assert!(sent["message_id"].as_str().is_some_and(|id| id.starts_with("SM")), "{sent}");
    let id = signed_in["request_id"].as_str().expect("the request's id").to_owned();
    let access = program.printed_to("out");
    let line = access.lines().find(|line| line.contains(&id)).expect("its access line");
    assert!(line.contains("\"path\":\"/.doorcode/code\""), "{line}");
    let code = crate::support::browser::code_in(&program.texts.text(1).body);
    let session = ada.session();
    for hidden in [code.as_str(), session.as_str(), &ADA[1..], &BOB[1..]] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[test]
fn a_log_for_people_is_no_json() {
    let program = Program::start("info");
    program.browser().sign_in("/orders", ADA, &program.texts).is(200);
    let log = program.printed_to("err");
    let line = log.lines().find(|line| line.contains("signed in")).expect(&log);
    assert!(serde_json::from_str::<serde_json::Value>(line).is_err(), "{line}");
    assert!(line.contains("request{request_id="), "{line}");
}

const JSON: (&str, &str) = ("[server]\n", "[log]\nformat = \"json\"\n[server]\n");

/// An object in which a name that stands twice is an error, which `Value` would overlook.
#[derive(Debug)]
struct Strict(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Strict;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
                let mut fields: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom(format!("{name} stands twice")));
                    }
                    fields.push((name, value));
                }
                Ok(Strict(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

fn strict(log: &str) -> Vec<Strict> {
    let line =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
    log.lines().map(line).collect()
}

#[test]
fn no_name_stands_twice_in_a_line_and_both_logs_have_the_same_names_for_the_same() {
    let program = Program::changed("debug", &[JSON]);
    program.browser().sign_in("/orders", ADA, &program.texts).is(200);
    program.browser().get("/down/x").is(502);
    let log = || {
        let log = program.printed_to("err");
        log.contains("app does not answer").then_some(log)
    };
    let log = strict(&wait_for("line about the app", log));
    let access = || {
        let lines = program.printed_to("out");
        lines.contains("/down/x").then_some(lines)
    };
    let access = strict(&wait_for("access line", access));
    let names = |lines: &[Strict]| -> BTreeSet<String> {
        lines.iter().flat_map(|line| line.0.iter().map(|(name, _)| name.clone())).collect()
    };
    let (log_names, access_names) = (names(&log), names(&access));
    let both: Vec<&str> = log_names.intersection(&access_names).map(String::as_str).collect();
    assert_eq!(both, ["request_id", "site", "time", "upstream", "user"], "{log_names:?}");
    let value = |line: &Strict, name: &str| {
        line.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    for line in &access {
        assert!(value(line, "ms").is_some_and(|ms| ms.is_u64()), "{line:?}");
    }
}

#[test]
fn an_app_that_does_not_answer_is_told_once_for_each_state() {
    let program = Program::changed("info", &[JSON]);
    for _ in 0..3 {
        program.browser().get("/down/x").is(502);
    }
    let access = || (program.printed_to("out").matches("/down/x").count() == 3).then_some(());
    wait_for("three access lines", access);
    for line in program.printed_to("out").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!([&line["site"], &line["upstream"]], ["Down", "127.0.0.1:1"], "{line}");
        assert_eq!(line["error"], "ConnectRefused", "{line}");
    }
    let lines = |message: &str| -> Vec<Value> {
        let log = program.printed_to("err");
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["message"] == message).collect()
    };
    let [line] = &lines("app does not answer")[..] else { panic!("{}", program.printed()) };
    assert_eq!([&line["site"], &line["upstream"]], ["Down", "127.0.0.1:1"], "{line}");
    assert!(line["why"].as_str().is_some_and(|why| why.contains("Refused")), "{line}");

    // An app that closes without an answer, then answers, then closes again.
    program.browser().get("/public/x").is(200);
    assert!(lines("app answers again").is_empty());
    program.app.dies_at("/public/broken");
    for (path, status) in [("/public/broken", 502), ("/public/x", 200), ("/public/broken", 502)] {
        for _ in 0..2 {
            program.browser().get(path).is(status);
        }
    }
    let told = [lines("app does not answer").len(), lines("app answers again").len()];
    assert_eq!(told, [3, 1], "{}", program.printed());
}

#[test]
fn standard_output_holds_access_lines_only() {
    let program = Program::start("info");
    program.browser().get("/public/x").is(200);
    let line = || program.printed_to("out").contains("/public/x").then_some(());
    wait_for("access line", line);
    strict(&program.printed_to("out"));
}

#[test]
fn a_level_that_is_none_is_told() {
    for (level, told) in [("verbose", true), ("doorcode=loud", true), ("warn", false), ("", false)]
    {
        let program = Program::start(level);
        let log = program.printed_to("err");
        assert_eq!(log.contains("DOORCODE_LOG"), told, "{level}: {log}");
        assert_eq!(log.contains("listening"), level != "warn", "{level}: {log}");
    }
}

const NOBODY_ASKED: (&str, &str) = ("[login]\n", "[login]\nchallenge = false\n");

#[test]
fn a_start_beyond_the_limit_tells_its_network_and_that_a_proxy_may_be_missing() {
    for (changes, key, value) in [
        (&[JSON, (RAISED, "")][..], "why", "address"),
        (&[JSON, (RAISED, ""), NOBODY_ASKED][..], "limit", "starts_per_address_10m"),
    ] {
        told_of_a_missing_proxy(changes, (key, value));
    }
}

#[track_caller]
fn told_of_a_missing_proxy(changes: &[(&str, &str)], (key, value): (&str, &str)) {
    let program = Program::changed("info", changes);
    for n in 0..11 {
        let mut browser = program.browser();
        let page = browser.visit("/");
        let form = [("flow", flow_of(&page)), ("phone", format!("+1202{}2000", 300 + n))];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        browser.post("/.doorcode/login", &form).is(303);
    }
    let refused = wait_for("a line", || {
        let log = program.printed_to("err");
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find(|line| line[key] == value)
    });
    assert_eq!(refused["network"], "127.0.0.0/24", "{refused}");
    assert_eq!(refused["level"], "WARN", "{refused}");
    let message = refused["message"].as_str().expect("a message");
    assert!(message.contains("server.trusted_proxies"), "{message}");
}

#[test]
fn a_forwarding_header_of_an_unknown_proxy_is_told_once_an_hour() {
    let trusting = ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n");
    for (changes, lines) in [(&[JSON][..], 1), (&[JSON, trusting][..], 0)] {
        let program = Program::changed("info", changes);
        for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
            let headers = [(header, "192.0.2.7")];
            program.browser().send("GET", "/public/x", &headers, None).is(200);
        }
        let log = program.printed_to("err");
        let told: Vec<&str> =
            log.lines().filter(|line| line.contains("forwarding header ignored")).collect();
        assert_eq!(told.len(), lines, "{log}");
        for line in told {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!([&line["header"], &line["peer"]], ["x-forwarded-for", "127.0.0.1"]);
            assert!(line["message"].as_str().unwrap().contains("server.trusted_proxies"), "{line}");
        }
    }
}

#[test]
fn each_start_says_what_check_warns_of() {
    let program = Program::changed("info", &[("role:admin", "role:amdin")]);
    let (code, told) = program.said(&["check", "my.toml"]);
    let warning = told.lines().find(|line| line.contains("role:amdin")).expect(&told);
    let (at, rest) = warning.split_once(": warning: ").expect("a place");
    let (key, text) = rest.split_once(": ").expect("a key");
    assert_eq!((code, key), (Some(0), "site[2].rule[3].allow"), "{told}");
    let log = program.printed_to("err");
    let line = log.lines().find(|line| line.contains("role:amdin")).expect(&log);
    for part in ["WARN", text, &format!("at=\"{at}\""), &format!("key=\"{key}\"")] {
        assert!(line.contains(part), "{part} in {line}");
    }
}
