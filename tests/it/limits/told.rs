//! What somebody is told who meets a limit, and where they go on from there.
use std::time::Duration;

use doorcode::system::Clock as _;

use super::{MINUTE, defaults, start_from, told_to_wait};
use crate::support::browser::{Browser, between, flow_of};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

/// One text an hour for each number, and a browser that asked for one too many on its way to
/// `target`: the answer to its form.
fn refused(gate: &Gate, browser: &mut Browser, target: &str) -> Answer {
    super::texted(gate, || start_from(&mut gate.browser(), "", ADA));
    let page = browser.visit(target);
    let flow = flow_of(&page);
    let form = [("flow", flow.as_str()), ("phone", ADA)];
    browser.post("/.doorcode/login", &form).is(303)
}

const ONE: (&str, &str) = ("[login]", "[limits]\ntexts_per_number_1h = 1\n[login]");
const TOO_MANY: &str = "Too many codes for this number";

#[test]
fn a_form_that_is_refused_leads_to_a_page_that_may_be_looked_at_again() {
    let gate = defaults(&[ONE]);
    let mut browser = gate.browser();
    let answer = refused(&gate, &mut browser, "/orders?page=2");
    let here = browser.here(answer.location());
    for _ in 0..3 {
        let page = browser.get(&here);
        assert_eq!(told_to_wait(&page, TOO_MANY), MINUTE * 60);
    }
    let page = browser.get(&here);
    assert!(page.text().contains("hreflang=\"fr\""), "{page}");
    let page = browser.get(&format!("{here}&lang=fr"));
    assert_eq!(page.status, 429, "{page}");
    assert!(page.text().contains("Trop de codes pour ce numéro"), "{page}");
    let english = browser.get(&format!("{here}&lang=en"));

    assert!(!english.text().contains("class=\"button\""), "no link leads on yet: {english}");
    assert_eq!(gate.texts.requests(), 1, "nothing was posted again");

    gate.pass(MINUTE * 20);
    let page = browser.get(&here);
    assert_eq!(told_to_wait(&page, TOO_MANY), MINUTE * 40, "though the login is too old by now");
    gate.pass(MINUTE * 40);
    browser.visit(&here).is(200).says("name=\"phone\"");
}

#[test]
fn the_time_that_is_told_is_the_one_of_the_header() {
    let gate = defaults(&[ONE]);
    let mut browser = gate.browser();
    let answer = refused(&gate, &mut browser, "/");
    for passed in [0_u64, 7, 61, 1800] {
        gate.pass(Duration::from_secs(passed));
        let page = browser.get(&browser.here(answer.location())).is(429);
        let seconds: u64 = page.header("retry-after").expect("when").parse().expect("seconds");
        assert!(seconds <= 3600, "{seconds}");
        let text = page.text();
        let machine = between(&text, "datetime=\"", "\"");
        let then = gate.clock.now() + Duration::from_secs(seconds);
        let shown = between(&text, "Z\">", " UTC</time>");
        let minute = (then + Duration::from_millis(59_999)).as_millis() / 60_000;
        assert_eq!(shown, format!("{:02}:{:02}", minute / 60 % 24, minute % 60));
        // What the script makes the reader's own time of.
        assert_eq!(machine, format!("2026-01-01T{shown}Z"));
    }
}

/// The fields of the page's form, and where it goes.
fn again(page: &Answer) -> (String, [(&'static str, String); 3]) {
    let text = page.text();
    let action = between(&text, "<form method=\"post\" action=\"", "\"").to_owned();
    let field = |name| {
        let start = format!("name=\"{name}\" value=\"");
        (name, between(&text, &start, "\"").to_owned())
    };
    (action, ["flow", "phone", "country"].map(field))
}

fn send_again(browser: &mut Browser, page: &Answer) -> Answer {
    let (action, form) = again(page);
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.post(&action, &form).is(303)
}

#[test]
fn the_number_is_kept_and_sent_again_once_that_can_work() {
    let gate = defaults(&[ONE]);
    let mut browser = gate.browser();
    let answer = refused(&gate, &mut browser, "/orders?page=2");
    let page = browser.follow(answer).is(429).never_says(&word("limited_early"));
    assert_eq!(again(&page).1[1].1, ADA, "{page}");
    let early = send_again(&mut browser, &page);
    let page = browser.follow(early).is(429).says(&word("limited_early"));
    assert_eq!(told_to_wait(&page, TOO_MANY), MINUTE * 60);
    assert_eq!(between(&page.text(), "data-after=\"", "\""), "3600");

    gate.pass(MINUTE * 60);
    let sent = send_again(&mut browser, &page);
    let page = browser.follow(sent).is(200).says("name=\"code\"");
    let code = crate::support::browser::code_in(&gate.texts.text(2).body);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("GET /orders?page=2\n");
}

#[test]
fn another_number_is_offered_where_it_can_help_and_leads_to_the_same_page() {
    let gate = defaults(&[ONE]);
    let mut browser = gate.browser();
    let answer = refused(&gate, &mut browser, "/orders?page=2");
    let page = browser.follow(answer).is(429).says(&word("code_different_number"));
    let text = page.text();
    let link = between(&text, "<p><a class=\"action\" href=\"", "\"").to_owned();
    browser.visit(&link).is(200).never_says("55501");
    browser.sign_in(&link, BOB, &gate.texts).is(200).says("GET /orders?page=2\n");
}

#[test]
fn the_page_is_for_the_browser_that_was_refused() {
    let gate = defaults(&[ONE]);
    let mut browser = gate.browser();
    let answer = refused(&gate, &mut browser, "/");
    let here = browser.here(answer.location());
    gate.browser().get(&here).is(400).says(&word("no_cookie_title"));
    let mut other = gate.browser();
    other.visit("/");
    other.get(&here).is(400).says(&word("timed_out_title"));
    browser.get(&here.replace("flow=", "flow=x")).is(400);
    browser.get("/.doorcode/refused").is(400);
    browser.get("/.doorcode/refused?why=down").is(503);
    // Nobody is kept from another number.
    let page = browser.visit("/");
    browser.give_number(&page, BOB).is(200).says("name=\"code\"");
}

#[test]
fn a_form_that_cannot_be_read_leads_to_a_page_too() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.visit("/");
    for path in ["login", "code", "resend"] {
        let lines = [("Content-Type", "text/plain")];
        let path = format!("/.doorcode/{path}");
        let answer = browser.send("POST", &path, &lines, Some(&[("a", "b")])).is(303);
        browser.follow(answer).is(400);
    }
}

#[test]
fn where_there_are_several_sites_none_is_guessed() {
    let own_host = [
        ("public_url = \"", "unsafe_shared_origin = true\npublic_url = \""),
        ("name = \"Down\"\nurl = \"", "name = \"Down\"\nurl = \"http://down.localhost:1\" # \""),
        ("name = \"Shop\"\nurl = \"", "name = \"Shop\"\nurl = \"http://shop.localhost:1\" # \""),
    ];
    let gate = Gate::changed(&own_host);
    let mut browser = gate.browser();
    let page = browser.visit("/.doorcode/login").is(200).says("name=\"phone\"");
    let page = page.never_says("down.localhost").never_says("shop.localhost");
    let page = browser.give_number(&page, BOB).is(200);
    let text = gate.texts.text(1);
    let code = crate::support::browser::code_in(&text.body);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says(&word("account_title"));
    let out = browser.post("/.doorcode/sign-out", &[]).is(303);
    let out = browser.follow(out).is(200).never_says("shop.localhost");
    assert!(out.text().contains("/.doorcode/login\""), "{out}");
}
