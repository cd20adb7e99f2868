//! Whole logins by two providers: Twilio, and Vonage after it.
use std::time::Duration;

use serde_json::json;

use super::vendors::vonage::{KEY, Vonage};
use crate::support::browser::{Browser, code_in, flow_of, unlike};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Answer;
use crate::support::metrics::{metric, wait_until};
use crate::support::provider::{FakeProvider, Outcome};
use crate::support::settings::{ADA, BOB};
use crate::support::tables::sessions;
use crate::support::words::tries_left;

/// A gate that has Vonage too, in this order of providers, with `more` in the file.
fn gate(order: &str, more: &str) -> (Gate, FakeProvider) {
    let vonage = FakeProvider::of(Box::new(Vonage));
    let url = vonage.base_url();
    let table = format!(
        "[sms.vonage]\napi_key = \"{KEY}\"\napi_secret = \"env:TOKEN\"\nfrom = \"+12025550199\"\n\
         base_url = \"{url}\"\n{more}[sms.twilio]"
    );
    let order = format!("providers = {order}");
    let gate = Gate::changed(&[("providers = [\"twilio\"]", &order), ("[sms.twilio]", &table)]);
    (gate, vonage)
}

/// `POST /passwordless/start` of a client.
fn api_start(gate: &Gate, client: &str, phone: &str) -> Answer {
    let body = json!({"client_id": client, "connection": "sms", "phone_number": phone}).to_string();
    gate.exchange(&format!(
        "POST /.doorcode/passwordless/start HTTP/1.1\r\nHost: localhost:{}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        gate.port,
        body.len()
    ))
}

