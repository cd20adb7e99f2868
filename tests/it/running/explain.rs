//! `doorcode explain` beside the server that runs on the same file.
use std::collections::BTreeSet;

use crate::personal_tokens::{SHOP, basic, make, program_at, token_on};
use crate::support::http::{Wire, exchange};
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB, OTHER};
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

#[test]
fn a_token_is_judged_by_the_server_as_in_a_request() {
    let program = Program::changed("info", &[SHOP]);
    let here = format!("http://localhost:{}", program.port);
    let robot = format!(
        "[[client]]\nid = \"robot\"\nname = \"Reports\"\ntype = \"confidential\"\nsecret = \"env:OTHER\"\n\
         grants = [\"client_credentials\"]\naudiences = [\"{here}\"]\n[[user]]\n"
    );
    let rule = "allow = [\"role:admin\"]\n[[site.rule]]\npath = \"/reports/*\"\nallow = [\"client:robot\"]\n";
    program.rewrite(FILE, &[("[[user]]\n", &robot), ("allow = [\"role:admin\"]\n", rule)]);
    assert_eq!(program.said(&["reload", FILE]).0, Some(0), "{}", program.printed());
    let mut ada = program.browser();
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    let personal = token_on(&make(&mut ada, "git", &here, "30").is(200));
    let asked = "grant_type=client_credentials&audience=".to_owned() + &here;
    let answer = exchange(
        program.port,
        format!(
            "POST /.doorcode/oauth/token HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{asked}",
            program.port,
            basic("robot", OTHER),
            asked.len()
        )
        .as_bytes(),
    );
    let answer: serde_json::Value = serde_json::from_str(&answer.is(200).text()).expect("JSON");
    let robots = answer["access_token"].as_str().expect("a token").to_owned();
    let last = if personal.ends_with('a') { 'b' } else { 'a' };
    let forged = format!("{}{last}", &personal[..personal.len() - 1]);
    for (token, target, status, told) in [
        (&personal, "/orders", 200, vec!["caller    +12025550123", "decision  passes"]),
        (&personal, "/admin/x", 200, vec!["roles     admin, staff", "decision  passes"]),
        (&personal, "/reports/1", 403, vec!["decision  refused (403)"]),
        (
            &robots,
            "/reports/1",
            200,
            vec!["caller    no person", "client    robot", "decision  passes"],
        ),
        (&robots, "/admin/x", 403, vec!["decision  refused (403)"]),
        (&forged, "/orders", 401, vec!["decision  refused (401): the personal access token"]),
        // A path that needs no caller is not refused for a token.
        (&forged, "/public/x", 200, vec!["decision  passes"]),
    ] {
        let (code, said) = explained(&program, target, &["--token", token]);
        let bearer = format!("Bearer {token}");
        let answer = program_at(program.port, &here, "GET", target, &[("Authorization", &bearer)]);
        assert_eq!(answer.status, status, "{target}: {answer}");
        assert_eq!(code, Some(if status == 200 { 0 } else { 3 }), "{target}: {said}");
        for part in told {
            assert!(said.contains(part), "{target}: no `{part}` in {said}");
        }
        assert!(!said.contains(token.as_str()) && !program.printed().contains(token.as_str()));
    }
    let (code, said) = program.command(&[
        "explain",
        FILE,
        "--url",
        &format!("{here}/orders"),
        "--token",
        "a\r\nb: c",
    ]);
    assert!(code == Some(1) && said.contains("no visible character"), "{said}");
    let request = format!(
        "POST /token-holder HTTP/1.1\r\nHost: localhost\r\nX-Doorcode-Method: GET\r\n\
         X-Doorcode-Host: localhost\r\nAuthorization: Bearer {personal}\r\nContent-Length: 0\r\n\r\n"
    );
    exchange(program.admin, request.as_bytes()).is(404);
}
