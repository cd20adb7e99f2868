//! A captcha of somebody else's in place of the calculation.
use std::time::Duration;

use super::challenge::{challenged, metric_of, shipped, texted_twice};
use super::start_from;
use crate::support::browser::{Browser, between};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::metrics::wait_until;
use crate::support::program::Program;
use crate::support::provider::{FakeProvider, Outcome};
use crate::support::settings::{ADA, OTHER};
use crate::support::siteverify::{SITE_KEY, Siteverify, captcha_table, refusal, verdict};
use crate::support::words::word;

fn gate_with(provider: &str, siteverify: &FakeProvider) -> Gate {
    let table = format!("{}[sms]\n", captcha_table(provider, siteverify));
    shipped(&[("[sms]\n", &table)])
}

#[track_caller]
fn asked(gate: &Gate) -> (Browser, Answer) {
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", ADA);
    let page = challenged(&mut browser, page);
    (browser, page)
}

fn answer(browser: &mut Browser, page: &str, (field, token): (&str, &str)) -> Answer {
    let flow = between(page, "name=\"flow\" value=\"", "\"");
    let puzzle = between(page, "name=\"puzzle\" value=\"", "\"");
    let form = [("flow", flow), ("puzzle", puzzle), ("number", ""), (field, token)];
    browser.post("/.doorcode/challenge", &form).is(303)
}

#[test]
fn a_right_answer_sends_the_text_and_the_policy_admits_its_vendor_there_alone() {
    let rows = [
        (
            "turnstile",
            "cf-turnstile",
            "https://challenges.cloudflare.com",
            "https://challenges.cloudflare.com",
        ),
        (
            "hcaptcha",
            "h-captcha",
            "https://hcaptcha.com https://*.hcaptcha.com",
            "https://js.hcaptcha.com",
        ),
        (
            "recaptcha",
            "g-recaptcha",
            "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
            "https://www.google.com/recaptcha/",
        ),
    ];
    for (provider, class, hosts, script) in rows {
        let siteverify = FakeProvider::of(Box::<Siteverify>::default());
        let gate = gate_with(provider, &siteverify);
        texted_twice(&gate, ADA);
        let (mut browser, page) = asked(&gate);
        let policy = page.header("content-security-policy").expect("a policy").to_owned();
        let scripts = format!("script-src 'self' {hosts};");
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains(&scripts),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'; frame-src https://"), "{policy}");
        let html = page.text();
        let shown = format!(
            "<div class=\"{class} field\" data-sitekey=\"{SITE_KEY}\" data-action=\"text\" data-size=\"compact\">"
        );
        assert!(
            html.contains(&shown) && html.contains(&format!("<script src=\"{script}")),
            "{html}"
        );
        assert!(!html.contains("challenge.js"), "{html}");
        for other in ["/", "/.doorcode/login"] {
            let other = browser.visit(other);
            let policy = other.header("content-security-policy").expect("a policy");
            assert!(!policy.contains("https://"), "{policy}");
        }
        let field = format!("{class}-response");
        let sent = answer(&mut browser, &html, (&field, "good"));
        browser.follow(sent).is(200).says("name=\"code\"");
        gate.texts.text(3);
        assert_eq!(siteverify.messages()[0].body, "127.0.0.1");
        wait_until(gate.admin, &metric_of("solved", "captcha"), 1);
    }
}

