//! `doorcode explain` beside the server that runs on the same file.
use std::collections::BTreeSet;

use crate::support::http::Wire;
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};
use crate::support::targets::Targets;

const FILE: &str = "my.toml";
/// Each costs a process.
const SOME: usize = 120;

fn explained(program: &Program, target: &str, more: &[&str]) -> (Option<i32>, String) {
    let url = format!("http://localhost:{}{target}", program.port);
    program.said(&[&["explain", FILE, "--url", &url], more].concat())
}

#[test]
fn generated_targets_are_explained_as_the_server_answers_them() {
    let program = Program::start("info");
    let is_sent = |target: &String| {
        // Clients keep the fragment for themselves, and a space ends the target.
        target.starts_with('/') && !target.contains(['#', ' ', '\r', '\n', '\0'])
    };
    let mut seen = BTreeSet::new();
    for target in Targets::new().filter(is_sent).take(SOME) {
        let before = program.app.count();
        let mut wire = Wire::to(program.port);
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", program.port);
        wire.send(head.as_bytes()).unwrap();
        let answer = wire.answer(false).unwrap();
        let arrived = program.app.count() > before;
        let (code, said) = explained(&program, &target, &[]);
        let decision = said.lines().find_map(|line| line.strip_prefix("decision  "));
        let decision = decision.unwrap_or_else(|| panic!("{target}: {said}"));
        let (told, fits, expected) = match decision {
            _ if decision.starts_with("passes") => ("passes", arrived, 0),
            _ if decision.starts_with("logs in first") => ("login", answer.status == 401, 3),
            _ if decision.starts_with("refused (400)") => ("400", answer.status == 400, 3),
            _ if decision.starts_with("a path of Doorcode") => ("own", !arrived, 0),
            _ => panic!("{target}: {said}"),
        };
        assert!(fits && code == Some(expected), "{target}: {answer}\n{code:?} {said}");
        let head = format!("\n  GET {target} HTTP/1.1\n");
        assert_eq!(said.contains(&head), arrived, "{target}: {said}");
        seen.insert(told);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["400", "login", "own", "passes"]);
}

#[test]
fn what_the_app_gets_is_what_it_is_said_to_get() {
    let strip = ("name = \"Shop\"", "name = \"Shop\"\nsend_host = \"app.internal\"");
    let program = Program::changed("info", &[strip]);
    let mut ada = program.browser();
    ada.sign_in("/", ADA, &program.texts).is(200);
    let mut wire = Wire::to(program.port);
    let cookie = format!("Cookie: doorcode={}", ada.session());
    let host = format!("Host: localhost:{}", program.port);
    let head = format!("GET /admin/a%20b?c=d HTTP/1.1\r\n{host}\r\n{cookie}\r\n\r\n");
    wire.send(head.as_bytes()).unwrap();
    wire.answer(false).unwrap().is(200);
    let more = ["--phone", ADA, "--from", "127.0.0.1"];
    let (code, said) = explained(&program, "/admin/a%20b?c=d", &more);
    assert_eq!(code, Some(0), "{said}");
    let (_, head) = said.split_once("The app gets").expect(&said);
    let mut lines = head.lines().skip(1).map(str::trim_start);
    assert_eq!(lines.next(), Some("GET /admin/a%20b?c=d HTTP/1.1"));
    let told: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").unwrap()).collect();
    let got = program.app.last();
    assert_eq!(got.target, "/admin/a%20b?c=d");
    assert_eq!(told.len(), got.headers.len(), "{said} {got:?}");
    for (name, value) in told {
        let real = got.header(name).unwrap_or_else(|| panic!("{name} in {got:?}"));
        match value.split_once('…') {
            Some((start, _)) => assert!(real.len() > 20 && real.starts_with(start), "{name}"),
            None => assert_eq!(real, value, "{name}"),
        }
    }
    let (code, said) = explained(&program, "/admin/a", &["--phone", BOB]);
    assert!(code == Some(3) && said.contains("refused (403)") && !said.contains("app gets"));
}