const ROUTES: &str = "[[client]]
id = \"shop\"
name = \"Shop\"
[[client]]
id = \"desk\"
name = \"Desk\"
[[sms.route]]
clients = [\"desk\"]
countries = [\"GB\"]
providers = [\"vonage\"]
[[sms.route]]
clients = [\"@sites\"]
providers = [\"vonage\"]
";

#[test]
fn texts_go_by_the_client_that_asks() {
    let (gate, vonage) = gate("[\"twilio\", \"vonage\"]", ROUTES);
    for (client, phone, by_vonage) in
        [("shop", BOB, 0), ("desk", "+447400123457", 1), ("desk", ADA, 1)]
    {
        api_start(&gate, client, phone).is(200);
        assert_eq!(vonage.messages().len(), by_vonage, "{client} {phone}");
    }
    assert_eq!(gate.texts.messages().len(), 2);

    let mut browser = gate.browser();
    let number = browser.visit("/").is(200);
    let page = browser.give_number(&number, "+12025550124").is(200);
    let code = code_in(&vonage.text(2).body);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
}

const IN_ORDER: &str = "[\"twilio\", \"vonage\"]";
const DOWN: Outcome = Outcome::Garbage(503, "");
const SENT: &str = "We sent a 6-digit code";
const NOT_SENT: &str = "We can’t send texts right now";

/// Gives the number and waits for the outcome of the text: the page for the code.
#[track_caller]
fn begin(gate: &Gate, browser: &mut Browser, phone: &str) -> Answer {
    let number = browser.visit("/").is(200);
    let asked = gate.texts.requests();
    let form = [("flow", &*flow_of(&number)), ("phone", phone)];
    let answer = browser.post("/.doorcode/login", &form).is(303);
    // The page waits two seconds for the outcome, which are not the queue's to use up.
    wait_for("a request at Twilio", || (gate.texts.requests() > asked).then_some(()));
    browser.follow(answer)
}

#[track_caller]
fn signs_in(gate: &Gate, browser: &mut Browser, page: &Answer, code: &str) {
    let answer = browser.give_code(page, code).is(303);
    browser.finish(answer).is(200).says("the app: ");
    assert_eq!(gate.count(sessions::ALL), 1);
}

#[test]
fn where_the_first_provider_is_down_the_second_texts_once() {
    let (gate, vonage) = gate(IN_ORDER, "");
    let mut browser = gate.browser();
    gate.texts.script(DOWN);
    let page = begin(&gate, &mut browser, ADA).is(200).says(SENT);
    assert_eq!((gate.texts.messages().len(), vonage.messages().len()), (0, 1));
    signs_in(&gate, &mut browser, &page, &code_in(&vonage.text(1).body));
}

#[test]
fn where_both_are_down_the_page_says_so_and_a_later_text_works() {
    let (gate, vonage) = gate(IN_ORDER, "");
    let mut browser = gate.browser();
    gate.texts.script(DOWN);
    vonage.script(DOWN);
    let page = begin(&gate, &mut browser, ADA).is(503).says(NOT_SENT).never_says(SENT);
    page.clone().never_says("name=\"code\"");
    assert_eq!((gate.texts.messages().len(), vonage.messages().len()), (0, 0));
    gate.pass(Duration::from_mins(1));
    let page = browser.resend(&page).is(200).says("name=\"code\"");
    signs_in(&gate, &mut browser, &page, &code_in(&gate.texts.text(1).body));
    assert_eq!(vonage.messages(), []);
}

#[test]
fn a_provider_that_is_slow_is_waited_for_and_its_code_works_meanwhile() {
    let (gate, vonage) = gate(IN_ORDER, "");
    let mut browser = gate.browser();
    gate.texts.script(Outcome::AcceptAfter(Duration::from_secs(5)));
    let page = begin(&gate, &mut browser, ADA).is(200).never_says(SENT).says("name=\"code\"");
    signs_in(&gate, &mut browser, &page, &code_in(&gate.texts.text(1).body));
    assert_eq!(vonage.requests(), 0);
}

#[test]
fn a_text_whose_answer_is_lost_is_not_sent_by_anybody_else() {
    // Longer than any time-out, and a connection that ends.
    for outcome in [Outcome::AcceptAfter(Duration::from_mins(1)), Outcome::AcceptAndHangUp] {
        let (gate, vonage) = gate(IN_ORDER, "");
        let mut browser = gate.browser();
        gate.texts.script(outcome);
        let page = begin(&gate, &mut browser, ADA).is(200).never_says(SENT);
        let failed = "doorcode_texts_total{outcome=\"failed\",provider=\"twilio\"}";
        wait_until(gate.admin, failed, 1);
        assert_eq!((gate.texts.messages().len(), vonage.requests()), (1, 0));
        signs_in(&gate, &mut browser, &page, &code_in(&gate.texts.text(1).body));
    }
}

#[test]
fn a_provider_that_flaps_in_the_middle_of_a_login_changes_neither_code_nor_tries() {
    let (gate, vonage) = gate(IN_ORDER, "");
    let mut browser = gate.browser();
    let texts = || (gate.texts.messages().len(), vonage.messages().len());
    gate.texts.script(DOWN);
    let page = begin(&gate, &mut browser, ADA).is(200).says(SENT);
    let code = code_in(&vonage.text(1).body);
    assert_eq!(texts(), (0, 1));

    let answer = browser.give_code(&page, &unlike(&code, 0)).is(303);
    let page = browser.follow(answer).is(200).says(&tries_left("2"));
    gate.pass(Duration::from_mins(1));
    let page = browser.resend(&page).is(200);
    // The page may come before the text, on a busy machine.
    assert_eq!((code_in(&gate.texts.text(1).body), texts()), (code.clone(), (1, 1)));

    let answer = browser.give_code(&page, &unlike(&code, 1)).is(303);
    let page = browser.follow(answer).is(200).says(&tries_left("1"));
    // The wait is a minute, give or take a tenth.
    gate.pass(Duration::from_secs(67));
    gate.texts.script(Outcome::SlowDown(60));
    let page = browser.resend(&page).is(200);
    assert_eq!((code_in(&vonage.text(2).body), texts()), (code.clone(), (1, 2)));
    signs_in(&gate, &mut browser, &page, &code);
}

#[test]
fn where_the_second_goes_down_too_the_first_is_asked_though_its_breaker_is_open() {
    let (gate, vonage) = gate(IN_ORDER, "");
    for n in 0..5 {
        gate.pass(Duration::from_secs(31));
        gate.texts.script(DOWN);
        let mut browser = gate.browser();
        let number = browser.visit("/").is(200);
        browser.give_number(&number, &format!("+1202555013{n}")).is(200).says(SENT);
    }
    let opened = "doorcode_provider_breakers_total{change=\"opened\",provider=\"twilio\"}";
    wait_until(gate.admin, opened, 1);

    let mut browser = gate.browser();
    vonage.script(DOWN);
    let page = begin(&gate, &mut browser, ADA).is(200).says(SENT);
    assert_eq!((gate.texts.messages().len(), vonage.messages().len()), (1, 5));
    signs_in(&gate, &mut browser, &page, &code_in(&gate.texts.text(1).body));
}

#[test]
fn a_breaker_that_opens_and_closes_is_counted() {
    let (gate, vonage) = gate(IN_ORDER, "");
    let change = |change: &str| {
        format!("doorcode_provider_breakers_total{{change=\"{change}\",provider=\"twilio\"}}")
    };
    assert_eq!(metric(gate.admin, &change("opened")), 0);
    let start = |n: usize| {
        gate.pass(Duration::from_secs(31));
        let mut browser = gate.browser();
        let number = browser.visit("/").is(200);
        browser.give_number(&number, &format!("+1202555013{n}")).is(200).says(SENT);
    };
    for n in 0..5 {
        gate.texts.script(DOWN);
        start(n);
    }
    wait_until(gate.admin, &change("opened"), 1);
    assert_eq!((vonage.messages().len(), metric(gate.admin, &change("closed"))), (5, 0));
    // Half a minute later one text tries it.
    start(5);
    wait_until(gate.admin, &change("closed"), 1);
    assert_eq!((gate.texts.messages().len(), vonage.messages().len()), (1, 5));
    assert_eq!(metric(gate.admin, &change("opened")), 1);
}