#[test]
fn every_other_answer_sends_nothing() {
    let siteverify = FakeProvider::of(Box::<Siteverify>::default());
    let gate = gate_with("turnstile", &siteverify);
    texted_twice(&gate, ADA);
    let (mut browser, page) = asked(&gate);
    let mut html = page.text();
    let mut refused = |token: &str, why: &str, times: u64| {
        let again = answer(&mut browser, &html, ("cf-turnstile-response", token));
        assert!(again.location().contains("/challenge?"), "{token}: {again}");
        html = browser.follow(again).is(200).text();
        wait_until(gate.admin, &metric_of("failed", why), times);
        assert_eq!(gate.texts.requests(), 2, "{token}");
    };
    refused("wrong", "captcha-refused", 1);
    refused("expired", "captcha-refused", 2);
    refused("good, elsewhere", "captcha-refused", 3);
    siteverify.script(Outcome::Answer(verdict("localhost", "another")));
    refused("good of another action", "captcha-refused", 4);
    siteverify.script(Outcome::Answer(refusal("timeout-or-duplicate")));
    refused("good but used", "captcha-refused", 5);
    siteverify.script(Outcome::Answer(refusal("invalid-input-secret")));
    refused("good with a wrong secret", "captcha-secret", 1);
    siteverify.script(Outcome::Answer(refusal("sitekey-secret-mismatch")));
    refused("good of another key", "captcha-secret", 2);
    siteverify.script(Outcome::Answer(refusal("internal-error")));
    refused("good while the vendor fails", "captcha-unavailable", 1);
    let broken = [
        Outcome::Garbage(500, "down"),
        Outcome::Garbage(200, "<html>"),
        Outcome::Garbage(200, "{\"success\": \"yes\"}"),
        Outcome::Flood(200, 10_000_000),
        Outcome::Redirect(format!("{}/siteverify", siteverify.base_url())),
        Outcome::AcceptAndHangUp,
        Outcome::AcceptAfter(Duration::from_secs(20)),
    ];
    for (n, outcome) in (2..).zip(broken) {
        siteverify.script(outcome);
        refused(&format!("good {n}"), "captcha-unavailable", n);
    }
    // What the calculation would be takes nobody further.
    let (flow, puzzle, _) = (
        between(&html, "name=\"flow\" value=\"", "\"").to_owned(),
        between(&html, "name=\"puzzle\" value=\"", "\"").to_owned(),
        0,
    );
    let number = crate::support::puzzle::solve(&puzzle, 17);
    let form = [("flow", flow.as_str()), ("puzzle", &puzzle), ("number", &number)];
    let again = browser.post("/.doorcode/challenge", &form).is(303);
    assert!(again.location().contains("/challenge?"), "{again}");
    assert_eq!(gate.texts.requests(), 2);
}

#[test]
fn who_has_no_script_waits_and_known_browsers_need_no_vendor() {
    let siteverify = FakeProvider::of(Box::<Siteverify>::default());
    let gate = gate_with("hcaptcha", &siteverify);
    texted_twice(&gate, ADA);
    let (mut browser, page) = asked(&gate);
    let html = page.says("<noscript><p>You can go on in 30 seconds.</p></noscript>").text();
    gate.pass(Duration::from_secs(30));
    let sent = answer(&mut browser, &html, ("h-captcha-response", ""));
    browser.follow(sent).is(200).says("name=\"code\"");
    gate.texts.text(3);
    assert_eq!(siteverify.requests(), 0);
}

#[test]
fn neither_the_log_nor_check_shows_the_secret_or_an_answer() {
    let siteverify = FakeProvider::of(Box::<Siteverify>::default());
    let table = format!("{}[sms]\n", captcha_table("turnstile", &siteverify));
    let always = ("challenge_after_texts = 1000", "challenge_after_texts = 0");
    let program = Program::changed("trace", &[always, ("[sms]\n", &table)]);
    let mut browser = program.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200).says(&word("challenge_title"));
    for token in ["wrong-0123456789", "good-0123456789"] {
        answer(&mut browser, &page.text(), ("cf-turnstile-response", token));
    }
    program.texts.text(1);
    let (code, out) = program.said(&["check", "my.toml"]);
    let (_, err) = program.command(&["check", "my.toml"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let shown = format!("{}{out}{err}", program.printed());
    let encoded: String = url::form_urlencoded::byte_serialize(OTHER.as_bytes()).collect();
    for hidden in [OTHER, &encoded, "0123456789"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}
