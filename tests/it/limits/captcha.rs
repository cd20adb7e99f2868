//! A captcha of somebody else's in place of the calculation.
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::request::Parts;
use serde_json::json;

use super::challenge::{challenged, metric_of, shipped, texted_twice};
use super::start_from;
use crate::support::browser::{Browser, between};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::metrics::wait_until;
use crate::support::provider::{FakeProvider, Outcome, Reply, Text, Vendor};
use crate::support::settings::{ADA, OTHER};

const SITE_KEY: &str = "1x00000000000000000000AA";

/// `siteverify` as the vendors document it: a form of secret, response and remoteip; each response once.
#[derive(Default)]
struct Siteverify {
    used: Mutex<Vec<String>>,
}

impl Vendor for Siteverify {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        let kind = head.headers.get("content-type").map(|kind| kind.as_bytes().to_vec());
        assert_eq!(kind.unwrap_or_default(), b"application/x-www-form-urlencoded");
        assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/siteverify"));
        assert!(head.uri.query().is_none(), "the secret is in the body");
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        assert_eq!(form.keys().collect::<Vec<_>>(), ["remoteip", "response", "secret"]);
        if form["secret"] != OTHER {
            return Err(refusal("invalid-input-secret"));
        }
        let token = form["response"].clone();
        let mut used = self.used.lock().unwrap();
        if token.starts_with("expired") || used.contains(&token) {
            return Err(refusal("timeout-or-duplicate"));
        }
        if !token.starts_with("good") {
            return Err(refusal("invalid-input-response"));
        }
        used.push(token.clone());
        Ok(Text {
            to: token,
            sender: "siteverify".into(),
            body: form["remoteip"].clone(),
            validity: None,
        })
    }

    fn accepted(&self, text: &Text) -> Reply {
        verdict(if text.to.contains("elsewhere") { "shop.example" } else { "localhost" }, "text")
    }

    fn slow_down(&self) -> Reply {
        refusal("bad-request")
    }
}

fn verdict(hostname: &str, action: &str) -> Reply {
    let at = "2026-01-01T00:00:00Z";
    let verdict = json!({
        "success": true, "challenge_ts": at, "hostname": hostname, "error-codes": [],
        "action": action, "cdata": "",
    });
    Reply::json(200, &verdict)
}

fn refusal(code: &str) -> Reply {
    Reply::json(200, &json!({ "success": false, "error-codes": [code] }))
}

fn gate_with(provider: &str, siteverify: &FakeProvider) -> Gate {
    let table = format!(
        "[login.captcha]\nprovider = \"{provider}\"\nsite_key = \"{SITE_KEY}\"\n\
         secret = \"env:OTHER\"\nverify_url = \"{}/siteverify\"\n[sms]\n",
        siteverify.base_url()
    );
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
        let shown =
            format!("<div class=\"{class}\" data-sitekey=\"{SITE_KEY}\" data-action=\"text\">");
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
    let broken = [
        Outcome::Garbage(500, "down"),
        Outcome::Garbage(200, "<html>"),
        Outcome::Garbage(200, "{\"success\": \"yes\"}"),
        Outcome::Flood(200, 10_000_000),
        Outcome::Redirect(format!("{}/siteverify", siteverify.base_url())),
        Outcome::AcceptAndHangUp,
        Outcome::AcceptAfter(Duration::from_secs(20)),
    ];
    for (n, outcome) in (1..).zip(broken) {
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
