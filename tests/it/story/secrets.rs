//! What must never be printed, however much is printed.
use std::time::Duration;

use crate::support::browser::{Browser, code_in, flow_of, unlike};
use crate::support::http::exchange;
use crate::support::program::Program;
use crate::support::provider::Outcome;
use crate::support::settings::{ADA, BOB, SECRET};
use crate::support::twilio::AUTH_TOKEN;

/// Everything in a login that somebody could use.
#[derive(Default)]
struct Hidden(Vec<(&'static str, String)>);

impl Hidden {
    fn note(&mut self, what: &'static str, text: impl Into<String>) {
        self.0.push((what, text.into()));
    }

    /// Its cookies as they are now.
    fn note_cookies(&mut self, browser: &Browser) {
        for name in ["doorcode", "doorcode-browser"] {
            if let Some(value) = browser.cookie(name) {
                self.note("a cookie", value);
            }
        }
    }

    #[track_caller]
    fn assert_not_in(&self, printed: &str) {
        for (what, text) in &self.0 {
            let line = printed.lines().find(|line| line.contains(text.as_str()));
            assert_eq!(line, None, "{what}: {text}");
        }
    }
}

/// A login with mistakes on the way.
fn login(program: &Program, phone: &str, hidden: &mut Hidden) -> Browser {
    let mut browser = program.browser();
    let number = browser.visit("/orders?secret=in-the-query").is(200);
    hidden.note("a sealed text", flow_of(&number));
    let page = browser.give_number(&number, phone).is(200);
    hidden.note("a sealed text", flow_of(&page));
    let code = code_in(&program.texts.text(program.texts.messages().len().max(1)).body);
    let wrong = unlike(&code, 0);
    let answer = browser.give_code(&page, &wrong).is(303);
    let page = browser.follow(answer).is(200);
    hidden.note("a sealed text", flow_of(&page));
    let answer = browser.give_code(&page, &code).is(303);
    hidden.note_cookies(&browser);
    browser.finish(answer).is(200);
    hidden.note("a code", code);
    hidden.note("a wrong code", wrong);
    browser
}

/// A start whose text nobody takes.
fn failed_start(program: &Program, phone: &str, outcome: Outcome, hidden: &mut Hidden) {
    hidden.note("a number", phone);
    hidden.note("a number's digits", &phone[1..]);
    hidden.note("a number's national digits", &phone[3..]);
    program.texts.script(outcome);
    let mut browser = program.browser();
    let number = browser.visit("/");
    let answer = browser.post("/.doorcode/login", &[("flow", &flow_of(&number)), ("phone", phone)]);
    hidden.note("a sealed text", flow_of(&number));
    hidden.note("a sealed text", answer.location().split("flow=").nth(1).expect("a flow"));
    hidden.note_cookies(&browser);
    browser.follow(answer);
}

/// The operator has to open the country at the provider.
#[track_caller]
fn names_the_country(printed: &str) {
    let refused = printed.lines().find(|line| line.contains("does not text this country"));
    let named = |line: &str| line.contains("GB") && line.contains("21408");
    assert!(refused.is_some_and(named), "{refused:?}");
}

#[test]
fn nothing_that_opens_a_door_is_ever_printed() {
    let all = "trace,pingora_proxy=trace,pingora_core=trace,hyper_util=trace,sqlx=trace";
    let mut program = Program::start(all);
    let mut hidden = Hidden::default();
    for (what, text) in [
        ("the token", AUTH_TOKEN),
        ("the server's secret", SECRET),
        ("a number", ADA),
        ("a number", BOB),
        ("a number's digits", "12025550123"),
        ("a number's national digits", "2025550123"),
        ("a number's digits", "447400123456"),
        ("a number's national digits", "7400123456"),
        ("a number as it is shown", "202-555-0123"),
        ("a number as it is shown", "7400 123456"),
        ("a query", "in-the-query"),
    ] {
        hidden.note(what, text);
    }
    let mut ada = login(&program, ADA, &mut hidden);
    login(&program, BOB, &mut hidden);
    for (n, outcome) in [
        Outcome::Refuse(21211),
        Outcome::Refuse(30450),
        Outcome::Refuse(21408),
        Outcome::Failed(30007),
        Outcome::Garbage(500, "+447400123456 7400123456"),
        Outcome::AcceptAndHangUp,
        Outcome::Redirect("http://127.0.0.1:1/+447400123456".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        failed_start(&program, &format!("+44740012377{n}"), outcome, &mut hidden);
    }
    for text in program.texts.messages() {
        hidden.note("a code", code_in(&text.body));
    }
    ada.get("/down/x?in-the-query").is(502);
    // Heads that cannot be read, in the middle of which a secret stands.
    let session = ada.session();
    for line in ["Bad Header", "Bad\u{1}: x", "X: \u{0}", "Host: twice"] {
        let head = format!("GET /orders?in-the-query HTTP/1.1\r\nHost: {}", ada.authority);
        let cookie = format!("Cookie: doorcode={session}");
        exchange(program.port, format!("{head}\r\n{cookie}\r\n{line}\r\n\r\n").as_bytes()).is(400);
    }
    for seen in program.app.seen() {
        let assertion = seen.header("x-doorcode-assertion").expect("somebody is signed in");
        for part in assertion.split('.').skip(1) {
            hidden.note("an assertion", part);
        }
    }
    ada.post("/.doorcode/sign-out", &[]).is(303);
    // Long enough for whoever writes in the background.
    std::thread::sleep(Duration::from_millis(200));
    program.signal("TERM");
    program.wait_for_end();

    let printed = program.printed();
    assert!(printed.contains("signed in") && printed.contains("text not sent"), "{printed}");
    names_the_country(&printed);
    hidden.assert_not_in(&printed);
}
